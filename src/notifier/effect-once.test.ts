import { effectOnce, type Marks } from './effect-once.ts';

const record = { topic: 't', partition: 0, offset: '0' };
const event = { eventId: 'e' };

/** Marks in memory, which fail as often as they are told to. */
function marksInMemory() {
  const marked = new Set<string>();
  const fails = { claim: 0, mark: 0 };
  const released: string[] = [];
  const failing = (what: keyof typeof fails) => {
    if (fails[what] === 0) return;
    fails[what] -= 1;
    throw new Error(`no ${what}`);
  };
  const marks: Marks = {
    claim: async (eventId) => {
      failing('claim');
      return marked.has(eventId) ? 'done' : 'new';
    },
    mark: async (eventId) => {
      failing('mark');
      marked.add(eventId);
    },
    release: async (eventId) => void released.push(eventId),
    assigned: () => {},
    check: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
  return { marks, fails, released };
}

test('of ten tries at once the first has the effect, and the others wait for it and find it done', async () => {
  const { marks } = marksInMemory();
  let effects = 0;
  const once = effectOnce(marks, async () => {
    await new Promise(setImmediate);
    effects += 1;
  });
  const tries = await Promise.all(Array.from({ length: 10 }, () => once(event, record)));
  expect(tries).toEqual([true, ...Array(9).fill(false)]);
  expect(effects).toBe(1);
});

test('a mark that cannot be made is made by a later try, without the effect', async () => {
  const { marks, fails } = marksInMemory();
  let effects = 0;
  const once = effectOnce(marks, async () => {
    effects += 1;
  });
  fails.mark = 2;
  await expect(once(event, record)).rejects.toThrow('no mark');
  await expect(once(event, record)).rejects.toThrow('no mark');
  expect(await once(event, record)).toBe(true);
  expect(await once(event, record)).toBe(false);
  expect(effects).toBe(1);
});

test('an effect that fails gives its claim back and is tried again', async () => {
  const { marks, released } = marksInMemory();
  let effects = 0;
  const once = effectOnce(marks, async () => {
    effects += 1;
    if (effects === 1) throw new Error('no effect');
  });
  await expect(once(event, record)).rejects.toThrow('no effect');
  expect(released).toEqual(['e']);
  expect(await once(event, record)).toBe(true);
});

test('without an answer about the mark there is no effect', async () => {
  const { marks, fails } = marksInMemory();
  let effects = 0;
  const once = effectOnce(marks, async () => {
    effects += 1;
  });
  fails.claim = 1;
  await expect(once(event, record)).rejects.toThrow('no claim');
  expect(effects).toBe(0);
});
