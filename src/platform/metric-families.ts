// Prometheus' text format: https://prometheus.io/docs/instrumenting/exposition_formats. A family is what one name has: a
// line of help, a line of its type, and samples.

interface Family {
  /** Of help and type. */
  readonly head: readonly string[];
  readonly samples: string[];
}

/** One text of several, in their order: a family that more than one of them has must stand there once, with all its samples. */
export function mergeFamilies(texts: readonly string[]): string {
  const merged = new Map<string, Family>();
  for (const text of texts) {
    for (const [name, { head, samples }] of readFamilies(text)) {
      const known = merged.get(name);
      if (known === undefined) merged.set(name, { head, samples: [...samples] });
      else known.samples.push(...samples);
    }
  }
  return Array.from(merged.values(), ({ head, samples }) => [...head, ...samples, ''].join('\n')).join('');
}

const comment = /^# (?:HELP|TYPE) (\S+)/;

function readFamilies(text: string): ReadonlyMap<string, Family> {
  const families = new Map<string, { head: string[]; samples: string[] }>();
  let current: { head: string[]; samples: string[] } = { head: [], samples: [] };
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const name = comment.exec(line)?.[1];
    if (name === undefined) {
      current.samples.push(line);
    } else {
      current = families.get(name) ?? { head: [], samples: [] };
      families.set(name, current);
      current.head.push(line);
    }
  }
  return families;
}

const counterType = /^# TYPE (\S+) counter$/gm;

/** The same text, with `_total` at the end of every counter's name. */
export function withTotals(text: string): string {
  const names = new Set(Array.from(text.matchAll(counterType), ([, name = '']) => name));
  const short = new Set([...names].filter((name) => !name.endsWith('_total')));
  return text.replaceAll(/^(# (?:HELP|TYPE) )?([a-zA-Z_:][\w:]*)/gm, (whole, start = '', name: string) =>
    short.has(name) ? `${start}${name}_total` : whole,
  );
}
