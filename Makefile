# Every target installs what the repository itself needs first; `make help` lists them.
SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN   := node_modules/.bin
NODE  := $(BIN)/node
STACK := $(NODE) stack/cli.ts
ESM   := NODE_OPTIONS=--experimental-vm-modules NODE_NO_WARNINGS=1
JEST  := $(ESM) $(NODE) node_modules/jest/bin/jest.js
# Otherwise it asks for a newer version of itself, and tells that it ran.
REDOCLY := REDOCLY_SUPPRESS_UPDATE_NOTICE=true REDOCLY_TELEMETRY=off $(NODE) $(BIN)/redocly
STAMP := node_modules/.package-lock.json
# Those that are none are refused there: a slip of the pen must not be a real replay.
DLQ_WORDS := dryrun dry id ids file dry_run max class topic group event_id key from to limit cursor

# Not `npm ci`: it gives up where a registry lacks a package for some other platform, although nothing of it is installed.
# `npm install --no-save` takes the same versions and checksums from the lock file and changes nothing in it.
$(STAMP): package-lock.json
	@command -v npm >/dev/null || { echo 'npm is missing. Debian: sudo apt-get install -y nodejs npm   macOS: brew install node'; exit 1; }
	@node -e 'process.exit(process.versions.node.split(".")[0] >= 20 ? 0 : 1)' || { echo 'Node 20 or newer is needed to install; this is '"$$(node -v)"; exit 1; }
	@echo 'installing the npm packages …'
	@npm install --no-save --include=dev --loglevel=error
	@touch $@

##@ The local stack
up: $(STAMP) ## start Postgres, Kafka, Temporal and every role, wait until all are ready; SCHEMAS=1 with a schema registry, OBSERVABILITY=1 with Prometheus
	@$(STACK) up
down: $(STAMP) ## stop what `up` started; the data stays
	@$(STACK) down
clean: $(STAMP) ## stop, and remove the data too
	@$(STACK) clean
ps: $(STAMP) ## what runs, on which ports
	@$(STACK) ps
logs: $(STAMP) ## follow the logs, readable on a terminal and JSON through a pipe; name=worker for one process
	@$(STACK) logs $(name)
where: $(STAMP) ## where an order or a transaction is, and why: make where id=…
	@$(STACK) where $(id)
scale: $(STAMP) ## more processes of a role, for example: make scale api=3 worker=3
	@$(STACK) scale $(foreach role,api relay worker,$(if $($(role)),$(role)=$($(role))))
lab: $(STAMP) ## what becomes of orders when things go wrong, as a table; OUTAGE=30s for a short outage
	@$(STACK) exec --up tests/lab/run.ts $(name)
demo: $(STAMP) ## send orders and watch them complete
	@$(STACK) demo
seed: $(STAMP) ## four accounts with balances
	@$(STACK) seed
e2e: $(STAMP) ## orders and transactions through the running stack, each checked
	@$(STACK) e2e
doctor: $(STAMP) ## what is used from where, what is missing, and the one command that gets it
	@$(STACK) doctor

##@ Migrations
migrate-up: $(STAMP) ## bring the database to the newest version
	@$(STACK) exec src/main.ts migrate up
migrate-down: $(STAMP) ## take the newest migration back
	@$(STACK) exec src/main.ts migrate down 1
migrate-version: $(STAMP) ## the version the database is at
	@$(STACK) exec src/main.ts migrate version
migrate-create: $(STAMP) ## write an empty pair of files: make migrate-create name=add_column
	@$(STACK) exec src/main.ts migrate create $(or $(name),$(error say how it is called: make migrate-create name=add_column))

##@ What `up` does by itself
topics: $(STAMP) ## make the topics that are missing
	@$(STACK) exec src/main.ts topics
promote: $(STAMP) ## let the workers of these sources take over the runs
	@$(STACK) exec src/main.ts promote

##@ Load (k6; prints the backlog it leaves)
load: $(STAMP) ## 100 requests, 10 users
	@$(STACK) exec --up loadtest/run.ts load
load-heavy: $(STAMP) ## 1,000 requests, 50 users
	@$(STACK) exec --up loadtest/run.ts load-heavy
load-stress: $(STAMP) ## 1,000 requests, 100 users
	@$(STACK) exec --up loadtest/run.ts load-stress
load-spike: $(STAMP) ## ten times the capacity for 10 s
	@$(STACK) exec --up loadtest/run.ts load-spike

