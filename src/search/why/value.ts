/** Picks out of arguments what can be traced: addresses, hosts, paths, ids, whole values. */
import { LEAST_CHARS } from './find.ts';

/** A value that stands in an act, and how telling it is. */
export type Value = {
  /** As it was written. */
  readonly text: string;
  /** It is found where one of these is: as it was written, decoded, from the home folder. */
  readonly forms: readonly string[];
  /** Greater is more telling: an address more than a word. */
  readonly weight: number;
  /** The value that it is a piece of, by its number. */
  readonly within?: number;
  /** A part that alone says little: the host of a URL, the last name of a path. */
  readonly part?: true;
};

/** Values that are traced; characters of each; leaves and characters that are looked at. */
const VALUES = 64;
const VALUE_CHARS = 300;
const LEAVES = 400;
const CHARS = 65_536;
const DEPTH = 16;
const PIECES = 2000;
/** Of a longer piece (a URL that carries data) its beginning counts: its host. */
const PIECE_CHARS = 2 * VALUE_CHARS;

const WEIGHT = {
  address: 6,
  url: 6,
  path: 5,
  id: 5,
  name: 4,
  text: 4,
  word: 3,
  number: 2,
} as const;

/** The most telling values of anything that JSON can hold, the weightiest first. */
export function valuesOf(value: unknown): readonly Value[] {
  const found = new Map<string, Value>();
  const all: Value[] = [];
  const add = (one: Omit<Value, 'forms'>): number | undefined => {
    const { text } = one;
    if (text.length < LEAST_CHARS || text.length > VALUE_CHARS) return undefined;
    const known = found.get(text.toLowerCase());
    if (known !== undefined) return all.indexOf(known);
    if (all.length >= PIECES) return undefined;
    const made = { ...one, forms: formsOf(text) };
    found.set(text.toLowerCase(), made);
    return all.push(made) - 1;
  };
  for (const leaf of leavesOf(value)) addLeaf(leaf, add);
  return strongest(all);
}

type Add = (one: Omit<Value, 'forms'>) => number | undefined;

/** The strings and numbers of a value, in order, bounded. */
export function leavesOf(value: unknown, bounds = { leaves: LEAVES, chars: CHARS }): string[] {
  const leaves: string[] = [];
  let chars = 0;
  const walk = (node: unknown, depth: number): void => {
    if (leaves.length >= bounds.leaves || chars >= bounds.chars || depth > DEPTH) return;
    if (typeof node === 'string' || typeof node === 'number') {
      const text = String(node).slice(0, bounds.chars - chars);
      chars += text.length + 1;
      leaves.push(text);
    } else if (Array.isArray(node)) {
      for (const one of node) walk(one, depth + 1);
    } else if (typeof node === 'object' && node !== null) {
      for (const one of Object.values(node)) walk(one, depth + 1);
    }
  };
  walk(value, 0);
  return leaves;
}

/** Numbers keep their place when the weak ones are left out. */
function strongest(all: readonly Value[]): readonly Value[] {
  const order = all
    .map((value, was) => ({ value, was }))
    .sort((a, b) => b.value.weight - a.value.weight || a.was - b.was)
    .slice(0, VALUES);
  const places = new Map(order.map(({ was }, now) => [was, now]));
  return order.map(({ value }) => {
    const { within, ...rest } = value;
    const place = within === undefined ? undefined : places.get(within);
    return place === undefined ? rest : { ...rest, within: place };
  });
}

