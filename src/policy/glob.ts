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
const UNPLACED: ReadonlySet<string> = new Set(['command', 'process', 'tool', 'mcp_server']);

/**
 * Whether a scope's patterns allow a resource: `/work/*`, `*.example.com`, or with the kind before
 * it, `file:/work/*`, `command:npm test*`. A command is judged only where some pattern names
 * commands: otherwise what it touches is judged.
 */
export function inPatterns(patterns: readonly string[], resource: Resource): boolean {
  const { kind } = resource;
  const own = patterns.flatMap((one) =>
    one.startsWith(`${kind}:`) ? [one.slice(kind.length + 1)] : [],
  );
  if (UNPLACED.has(kind) && own.length === 0) return true;
  const free = UNPLACED.has(kind) ? [] : patterns;
  const id = plainId(resource);
  return [...own, ...free].some((pattern) => fitsPattern(pattern, id));
}

/** The id without detours: `/work/../etc` is `/etc`, a host and a URL are in lower case. */
function plainId({ kind, id }: Resource): string {
  if (kind === 'file' || kind === 'directory') return posix.normalize(id.replaceAll('\\', '/'));
  if (kind === 'host') return id.toLowerCase();
  if (kind === 'url' && URL.canParse(id)) return new URL(id).href;
  return id;
}
