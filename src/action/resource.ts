/** Turns arguments into the resources that they name. */
import { posix } from 'node:path';
import type { Access, Resource } from '../event/event.ts';
import { NAME_CHARS, RESOURCE_CHARS, RESOURCES } from '../event/event.ts';
import { isObject } from '../event/name.ts';
import { PATCH_CHARS, patchedFiles } from './patch.ts';
import { shellEffects } from './shell/shell.ts';
import { type Findings, SURE } from './shell/trace.ts';
import type { Naming } from './tool/tool.ts';

export type Place = {
  readonly arguments?: unknown;
  /** Absolute: relative paths are read from here. Without it they stay as they are. */
  readonly cwd?: string | undefined;
};

type Doubt = (effects: Pick<Findings, 'confidence' | 'reason'>) => void;

/** What an argument names; a shell command is followed, and `doubt` hears how well. */
export function named(
  place: Place,
  { argument, kind, access, otherwise, holds }: Naming,
  doubt: Doubt,
): Resource[] {
  const value = valueAt(place.arguments, argument);
  if (holds === 'shell') return commanded(place, value, doubt);
  const values = stringsOf(value);
  if (holds === 'patch') return patched(place, values, doubt);
  if (holds === 'urls') return values.flatMap((text) => urlsIn(text, access));
  if (values.length === 0 && otherwise) {
    const id = 'cwd' in otherwise ? place.cwd : otherwise.id;
    return id === undefined ? [] : [{ kind, id, access }];
  }
  return values.flatMap((id) => resource(place, id, { kind, access }));
}

/** Within the limits of an event, each once; the whole value stays in `arguments`. */
export function bounded(resources: readonly Resource[]): Resource[] {
  return resources.slice(0, RESOURCES).map(({ kind, id, access }) => ({
    kind: kind.slice(0, NAME_CHARS),
    id: id.slice(0, RESOURCE_CHARS),
    access,
  }));
}

/** Whether `bounded` loses something. A long command is cut, but what it touches is listed. */
export function isCut(resources: readonly Resource[]): boolean {
  return (
    resources.length > RESOURCES ||
    resources.some(({ kind, id }) => id.length > RESOURCE_CHARS && kind !== 'command')
  );
}

/** A relative path from the working folder; `~`, drives and URLs stay as they are. */
export function absolute(path: string, cwd: string | undefined): string {
  if (cwd === undefined || !cwd.startsWith('/') || /^(\/|~|[A-Za-z]:|\\|\w+:\/\/)/.test(path)) {
    return path;
  }
  return posix.join(cwd, path);
}

export function valueAt(value: unknown, path: string): unknown {
  let at = value;
  for (const key of path === '' ? [] : path.split('.')) {
    if (!isObject(at) || !Object.hasOwn(at, key)) return undefined;
    at = at[key];
  }
  return at;
}

/** One more than an event holds, so that it is seen that there are more. */
function stringsOf(value: unknown): string[] {
  return (Array.isArray(value) ? value.slice(0, RESOURCES + 1) : [value]).filter(
    (item): item is string => typeof item === 'string' && item !== '',
  );
}

/** The command line itself, then what it touches. */
function commanded({ cwd }: Place, value: unknown, doubt: Doubt): Resource[] {
  const command = commandOf(value);
  if (command === '') return [];
  const effects = shellEffects(command, { cwd });
  doubt(effects);
  const whole: Resource = { kind: 'command', id: command, access: 'execute' };
  return [
    whole,
    ...effects.resources.filter(({ kind, id }) => kind !== 'command' || id !== command),
  ];
}

/** A line, or the words of one: `["bash", "-lc", line]` is the line. */
function commandOf(value: unknown): string {
  if (!Array.isArray(value)) return typeof value === 'string' ? value : '';
  const words = stringsOf(value);
  const [shell = '', flag = '', line] = words;
  if (words.length === 3 && /(^|\/)(ba|da|z|k)?sh$/.test(shell) && /^-[a-z]*c$/.test(flag)) {
    return line ?? '';
  }
  return words.map(quoted).join(' ');
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function patched(place: Place, texts: readonly string[], doubt: Doubt): Resource[] {
  if (texts.some(({ length }) => length > PATCH_CHARS)) {
    doubt({ confidence: SURE.broken, reason: 'a patch that is too long' });
  }
  return texts
    .flatMap(patchedFiles)
    .map(({ path, access }) => ({ kind: 'file', id: absolute(path, place.cwd), access }));
}

/** Characters of a sentence that are looked at for URLs. */
const SENTENCE_CHARS = 16_384;

function urlsIn(text: string, access: Access): Resource[] {
  const found = text.slice(0, SENTENCE_CHARS).match(/\bhttps?:\/\/[^\s<>"'`]{1,2048}/gi) ?? [];
  return found
    .slice(0, RESOURCES)
    .flatMap((url) => resource({}, url.replace(/[).,;:!?\]]{1,8}$/, ''), { kind: 'url', access }));
}

function resource(
  { cwd }: Place,
  id: string,
  { kind, access }: { readonly kind: string; readonly access: Access },
): Resource[] {
  if (kind === 'file' || kind === 'directory') return [{ kind, id: absolute(id, cwd), access }];
  if (kind !== 'url') return [{ kind, id, access }];
  const host = URL.canParse(id) ? new URL(id).host : '';
  return host === ''
    ? [{ kind, id, access }]
    : [
        { kind, id, access },
        { kind: 'host', id: host, access },
      ];
}
