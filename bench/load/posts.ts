import { countPostsTo } from './post-order.ts';
import { serveLoad } from './serve.ts';

// The same POST to one of two servers.

const { CHAIN_URL = '', BARE_URL = '' } = process.env;
serveLoad({ chain: countPostsTo(CHAIN_URL, '/echo'), bare: countPostsTo(BARE_URL, '/echo') });
