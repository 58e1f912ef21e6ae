import { countPostsTo } from './post-order.ts';
import { serveLoad } from './serve.ts';

// Accepts alone: an api process whose database no relay reads.

const { API_URL = '' } = process.env;
serveLoad({ accept: countPostsTo(API_URL) });
