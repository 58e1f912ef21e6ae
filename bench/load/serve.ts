import { type Block, type Outcome, runBlock, type Unit } from './block.ts';

/** What a load program offers, by name. */
type Units = Readonly<Record<string, Unit>>;

export interface Command {
  readonly unit: string;
  readonly block: Block;
}

export type Report =
  | { readonly at: 'ready' | 'begin' | 'end' }
  | { readonly at: 'drained'; readonly outcome: Outcome }
  | { readonly at: 'failed'; readonly error: string };

/** Turns this process into a load program: its parent sends blocks one after another, and hears of each. */
export function serveLoad(units: Units): void {
  process.on('message', (command: Command) => {
    const unit = units[command.unit];
    if (unit === undefined) return report({ at: 'failed', error: `there is no ${command.unit} here` });
    runBlock(command.block, unit, (at) => report({ at })).then(
      (outcome) => report({ at: 'drained', outcome }),
      (error: unknown) =>
        report({ at: 'failed', error: String(error instanceof Error ? error.stack : error) }),
    );
  });
  // The parent is gone: so is the reason to live.
  process.on('disconnect', () => process.exit());
  report({ at: 'ready' });
}

function report(message: Report): void {
  process.send?.(message);
}
