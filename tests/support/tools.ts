import { obtain, type Source } from '../../stack/parts/source.ts';
import { readSettings } from '../../stack/settings.ts';

/** A program that some tests need beyond what the README asks for. */
export interface Tool {
  readonly name: string;
  readonly sources: Source[];
}

/**
 * Where the tool lies; fetched on first need. Where it cannot be had its tests are skipped, said aloud and counted
 * by jest as skipped; with CI=true that is a failure, so that nothing is skipped where nobody looks.
 */
export async function needsTool({ name, sources }: Tool): Promise<string | undefined> {
  try {
    return await obtain(name, sources, readSettings(process.env));
  } catch (cause) {
    if (process.env.CI === 'true') throw cause;
    process.stderr.write(
      `Tests that need ${name} are skipped. ${cause instanceof Error ? cause.message : cause}\n`,
    );
    return undefined;
  }
}

export function describeWith(title: string, tool: string | undefined, body: (path: string) => void): void {
  if (tool === undefined) describe.skip(title, () => test('the tool is missing', () => undefined));
  else describe(title, () => body(tool));
}
