import { inSpan, startTelemetry } from './telemetry.ts';

test('ends quietly with spans that no collector takes', async () => {
  // Port 9 is "discard"; nothing listens there.
  const telemetry = startTelemetry({ endpoint: '127.0.0.1:9', serviceName: 'test' });
  await inSpan({ name: 'work' }, async () => {});
  await expect(telemetry[Symbol.asyncDispose]()).resolves.toBeUndefined();
});
