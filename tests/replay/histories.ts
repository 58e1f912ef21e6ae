import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseHistory } from './parse-history.ts';

const checkout = resolve(import.meta.dirname, '..', '..');
const folder = join(checkout, 'temporal', 'histories');

export interface RecordedHistory {
  readonly way: string;
  readonly workflowId: string;
  readonly ending: { readonly end: unknown; readonly tries: number };
  /** As `Worker.runReplayHistory` takes it. */
  readonly history: unknown;
}

/** Writes a history, as `temporal workflow show` gives it, without anything of the machine; returns the file's name. */
export function saveHistory(way: string, json: string): string {
  const neutral = JSON.stringify(JSON.parse(json), neutralised, 2);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${way}.json`);
  writeFileSync(file, `${neutral}\n`);
  return basename(file);
}

export function readHistories(): RecordedHistory[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => {
      const json: HistoryJson = JSON.parse(readFileSync(join(folder, name), 'utf8'));
      return {
        way: basename(name, '.json'),
        workflowId: workflowIdOf(json),
        ending: endingOf(json),
        history: parseHistory(json),
      };
    });
}

export function readHistoryTexts(): { way: string; text: string }[] {
  return readdirSync(folder).map((name) => ({ way: name, text: readFileSync(join(folder, name), 'utf8') }));
}

function workflowIdOf({ events }: HistoryJson): string {
  return events[0]?.workflowExecutionStartedEventAttributes?.workflowId ?? '';
}

/** What the run returned, the type of its failure or `canceled`, and how often the last activity was tried. */
function endingOf({ events }: HistoryJson): RecordedHistory['ending'] {
  const last = events.at(-1);
  const data = last?.workflowExecutionCompletedEventAttributes?.result.payloads[0]?.data;
  const { failure } = last?.workflowExecutionFailedEventAttributes ?? {};
  const result = data === undefined ? undefined : JSON.parse(Buffer.from(data, 'base64').toString());
  const tries = events.map((event) => event.activityTaskStartedEventAttributes?.attempt ?? 0);
  const isCanceled = last?.workflowExecutionCanceledEventAttributes !== undefined;
  const end = isCanceled ? 'canceled' : (result ?? failure?.applicationFailureInfo.type);
  return { end, tries: Math.max(...tries) };
}

/** The fields of `temporal workflow show --output json` that are looked at here. */
interface HistoryJson {
  readonly events: readonly {
    readonly workflowExecutionStartedEventAttributes?: { readonly workflowId: string };
    readonly activityTaskStartedEventAttributes?: { readonly attempt: number };
    readonly workflowExecutionCompletedEventAttributes?: {
      readonly result: { readonly payloads: readonly { readonly data: string }[] };
    };
    readonly workflowExecutionCanceledEventAttributes?: object;
    readonly workflowExecutionFailedEventAttributes?: {
      readonly failure: { readonly applicationFailureInfo: { readonly type: string } };
    };
  }[];
}

/** `identity` is pid@host, sticky queues begin with it; stack traces name the checkout. */
function neutralised(key: string, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (key === 'identity') return value === '' ? value : 'worker';
  return value.replaceAll(`${checkout}/`, '').replace(/^\d+@[^-\s]+(-\S*)?$/, 'sticky');
}
