import type { Context } from 'koa';
import type { WrongReply } from './faults.ts';

const foreign = new Set(['id', 'key', 'order_id']);
const page = '<!doctype html><title>Welcome</title><p>It works!</p>';
const fillerBytes = 1_000_000;

/** Puts a wrong answer in the place of the right one, a charge or refund, or a list of them. */
export function replyWrongly(ctx: Context, reply: WrongReply): void {
  const right = ctx.body as object; // every answer of these routes is one
  switch (reply) {
    case 'html':
      answer(ctx, 'html', page);
      break;
    case 'declined_200':
      ctx.status = 200;
      ctx.body = { ...right, status: 'declined', reason: 'card_declined' };
      break;
    case 'huge':
      ctx.body = { ...right, filler: 'x'.repeat(fillerBytes) };
      break;
    case 'other_id': {
      const other = aboutAnother(right);
      // An empty list is about nobody, and would stay right.
      if (other === JSON.stringify(right)) answer(ctx, 'html', page);
      else answer(ctx, 'json', other);
      break;
    }
    default:
      reply satisfies never;
  }
}

function answer(ctx: Context, type: string, text: string): void {
  ctx.type = type;
  ctx.body = text;
}

function aboutAnother(right: object): string {
  return JSON.stringify(right, (name, value) => (foreign.has(name) ? `${value.slice(0, 3)}another` : value));
}
