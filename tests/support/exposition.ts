/** A family of Prometheus' text format: what one name has. */
export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

interface Sample {
  /** A histogram's end in `_bucket`, `_sum` and `_count`. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export type Families = ReadonlyMap<string, Family>;

/** Throws where the text is not as the format has it: help, type and samples of a family together, each family once. */
export function readExposition(text: string): Families {
  const families = new Map<string, Family & { samples: Sample[] }>();
  let help: { readonly name: string; readonly text: string } | undefined;
  let current: (Family & { samples: Sample[] }) | undefined;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    if (kind === 'HELP') {
      help = { name, text: rest };
    } else if (kind === 'TYPE') {
      if (families.has(name)) throw new Error(`the family ${name} stands there twice`);
      current = { name, type: rest, help: help?.name === name ? help.text : '', samples: [] };
      families.set(name, current);
    } else {
      const sample = readSample(line);
      if (current === undefined || !belongs(sample, current))
        throw new Error(`a sample without a family: ${line}`);
      current.samples.push(sample);
    }
  }
  return families;
}

function belongs({ name }: Sample, family: Family): boolean {
  const ending = name.startsWith(family.name) ? name.slice(family.name.length) : undefined;
  return family.type === 'histogram' || family.type === 'summary'
    ? ['_bucket', '_sum', '_count', ''].includes(ending ?? 'other')
    : ending === '';
}

function readSample(line: string): Sample {
  const [, name, labels = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (name === undefined) throw new Error(`not a sample: ${line}`);
  const pairs = labels.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)",?/g);
  return {
    name,
    labels: Object.fromEntries(Array.from(pairs, ([, label, text]) => [label, text])),
    value: value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value),
  };
}

/** The sum of those samples of `name` that have these labels; undefined when there is none. */
export function sumOf(
  families: Families,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const found = [...families.values()]
    .flatMap(({ samples }) => samples)
    .filter((one) => one.name === name)
    .filter((one) => Object.entries(labels).every(([label, value]) => one.labels[label] === value));
  return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
}
