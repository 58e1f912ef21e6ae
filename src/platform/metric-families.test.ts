import { mergeFamilies, withTotals } from './metric-families.ts';

const core = `# HELP temporal_request Count of client request successes by rpc name
# TYPE temporal_request counter
temporal_request{operation="StartWorkflowExecution"} 3
# HELP temporal_request_failure temporal_request_failure, whatever the reason
# TYPE temporal_request_failure counter
temporal_request_failure{operation="temporal_request",status_code="NOT_FOUND"} 1
# HELP temporal_local_activity_total Count of local activities
# TYPE temporal_local_activity_total counter
temporal_local_activity_total 2
# HELP temporal_request_latency_seconds Latencies
# TYPE temporal_request_latency_seconds histogram
temporal_request_latency_seconds_bucket{le="+Inf"} 3
temporal_request_latency_seconds_sum 0.1
temporal_request_latency_seconds_count 3
`;

describe('with totals', () => {
  test('every counter ends in _total, its help and its type too, and nothing else is renamed', () => {
    expect(withTotals(core)).toBe(`# HELP temporal_request_total Count of client request successes by rpc name
# TYPE temporal_request_total counter
temporal_request_total{operation="StartWorkflowExecution"} 3
# HELP temporal_request_failure_total temporal_request_failure, whatever the reason
# TYPE temporal_request_failure_total counter
temporal_request_failure_total{operation="temporal_request",status_code="NOT_FOUND"} 1
# HELP temporal_local_activity_total Count of local activities
# TYPE temporal_local_activity_total counter
temporal_local_activity_total 2
# HELP temporal_request_latency_seconds Latencies
# TYPE temporal_request_latency_seconds histogram
temporal_request_latency_seconds_bucket{le="+Inf"} 3
temporal_request_latency_seconds_sum 0.1
temporal_request_latency_seconds_count 3
`);
  });
});

describe('merged', () => {
  test('texts follow one another', () => {
    const own = '# HELP a_total A\n# TYPE a_total counter\na_total 1\n';
    expect(mergeFamilies([own, core])).toBe(own + core);
  });

  test('a family of both stands there once, with the samples of both', () => {
    const [one, other] = ['b="1"', 'b="2"'].map(
      (label) => `# HELP a_total A\n# TYPE a_total counter\na_total{${label}} 1\n`,
    );
    expect(mergeFamilies([one ?? '', core, other ?? ''])).toBe(
      `# HELP a_total A\n# TYPE a_total counter\na_total{b="1"} 1\na_total{b="2"} 1\n${core}`,
    );
  });

  test('what is not there adds nothing', () => {
    expect(mergeFamilies(['', core, ''])).toBe(core);
  });
});
