import { openCopies } from '../../src/consumers/copies.ts';
import { setAside } from '../../src/consumers/dead-letters.ts';
import type { IHeaders } from '../../src/platform/kafka.ts';
import { eventually } from '../support/eventually.ts';
import { listenTo, makeTopics, testKafka } from '../support/kafka.ts';

test('a letter whose headers no client may send, such as a null, is set aside with what can be sent', async () => {
  const { dlq } = await makeTopics(['dlq']);
  await using copies = await openCopies(testKafka());
  await using letters = await listenTo([dlq]);
  // What kafkajs makes of other producers' records; its types know neither null nor the inherited function.
  const headers = {
    empty: null,
    constructor: [Object, Buffer.from('x')],
    mark: Buffer.from('m'),
  } as unknown as IHeaders;
  const message = { key: null, value: null, headers, offset: '7' };
  const why = { group: 'g', class: 'parse', reason: 'why', attempts: 1 } as const;
  await setAside(copies, dlq, { message, topic: 't', partition: 3, ...why });
  await eventually(async () => expect(letters.records).toHaveLength(1), 15_000);
  const found = letters.records[0]?.headers ?? {};
  expect(found).toMatchObject({
    empty: Buffer.from(''),
    mark: Buffer.from('m'),
    dlq_offset: Buffer.from('7'),
  });
  expect([found.constructor].flat()).toContainEqual(Buffer.from('x'));
});
