/** `work(0 … count - 1)`, at most `limit` at a time; results in the order of their number. */
export async function inParallel<T>(
  { count, limit }: { count: number; limit: number },
  work: (index: number) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const index = next;
      next += 1;
      results[index] = await work(index);
    }
  };
  await Promise.all(Array.from({ length: limit }, lane));
  return results;
}
