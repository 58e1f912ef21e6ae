import { setTimeout } from 'node:timers/promises';
import { runBlock } from './block.ts';

test('a closed loop keeps so many in flight, waits for the last, and counts those that ended in the measured time', async () => {
  let inFlight = 0;
  let most = 0;
  let done = 0;
  const marks: string[] = [];
  const unit = async () => {
    inFlight += 1;
    most = Math.max(most, inFlight);
    await setTimeout(20);
    inFlight -= 1;
    done += 1;
  };
  const outcome = await runBlock({ inFlight: 4, warmUpMs: 100, measureMs: 200 }, unit, (mark) =>
    marks.push(mark),
  );
  expect(most).toBe(4);
  expect(inFlight).toBe(0);
  expect(outcome.started).toBe(done);
  expect(outcome.measured).toBeLessThan(done);
  expect(outcome.perSecond).toBeCloseTo(outcome.measured * 5);
  expect(outcome.p50Ms).toBeGreaterThanOrEqual(19);
  expect(marks).toEqual(['begin', 'end']);
});

test('an open loop does not wait for slow ones, and counts from when they were due', async () => {
  const outcome = await runBlock(
    { perSecond: 100, warmUpMs: 0, measureMs: 300 },
    () => setTimeout(400),
    () => {},
  );
  expect(outcome.started).toBe(30);
  expect(outcome.p99Ms).toBeGreaterThanOrEqual(399);
  expect([outcome.perSecond, outcome.endsPerSecond]).toEqual([100, 0]);
});

test('one that fails ends the block', async () => {
  const failing = runBlock(
    { inFlight: 1, warmUpMs: 0, measureMs: 10 },
    () => Promise.reject(new Error('lost')),
    () => {},
  );
  await expect(failing).rejects.toThrow('lost');
});
