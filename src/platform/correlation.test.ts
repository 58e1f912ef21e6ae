import { propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import { withRequest } from './correlation.ts';

test('baggage that a stranger’s request brings goes no further', () => {
  const baggage = propagation.createBaggage({ correlation_id: { value: 'ada@example.com' } });
  const answered = withRequest(propagation.setBaggage(ROOT_CONTEXT, baggage), 'r-1');
  expect(propagation.getBaggage(answered)).toBeUndefined();
});
