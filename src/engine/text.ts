/** The text of an event that is indexed: strings and numbers of its fields, within a limit. */
import type { Event } from '../event/event.ts';

/** Characters (UTF-16 units) of one row's text that are indexed, over all its text fields. */
export const TEXT_CHARS = 65_536;

/** No field of the event: words of its names (tool, agent, resources…), for text in any field. */
export const NAMES = 'names';

/** Text fields that are indexed, in the order in which they share `TEXT_CHARS`. */
export const TEXTS: readonly string[] = [
  NAMES,
  'error.message',
  'detail',
  'decision.reason',
  'content',
  'arguments',
  'result',
  'decision.constraints',
  'attributes',
];

/** Keywords whose words are found by text that names no field. */
export const NAMING: readonly string[] = [
  'tool',
  'agent.id',
  'agent.name',
  'user.id',
  'user.name',
  'destination',
  'error.code',
  'decision.policy_ids',
  'path',
  'endpoint',
  'resources.id',
];

export type Texts = {
  /** Pieces of each of `TEXTS`, in order; undefined where the event has no value for it. */
  readonly fields: readonly (readonly string[] | undefined)[];
  /** Some of its text lay beyond `TEXT_CHARS` and is not indexed. */
  readonly cut: boolean;
};

/** An event's text beside the values of its `NAMING` keywords. */
export function textsOf(event: Event, names: readonly string[]): Texts {
  const budget: Budget = { left: TEXT_CHARS, cut: false };
  const fields = TEXT_PATHS.map((path, i) => {
    if (i === 0) return piecesWithin(names, budget);
    const value = valueAt(event, path);
    return value === undefined ? undefined : piecesWithin(value, budget);
  });
  return { fields, cut: budget.cut };
}

const TEXT_PATHS = TEXTS.map((name) => name.split('.'));

type Budget = { left: number; cut: boolean };

function valueAt(event: Event, [first = '', second]: readonly string[]): unknown {
  const value = event[first as keyof Event];
  if (second === undefined || value === undefined) return value;
  return (value as Record<string, unknown>)[second];
}

function piecesWithin(value: unknown, budget: Budget): string[] {
  const pieces: string[] = [];
  addPieces(pieces, value, budget);
  return pieces;
}

/** Strings and numbers of a JSON value, in order. */
function addPieces(pieces: string[], value: unknown, budget: Budget): void {
  if (typeof value === 'string') addPiece(pieces, value, budget);
  else if (typeof value === 'number') addPiece(pieces, String(value), budget);
  else if (Array.isArray(value)) {
    for (const item of value) addPieces(pieces, item, budget);
  } else if (typeof value === 'object' && value !== null) {
    for (const key of Object.keys(value)) {
      addPieces(pieces, (value as Record<string, unknown>)[key], budget);
    }
  }
}

function addPiece(pieces: string[], leaf: string, budget: Budget): void {
  const text = leaf.length <= budget.left ? leaf : leaf.slice(0, budget.left);
  budget.cut ||= text.length < leaf.length;
  budget.left -= text.length;
  if (text !== '') pieces.push(text);
}
