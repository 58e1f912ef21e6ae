import { posix } from 'node:path';

/** Sources by their path from the repository's root. */
export type Sources = ReadonlyMap<string, string>;

export interface Rules {
  /** What each folder or file of src may import of the others, by the start of their paths; `type ` before it = types only. */
  readonly mayImport: Readonly<Record<string, readonly string[]>>;
  /** What alone may import a package, by the start of its path. */
  readonly packages: Readonly<Record<string, readonly string[]>>;
  /** Where alone a pattern may stand. */
  readonly words: readonly {
    readonly what: string;
    readonly pattern: RegExp;
    readonly only: readonly string[];
  }[];
  readonly longest: number;
}

interface Import {
  readonly from: string;
  readonly specifier: string;
  /** `import type`; the braces of `import { type A }` leave an import at run time. */
  readonly isType: boolean;
}

const statement =
  /^\s*(?:import|export)\s+(type\s+)?(?:[\w*${},\s]+?\s+from\s+)?'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm;

/** Each break of the rules in one line. */
export function breaches(sources: Sources, rules: Rules): string[] {
  return [...sources].flatMap(([path, source]) => {
    const imports = importsOf(path, source);
    return [
      ...imports.flatMap((one) =>
        one.specifier.startsWith('.') ? layerBreach(one, rules) : packageBreach(one, rules),
      ),
      ...rules.words
        .filter(({ pattern, only }) => pattern.test(source) && !startsWithOneOf(path, only))
        .map(({ what }) => `${path}: ${what} stands here`),
      ...(source.split('\n').length - 1 > rules.longest
        ? [`${path}: is longer than ${rules.longest} lines`]
        : []),
    ];
  });
}

/** Circles of imports that exist at run time, each as the files on it. */
export function cycles(sources: Sources): string[] {
  const found = new Set<string>();
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): void => {
    const at = way.indexOf(path);
    if (at >= 0) found.add([...way.slice(at), path].join(' → '));
    if (at >= 0 || done.has(path)) return;
    for (const { specifier, isType } of importsOf(path, sources.get(path) ?? ''))
      if (!isType && specifier.startsWith('.')) visit(target(path, specifier), [...way, path]);
    done.add(path);
  };
  for (const path of sources.keys()) visit(path, []);
  return [...found];
}

/** Everything these files import, and what that imports, and so on. */
export function reach(sources: Sources, starts: readonly string[]): string[] {
  const reached = new Set<string>();
  const visit = (path: string): void => {
    if (reached.has(path)) return;
    reached.add(path);
    for (const { specifier } of importsOf(path, sources.get(path) ?? ''))
      if (specifier.startsWith('.')) visit(target(path, specifier));
  };
  for (const path of starts) visit(path);
  return [...reached];
}

function importsOf(path: string, source: string): Import[] {
  return Array.from(source.matchAll(statement), ([, type, declared, dynamic]) => ({
    from: path,
    specifier: declared ?? dynamic ?? '',
    isType: type !== undefined,
  }));
}

function layerBreach({ from, specifier, isType }: Import, { mayImport }: Rules): string[] {
  const to = target(from, specifier);
  const own = layer(from);
  if (layer(to) === own) return [];
  const allowed = mayImport[own];
  if (allowed === undefined) return [`${from}: ${own} has no place in the table of import rules`];
  const isAllowed = allowed.some((one) =>
    one.startsWith('type ') ? isType && to.startsWith(one.slice('type '.length)) : to.startsWith(one),
  );
  return isAllowed ? [] : [`${from}: must not import ${to}${isType ? ' (type)' : ''}`];
}

function packageBreach({ from, specifier }: Import, { packages }: Rules): string[] {
  const only = packages[specifier] ?? packages[specifier.split('/')[0] ?? ''];
  return only === undefined || startsWithOneOf(from, only) ? [] : [`${from}: must not import ${specifier}`];
}

/** `src/store/` for what lies in a folder of src, the file itself for what lies at its top. */
function layer(path: string): string {
  const [, folder, ...rest] = path.split('/');
  return rest.length === 0 ? path : `src/${folder}/`;
}

function target(from: string, specifier: string): string {
  return posix.join(posix.dirname(from), specifier);
}

function startsWithOneOf(path: string, starts: readonly string[]): boolean {
  return starts.some((start) => path.startsWith(start));
}
