import { createBell } from './bell.ts';

const longMs = 60_000;

test('a ring wakes who waits', async () => {
  const bell = createBell();
  const heard = bell.heard(longMs);
  bell.ring();
  await heard;
});

test('a ring that nobody waited for is heard by the next one, once', async () => {
  const bell = createBell();
  bell.ring();
  bell.ring();
  await bell.heard(longMs);
  const started = performance.now();
  await bell.heard(50);
  expect(performance.now() - started).toBeGreaterThanOrEqual(45);
});

test('without a ring the wait ends by itself', async () => {
  await createBell().heard(1);
});