function addLeaf(leaf: string, add: Add): void {
  const whole = leaf.trim();
  const outer = isTelling(whole) ? add({ text: whole, weight: weightOf(whole) }) : undefined;
  const pieces = whole.slice(0, CHARS).split(/[\s"'`<>()[\]{}|;,\\^]+/);
  for (const piece of pieces.slice(0, PIECES)) addPiece(piece.slice(0, PIECE_CHARS), outer, add);
  for (const line of linesOf(whole)) add({ text: line, weight: WEIGHT.text, ...at(outer) });
}

function at(within: number | undefined): Pick<Value, 'within'> {
  return within === undefined ? {} : { within };
}

/** A line of a longer text that is long enough to be nobody else's. */
function linesOf(whole: string): string[] {
  if (whole.length < 24) return [];
  return whole
    .slice(0, CHARS)
    .split(/[\r\n]+|\. /)
    .map((line) => line.trim())
    .filter((line) => line.length >= 24 && line.length < whole.length)
    .slice(0, 32);
}

function addPiece(piece: string, outer: number | undefined, add: Add): void {
  const scheme = piece.indexOf('://');
  if (scheme > 0) {
    addUrl(piece, outer, add);
    return;
  }
  for (const part of piece.split(/[=&?]/)) {
    const text = part.replace(/^[@:,!?*#$+-]+/, '').replace(/[.:,!?*#$+-]+$/, '');
    const weight = weightOf(text);
    if (weight < WEIGHT.name) continue;
    const made = add({ text, weight, ...at(outer) });
    const last = text.slice(text.lastIndexOf('/') + 1);
    if (weight !== WEIGHT.path || !last.includes('.') || last.length < 5) continue;
    add({ text: last, weight: WEIGHT.word, ...at(made), part: true });
  }
}

function addUrl(piece: string, outer: number | undefined, add: Add): void {
  const from = Math.max(0, piece.search(/[a-z][a-z0-9+.-]*:\/\//i));
  const text = piece.slice(from).replace(/[.:,!?*#$+-]+$/, '');
  const url = add({ text, weight: WEIGHT.url, ...at(outer) });
  const rest = text.slice(text.indexOf('://') + 3);
  const authority = rest.split(/[/?#]/, 1)[0] ?? '';
  const host = authority.slice(authority.lastIndexOf('@') + 1).replace(/:\d*$/, '');
  add({ text: host, weight: WEIGHT.name, ...at(url), part: true });
  for (const part of rest.slice(authority.length).split(/[/?#&=]/)) {
    if (weightOf(part) >= WEIGHT.name) {
      add({ text: part, weight: WEIGHT.word, ...at(url), part: true });
    }
  }
}

/** Whether a whole value is worth tracing: a single letter or a flag says nothing. */
function isTelling(text: string): boolean {
  return weightOf(text) > 0;
}

function weightOf(text: string): number {
  if (text.length < LEAST_CHARS || text.length > VALUE_CHARS) return 0;
  if (/\s/.test(text)) return text.length >= 8 ? WEIGHT.text : WEIGHT.word;
  if (isNumeric(text)) return text.replaceAll(/\D/g, '').length >= 9 ? WEIGHT.id : numeric(text);
  if (/^[^@\s]+@[^@\s]+\.[a-z]{2,}$/i.test(text)) return WEIGHT.address;
  if (text.includes('://')) return WEIGHT.url;
  if (isPath(text)) return WEIGHT.path;
  if (isDotted(text)) return WEIGHT.name;
  if (isIdentifier(text)) return WEIGHT.id;
  return text.length > LEAST_CHARS || isWide(text) ? WEIGHT.word : 0;
}

/** Dates, times and small numbers stand everywhere. */
function numeric(text: string): number {
  return /^\d{5,}$/.test(text) ? WEIGHT.number : 0;
}

function isNumeric(text: string): boolean {
  return /^[\d.:,/+tz-]+$/i.test(text) && /\d/.test(text);
}

function isPath(text: string): boolean {
  if (text.length < 4 || !text.includes('/')) return false;
  return /^(?:[~.]{0,2}\/|[a-z]:)/i.test(text) || text.split('/').every((name) => name !== '');
}

/** A host or a file: `evil.example`, `notes.txt`. */
function isDotted(text: string): boolean {
  if (text.length < 5) return false;
  const names = text.split('.');
  const last = names.at(-1) ?? '';
  return names.length > 1 && /^[a-z][a-z0-9]+$/i.test(last) && names.every(isNamePart);
}

function isNamePart(name: string): boolean {
  return /^[\p{L}\p{N}_-]+$/u.test(name);
}

/** Letters and digits together, as account numbers, keys and hashes have them. */
function isIdentifier(text: string): boolean {
  if (text.length < 6 || !/^[\w-]+$/.test(text)) return false;
  const digits = text.replaceAll(/\D/g, '').length;
  return digits >= 2 && digits < text.length && (text.length >= 8 || digits >= 3);
}

function isWide(text: string): boolean {
  return /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]/.test(text);
}

function formsOf(text: string): readonly string[] {
  const forms = new Set([text]);
  if (text.includes('%')) {
    try {
      forms.add(decodeURIComponent(text));
    } catch {
      // It only looks encoded.
    }
  }
  const home = /^\/(?:home\/[^/]+|Users\/[^/]+|root)\/(.+)$/.exec(text)?.[1];
  if (home !== undefined) forms.add(`~/${home}`);
  return [...forms].filter((form) => form.length >= LEAST_CHARS);
}
