/** What a step of an explanation is, and the pieces of text that its sentence is made of. */
import { mainArgument } from '../argument.ts';
import { excerpt } from '../safe.ts';
import type { WhyRow } from './scene.ts';
import type { UnknownCode, Wording } from './wording.ts';

export const STEPS = [
  'prompt',
  'context',
  'model',
  'task',
  'decision',
  'policy',
  'approval',
  'action',
  'result',
  'followed',
  'gap',
  'rights',
] as const;
export type StepKind = (typeof STEPS)[number];

/** What a sentence rests on: ids of events, values, texts; bounded and printable. */
export type Evidence = { readonly [name: string]: unknown };

export type DraftStep = {
  readonly kind: StepKind;
  readonly row: WhyRow | undefined;
  /** When, where that is not when the row began. */
  readonly at?: string;
  readonly say: (words: Wording) => string;
  readonly evidence?: Evidence;
};

export type DraftUnknown = { readonly code: UnknownCode; readonly detail: string };

/** Writes a time as the reader's clock has it. */
export type Clock = (time: string) => string;

const WORD_CHARS = 80;
const TEXT_CHARS = 300;

export function word(value: string | undefined): string {
  return excerpt(value ?? '', WORD_CHARS);
}

export function text(value: string | undefined, chars = TEXT_CHARS): string {
  return excerpt(value ?? '', chars);
}

/** Anything as a short text: as JSON where it is none. */
export function textOf(value: unknown, chars = TEXT_CHARS): string {
  if (value === undefined || value === null) return '';
  return excerpt(typeof value === 'string' ? value : JSON.stringify(value), chars);
}

/** A person or an agent by name, else by id. */
export function nameOf(one: WhyRow['user'] | undefined): string {
  return word(one?.name ?? one?.id);
}

/** The tool with what it was called on: `send_email (jay@example.com)`. */
export function actName(row: WhyRow): string {
  const { method, destination, endpoint, operation, path, tool } = row;
  if (tool === undefined && row.type === 'api_call') {
    return word(`${method ?? ''} ${destination ?? ''}${endpoint ?? ''}`);
  }
  const name = word(tool ?? operation ?? row.type);
  const about = word(tool === undefined ? path : mainArgument(row));
  return about === '' ? name : `${name} (${about})`;
}

/** The time between two, as `lengthOf` writes it; empty where it cannot be told. */
export function spanOf(from: string, to: string): string {
  const ms = Date.parse(to) - Date.parse(from);
  return ms >= 0 ? lengthOf(ms) : '';
}

/** `850 ms`, `12.3 s`, `4 min 5 s`: the units of science, in any language. */
export function lengthOf(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const s = Math.floor(ms / 1000);
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}
