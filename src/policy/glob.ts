/** Patterns in which `*` stands for any text, also none: as a scope names tools and resources. */
import { posix } from 'node:path';
import type { Resource } from '../event/event.ts';

/** Whether the whole text fits. Linear in the text for each `*`: it never backtracks far. */
export function fitsPattern(pattern: string, text: string): boolean {
  return fitsPieces(pattern.split('*'), text);
}

/** The same for what stands between the `*`. */
export function fitsPieces(pieces: readonly string[], text: string): boolean {
  const [first = '', ...rest] = pieces;
  if (rest.length === 0) return first === text;
  if (!text.startsWith(first)) return false;
  const last = rest.pop() ?? '';
  let at = first.length;
  for (const piece of rest) {
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

/** Kinds whose ids are no places: a pattern speaks of them only where it names the kind. */
const UNPLACED: ReadonlySet<string> = new Set([
  'command',
  'process',
  'tool',
  'mcp_server',
  'agent',
]);

export function isPlace({ kind }: Resource): boolean {
  return !UNPLACED.has(kind);
}

/**
 * Whether a scope's patterns allow a resource: `/work/*`, `*.example.com`, `https://example.com/*`,
 * or with the kind before it, `file:/work/*`, `command:npm test*`. A command is judged only where
 * some pattern names commands: otherwise what it touches is judged. A pattern of hosts allows the
 * URLs there.
 */
export function inPatterns(patterns: readonly string[], resource: Resource): boolean {
  const { kind } = resource;
  const of = (kind: string) =>
    patterns.flatMap((one) => (one.startsWith(`${kind}:`) ? [one.slice(kind.length + 1)] : []));
  const own = of(kind);
  if (UNPLACED.has(kind))
    return own.length === 0 || own.some((one) => fitsPattern(one, resource.id));
  const all = [...own, ...patterns];
  if (kind === 'host') return all.some((one) => fitsHost(one, resource));
  if (kind !== 'url') return all.some((one) => fitsPattern(one, plainId(resource)));
  return (
    all.some((one) =>
      one.includes('://') ? fitsUrl(one, resource.id) : fitsHost(one, resource),
    ) || of('host').some((one) => fitsHost(one, resource))
  );
}

/** The id without detours: `/work/../etc` is `/etc`. */
function plainId({ kind, id }: Resource): string {
  if (kind !== 'file' && kind !== 'directory') return id;
  return posix.normalize(id.replaceAll('\\', '/'));
}

/** In lower case with its port, as a URL writes it; empty where there is none. */
export function hostOf({ kind, id }: Pick<Resource, 'kind' | 'id'>): string {
  const whole = kind === 'url' ? id : `http://${id}`;
  return URL.canParse(whole) ? new URL(whole).host.replace(/\.(?=:|$)/, '') : '';
}

/** A pattern without a port allows every port. */
function fitsHost(pattern: string, resource: Resource): boolean {
  if (pattern === '*') return true;
  const host = hostOf(resource);
  if (host === '' || pattern.includes('/')) return false;
  const wanted = pattern.toLowerCase();
  return fitsPattern(wanted, host) || fitsPattern(wanted, host.replace(/:\d{1,5}$/, ''));
}

/** Part by part: no `*` reaches from the host into the path, and nobody hides before an `@`. */
function fitsUrl(pattern: string, id: string): boolean {
  if (!URL.canParse(id)) return false;
  const { protocol, host, href } = new URL(id);
  const [, scheme = '', rest = ''] = /^([^:]*):\/\/(.*)$/s.exec(pattern) ?? [];
  const slash = rest.indexOf('/');
  const wanted = slash < 0 ? rest : rest.slice(0, slash);
  const path = slash < 0 ? (rest.endsWith('*') ? '*' : '/') : rest.slice(slash);
  const after = href.slice(href.indexOf('://') + 3);
  const found = after.search(/[/?#]/);
  return (
    fitsPattern(scheme.toLowerCase(), protocol.slice(0, -1)) &&
    fitsPattern(wanted.toLowerCase(), host) &&
    fitsPattern(path, found < 0 ? '/' : after.slice(found))
  );
}
