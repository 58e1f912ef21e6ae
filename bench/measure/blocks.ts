import type { Measured } from './program.ts';

export type Blocks<Name extends string> = Readonly<Record<Name, readonly Measured[]>>;

/**
 * Runs the subjects as A B C, C B A, A B C …: what drifts over the minutes meets all of them alike.
 * Each pass gives every subject one block; the subject named last follows on itself after every first pass of two.
 */
export async function alternate<Name extends string>(
  passes: number,
  subjects: Readonly<Record<Name, () => Promise<Measured>>>,
  onBlock: (name: NoInfer<Name>, measured: Measured) => void,
): Promise<Blocks<Name>> {
  const names = Object.keys(subjects) as Name[]; // Object.keys forgets the literal keys
  const blocks = Object.fromEntries(names.map((name) => [name, [] as Measured[]])) as Record<
    Name,
    Measured[]
  >;
  for (let pass = 0; pass < passes; pass += 1) {
    for (const name of pass % 2 === 0 ? names : names.toReversed()) {
      const measured = await subjects[name]();
      blocks[name].push(measured);
      onBlock(name, measured);
    }
  }
  return blocks;
}

/** `of` each block of `above` ÷ the same of the block of `below` in the same pass. */
export function pairRatios(
  above: readonly Measured[],
  below: readonly Measured[],
  of: (measured: Measured) => number,
): number[] {
  return above.map((measured, pass) => of(measured) / of(nth(below, pass)));
}

/** The baseline against itself: its blocks that stand side by side (first and second pass, third and fourth, …). */
export function controlRatios(baseline: readonly Measured[]): number[] {
  const pairs = Math.floor(baseline.length / 2);
  return Array.from(
    { length: pairs },
    (_, pair) => nth(baseline, pair * 2).perSecond / nth(baseline, pair * 2 + 1).perSecond,
  );
}

function nth(blocks: readonly Measured[], index: number): Measured {
  const block = blocks[index];
  if (block === undefined) throw new Error('Every pass gives each subject one block; one is missing.');
  return block;
}
