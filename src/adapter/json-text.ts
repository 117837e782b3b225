/** Where things stand in a JSON text, and edits that touch nothing else of it. */
import { Fault } from '../fault/fault.ts';

/** A value's place: `text.slice(start, end)`. */
export type Node = { readonly start: number; readonly end: number } & (
  | { readonly kind: 'object'; readonly members: readonly Member[] }
  | { readonly kind: 'array'; readonly members: readonly Member[] }
  | { readonly kind: 'scalar' }
);
/** An object's member (`start` is its key's) or an array's element (`key` is its index). */
export type Member = { readonly start: number; readonly key: string; readonly value: Node };
export type Container = Extract<Node, { members: readonly Member[] }>;

const MAX_DEPTH = 100;

/** Throws `usage.invalid` for anything but one JSON value without repeated keys. */
export function nodeOf(text: string): Node {
  try {
    JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? cause.message : 'not JSON';
    throw refuse(`The settings are not valid JSON: ${reason.slice(0, 200)}`, cause);
  }
  return readValue(text, skip(text, 0), 0);
}

/** The member of an object or array by key or index. */
export function memberOf(node: Node | undefined, key: string): Member | undefined {
  return node === undefined || node.kind === 'scalar'
    ? undefined
    : node.members.find((member) => member.key === key);
}

/** The text with a member added at the container's end; `source` is its JSON, key included. */
export function withMember(text: string, node: Container, source: string): string {
  const last = node.members.at(-1);
  const at = last === undefined ? node.start + 1 : last.value.end;
  return text.slice(0, at) + (last === undefined ? '' : ',') + source + text.slice(at);
}

/** The text without one member: the exact inverse of `withMember` where that came last. */
export function withoutMember(text: string, node: Container, member: Member): string {
  const place = node.members.indexOf(member);
  const before = node.members[place - 1];
  const after = node.members[place + 1];
  if (before) return text.slice(0, before.value.end) + text.slice(member.value.end);
  if (after) return text.slice(0, member.start) + text.slice(after.start);
  return text.slice(0, node.start + 1) + text.slice(member.value.end);
}

function readValue(text: string, start: number, depth: number): Node {
  if (depth > MAX_DEPTH) throw refuse(`The settings are nested deeper than ${MAX_DEPTH} levels.`);
  const opening = text[start];
  if (opening !== '{' && opening !== '[') {
    return { kind: 'scalar', start, end: scalarEnd(text, start) };
  }
  const members: Member[] = [];
  let at = skip(text, start + 1);
  while (text[at] !== '}' && text[at] !== ']') {
    const member = readMember(text, at, { opening, index: members.length, depth });
    members.push(member);
    at = skip(text, member.value.end);
    if (text[at] === ',') at = skip(text, at + 1);
  }
  if (opening === '[') return { kind: 'array', start, end: at + 1, members };
  if (new Set(members.map(({ key }) => key)).size < members.length) {
    throw refuse('The settings name the same key twice in one object.');
  }
  return { kind: 'object', start, end: at + 1, members };
}

type Inside = { readonly opening: string; readonly index: number; readonly depth: number };

function readMember(text: string, start: number, { opening, index, depth }: Inside): Member {
  if (opening === '[') {
    return { start, key: String(index), value: readValue(text, start, depth + 1) };
  }
  const end = scalarEnd(text, start);
  const key = JSON.parse(text.slice(start, end)) as string;
  const colon = skip(text, end);
  return { start, key, value: readValue(text, skip(text, colon + 1), depth + 1) };
}

/** The text is valid JSON already, so a scalar ends at its quote or at the next punctuation. */
function scalarEnd(text: string, start: number): number {
  let at = start + 1;
  if (text[start] !== '"') {
    while (at < text.length && !/[\s,\]}:]/.test(text[at] ?? '')) at++;
    return at;
  }
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function skip(text: string, from: number): number {
  let at = from;
  while (' \t\r\n'.includes(text[at] ?? '"')) at++;
  return at;
}

function refuse(message: string, cause?: unknown): Fault {
  const hint = 'Nothing was changed. Mend the file, then try again.';
  return new Fault('usage.invalid', message.endsWith('.') ? message : `${message}.`, {
    hint,
    cause,
  });
}
