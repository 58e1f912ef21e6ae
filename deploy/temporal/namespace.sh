#!/bin/sh
# Creates the namespace unless it is there. Address and name: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE.
set -eu
# The port opens before the server serves; a failure here is repeated by the restart policy.
temporal operator cluster health
temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 72h
