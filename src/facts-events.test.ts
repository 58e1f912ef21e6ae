import { consumingBegins, recordHandled, recordPutOff, recordSetAside } from './facts-events.ts';
import { renderMetrics } from './platform/metrics.ts';

test('a topic that only a stranger names is no label', async () => {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  consumingBegins({ group: 'tbd-workers', topics: ['order.created'] });
  for (const topic of ['order.created', 'of.a.stranger']) {
    const record = {
      topic,
      partition: 0,
      offset: '1',
      eventId: undefined,
      subject: undefined,
      id: undefined,
    };
    recordHandled(topic);
    recordPutOff(log, { ...record, attempts: 1, reason: '' });
    recordSetAside(log, { ...record, class: 'exhausted', reason: '' });
  }
  const served = await renderMetrics();
  expect(served).not.toContain('of.a.stranger');
  for (const topic of ['order.created', 'other']) {
    expect(served).toContain(`dlq_messages_total{topic="${topic}",class="exhausted"} 1`);
    for (const outcome of ['done', 'retry', 'dead_letter'])
      expect(served).toContain(`events_consumed_total{topic="${topic}",outcome="${outcome}"} 1`);
  }
});
