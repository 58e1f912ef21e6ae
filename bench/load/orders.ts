import { consumeEnds } from './ends.ts';
import { postOrderTo } from './post-order.ts';
import { serveLoad } from './serve.ts';

// A client of the whole system: it posts an order and waits for the order's own order.processed to come off the topic.

const { API_URL = '', KAFKA_BROKERS = '' } = process.env;

const untilProcessed = await consumeEnds(KAFKA_BROKERS, 'order.processed');
const postOrder = postOrderTo(API_URL);
serveLoad({
  order: async () => {
    // The contract's shape; the acceptance tests check it.
    const { id } = (await (await postOrder()).json()) as { id: string };
    await untilProcessed(id);
  },
});
