import { serveOtlp } from '../../tests/support/otlp-service.ts';

// A collector of traces that throws them away: its parent hears of its port, and of the bytes so far when it asks.

let bytes = 0;
const { port } = await serveOtlp((sent) => {
  bytes += sent.length;
});
process.on('message', () => process.send?.(bytes));
// The parent is gone: so is the reason to live.
process.on('disconnect', () => process.exit());
process.send?.(port);
