import { fairShare } from './fair-share.ts';

/** Relays that look one after the other, round by round, until nothing changes. */
function settle(held: readonly (readonly number[])[]): number[][] {
  const holdings = held.map((partitions) => [...partitions]);
  for (let round = 0; round < 3; round += 1) {
    for (const rank of holdings.keys()) {
      const taken = holdings.flat();
      const { own, free } = fairShare({ rank, relays: holdings.length, held: holdings[rank] ?? [], taken });
      holdings[rank] = [...own, ...free];
    }
  }
  return holdings;
}

test.each([
  [1, [6]],
  [2, [3, 3]],
  [3, [2, 2, 2]],
  [4, [2, 2, 1, 1]],
  [5, [2, 1, 1, 1, 1]],
  [6, [1, 1, 1, 1, 1, 1]],
  [8, [1, 1, 1, 1, 1, 1, 0, 0]],
])('among %i relays of which one had all, shares come to %j', (relays, shares) => {
  const [all, none] = [[0, 1, 2, 3, 4, 5], [] as number[]];
  const first = Array.from({ length: relays }, (_, rank) => (rank === relays - 1 ? all : none));
  const settled = settle(first);
  expect(settled.map(({ length }) => length)).toEqual(shares);
  expect(settled.flat().toSorted()).toEqual(all);
});

test('who has its share keeps what it has', () => {
  const standing = { rank: 1, relays: 3, held: [1, 5], taken: [1, 5, 2] };
  expect(fairShare(standing)).toEqual({ own: [1, 5], surplus: [], free: [] });
});