##@ Faults of the payment service, until fault-clear or its restart
fault-delay: $(STAMP) ## every answer comes 300 ms later
	@$(STACK) faults delay
fault-errors: $(STAMP) ## 30 % of the requests fail with 500
	@$(STACK) faults errors
fault-combined: $(STAMP) ## both
	@$(STACK) faults combined
fault-clear: $(STAMP) ## none
	@$(STACK) faults clear

##@ Dead letters
dlq: $(STAMP) ## list them; do=show id=…, do=stats, do=replay ids=…,…, do=replay-range from=… to=…; dry_run=true only says what would be
	@$(STACK) dlq $(or $(do),list) $(foreach name,$(DLQ_WORDS),$(if $($(name)),'$(name)=$($(name))'))

##@ Checks and tests
check: $(STAMP) ## types, lint, format, unused code, the API's document, the events' schemas
	@$(NODE) $(BIN)/tsc && $(NODE) $(BIN)/biome check --error-on-warnings && $(NODE) $(BIN)/knip && $(REDOCLY) lint openapi.json && $(NODE) tests/schemas/check.ts && echo 'nothing to complain about'
openapi: $(STAMP) ## write openapi.json anew; what breaks clients needs BREAKING_OK=true
	@$(NODE) tests/openapi/write.ts
schema-check: $(STAMP) ## refuses a schema that would break a reader; with SCHEMA_REGISTRY_URL the registry is asked too
	@$(NODE) tests/schemas/check.ts
schema-freeze: $(STAMP) ## take new files of schemas/ into frozen.json; from then on they stay as they are
	@$(NODE) tests/schemas/check.ts freeze
test: $(STAMP) ## every test against real parts of its own; a running `up` is untouched
	@$(ESM) $(NODE) tests/run.ts
test-long: $(STAMP) ## the same with the stated lengths of faults and loads
	@TBD_LONG=true $(ESM) $(NODE) tests/run.ts
replay-test: $(STAMP) ## recorded histories against today's workflows
	@$(JEST) tests/replay

fuzz: $(STAMP) ## schemathesis at length: make fuzz examples=500 seed=7
	@FUZZ_EXAMPLES=$(or $(examples),500) FUZZ_SEED=$(or $(seed),1) $(JEST) tests/fuzz

##@ How fast
bench-quick: $(STAMP) ## the ratios a change could break, ≤ 3 minutes
	@$(NODE) bench/run.ts quick $(part)
bench: $(STAMP) ## the main ratios, ≤ 20 minutes; part=growth for one of them
	@$(NODE) bench/run.ts bench $(part)
bench-full: $(STAMP) ## all of them by the book, ≤ 150 minutes; goes on where it was interrupted
	@$(NODE) bench/run.ts full $(part)

##@ With Docker
docker-up: ## the compose file's topology
	@docker compose up --build --detach --wait
docker-down: ## stop it
	@docker compose down

##@ Other names
producer: demo ## the same as demo
run-infra: $(STAMP) ## only Postgres, Kafka and Temporal
	@$(STACK) up --parts
build: $(STAMP) ## nothing to build: Node runs the sources; installs the packages
	@echo 'Nothing to build: Node runs the TypeScript sources. `make docker-up` builds the image.'
consumer: ## the worker
	@echo 'The bridge and the worker consume the orders; `make up` starts them, `make logs name=worker` follows them.'
replay: ## the same as dlq do=replay: make replay ids=…
	@$(MAKE) dlq do=replay
up-metrics: $(STAMP) ## the same as up OBSERVABILITY=1
	@OBSERVABILITY=1 $(STACK) up
jaeger: ## traces
	@echo 'Jaeger comes with `make docker-up`, on http://localhost:16686; set OTEL_EXPORTER_OTLP_ENDPOINT and `make up` sends its traces there, or to any other OTLP address.'

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^##@ / {printf "\n%s\n", substr($$0, 5)} /^[a-z0-9-]+( [a-z0-9-]+)*:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: fuzz topics promote up down clean ps logs scale demo seed e2e doctor migrate-up migrate-down migrate-version migrate-create \
	load load-heavy load-stress load-spike fault-delay fault-errors fault-combined fault-clear dlq bench bench-quick bench-full \
	check openapi schema-check schema-freeze test test-long replay-test docker-up docker-down \
	producer run-infra build consumer replay up-metrics jaeger help
