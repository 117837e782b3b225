/** Adds members to a JSON text and takes them out again, leaving every other byte as it was. */
import { Fault } from '../fault/fault.ts';
import {
  type Container,
  memberOf,
  type Node,
  nodeOf,
  withMember,
  withoutMember,
} from './json-text.ts';

/** One value more: as a member of an object (`key`), or at the end of an array. */
export type Addition = {
  /** Keys from the root to the container; those that are missing are made. */
  readonly at: readonly string[];
  readonly key?: string;
  readonly value: unknown;
};

/** What an empty or absent file becomes first. */
const EMPTY = '{\n}\n';
/** In a list of what to keep: the text was `{}`, and the line break before the brace is ours. */
const ROOT = 'root';
/** In a list of what to keep: the file was there, though it said no more than a new one would. */
const FILE = 'file';

/**
 * The text to add to. Throws `usage.invalid` for anything but one JSON object: `what` names it for
 * people ("Codex's hooks.json").
 */
export function jsonOf(text: string | undefined, what: string): string {
  const json = text === undefined || text.trim() === '' ? EMPTY : text;
  if (nodeOf(json).kind !== 'object') throw wrong(what, 'the settings', 'an object');
  return json;
}

/** Throws `usage.invalid` where something on the way is no container. */
export function withAdditions(
  text: string,
  { additions, keep, what }: { additions: readonly Addition[]; keep: Keep; what: string },
): string {
  const style = styleOf(text);
  let after = text;
  for (const addition of additions) after = add(after, addition, { style, what });
  return keep.includes(ROOT) ? breakBeforeEnd(after, style) : after;
}

/** Names of containers that stood there empty before: a removal must leave them standing. */
export type Keep = readonly string[];

/** Which containers are there and empty, of those on the way to the additions. */
export function keepOf(
  before: string | undefined,
  text: string,
  additions: readonly Addition[],
): Keep {
  const root = nodeOf(text);
  const bare = root.kind === 'object' && root.members.length === 0;
  const flat = bare && !text.slice(root.start, root.end).includes('\n');
  const paths = new Set(
    additions.flatMap(({ at }) => at.map((_, i) => at.slice(0, i + 1).join('.'))),
  );
  const empty = [...paths].filter((path) => isEmpty(nodeAt(root, path.split('.'))));
  return [...(before === EMPTY ? [FILE] : []), ...(flat ? [ROOT] : []), ...empty];
}

/** The text without the break that `withAdditions` made; undefined for a file that it made. */
export function restored(text: string, keep: Keep): string | undefined {
  if (text === EMPTY && !keep.includes(FILE) && !keep.includes(ROOT)) return undefined;
  return keep.includes(ROOT) ? text.replace(/\r?\n\}(\s*)$/, '}$1') : text;
}

/** The text without the value at a path; as it is where there is none. */
export function removeAt(text: string, path: readonly string[]): string {
  const node = nodeAt(nodeOf(text), path.slice(0, -1));
  const found = memberOf(node, path.at(-1) ?? '');
  return found && node && node.kind !== 'scalar' ? withoutMember(text, node, found) : text;
}

/** The text without a container that is empty now, and was not there before. */
export function removeEmpty(text: string, path: readonly string[], keep: Keep): string {
  const empty = isEmpty(nodeAt(nodeOf(text), path));
  return empty && !keep.includes(path.join('.')) ? removeAt(text, path) : text;
}

export function nodeAt(root: Node, path: readonly string[]): Node | undefined {
  let node: Node | undefined = root;
  for (const key of path) node = memberOf(node, key)?.value;
  return node;
}

function isEmpty(node: Node | undefined): boolean {
  return node !== undefined && node.kind !== 'scalar' && node.members.length === 0;
}

type Style = { readonly unit: string; readonly newline: string };
type Manner = { readonly style: Style; readonly what: string };

function add(text: string, { at, key, value }: Addition, { style, what }: Manner): string {
  let node: Node = nodeOf(text);
  for (const [depth, name] of at.entries()) {
    const found = memberOf(asObject(node, at.slice(0, depth), what), name);
    if (!found) {
      const missing = at.slice(depth);
      const source = branch(missing, { key, value }, { style, depth: depth + 1 });
      return withMember(text, asObject(node, at.slice(0, depth), what), source);
    }
    node = found.value;
  }
  const place = { style, depth: at.length + 1 };
  if (key !== undefined) {
    return withMember(text, asObject(node, at, what), member(key, oneLine(value), place));
  }
  if (node.kind !== 'array') throw wrong(what, at.join('.'), 'an array');
  return withMember(text, node, lineStart(place) + oneLine(value));
}

type Leaf = { readonly key: string | undefined; readonly value: unknown };

/** Members that are missing, the outermost first; a new array stands on one line. */
function branch([name = '', ...rest]: readonly string[], leaf: Leaf, place: Place): string {
  if (rest.length === 0 && leaf.key === undefined)
    return member(name, oneLine([leaf.value]), place);
  const inside = { style: place.style, depth: place.depth + 1 };
  const inner =
    rest.length === 0
      ? member(leaf.key ?? '', oneLine(leaf.value), inside)
      : branch(rest, leaf, inside);
  return member(name, `{${inner}${lineStart(place)}}`, place);
}

function asObject(node: Node, path: readonly string[], what: string): Container {
  if (node.kind === 'object') return node;
  throw wrong(what, path.length === 0 ? 'the settings' : path.join('.'), 'an object');
}

function wrong(what: string, field: string, wanted: string): Fault {
  return new Fault('usage.invalid', `In ${what}, ${field} must be ${wanted}.`, {
    field,
    hint: 'Nothing was changed. Mend the file, then try again.',
  });
}

type Place = { readonly style: Style; readonly depth: number };

function member(key: string, source: string, place: Place): string {
  return `${lineStart(place)}${JSON.stringify(key)}: ${source}`;
}

function lineStart({ style, depth }: Place): string {
  return style.newline + style.unit.repeat(depth);
}

/** A value a line: thirty hooks stay readable. JSON escapes line breaks inside strings. */
function oneLine(value: unknown): string {
  return JSON.stringify(value, null, 1).replaceAll(/\n */g, ' ');
}

function breakBeforeEnd(text: string, { newline }: Style): string {
  const { end } = nodeOf(text);
  return `${text.slice(0, end - 1)}${newline}${text.slice(end - 1)}`;
}

/** Their indentation and line ends, as the first indented line shows them. */
function styleOf(text: string): Style {
  const found = /(\r?\n)([ \t]+)\S/.exec(text);
  return { newline: found?.[1] ?? '\n', unit: found?.[2]?.slice(0, 8) ?? '  ' };
}
