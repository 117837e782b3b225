/**
 * Reads a message of MCP in the one way in which every server reads it. Two parsers that differ
 * would let a call pass as something else, so what could be read in two ways is not passed on.
 */
import { isObject } from '../event/name.ts';

export type Strict = { readonly message: unknown } | { readonly unclear: string };

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes of a line or a body. */
export function readStrict(bytes: Uint8Array): Strict {
  try {
    const text = strict.decode(bytes);
    const message: unknown = JSON.parse(text);
    if (repeatsKey(text)) return { unclear: 'an object names a member twice' };
    const all = Array.isArray(message) ? message : [message];
    if (all.some(isMisspelt)) return { unclear: 'a member differs from a known one in its case' };
    return { message };
  } catch {
    return { unclear: 'it is no JSON text' };
  }
}

const MEMBERS = new Set(['jsonrpc', 'id', 'method', 'params', 'result', 'error']);
const PARAMETERS = new Set(['name', 'arguments', 'uri', 'task', '_meta']);

/** Parsers of some languages take `Method` for `method`. */
function isMisspelt(message: unknown): boolean {
  if (!isObject(message)) return false;
  const { params } = message;
  return differsIn(message, MEMBERS) || (isObject(params) && differsIn(params, PARAMETERS));
}

function differsIn(fields: Readonly<Record<string, unknown>>, known: ReadonlySet<string>): boolean {
  return Object.keys(fields).some((key) => !known.has(key) && known.has(key.toLowerCase()));
}

/** The text is JSON: strings and braces alone tell objects and their members apart. */
function repeatsKey(text: string): boolean {
  const open: (Set<string> | undefined)[] = [];
  const tokens = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g;
  for (const [token, colon] of text.matchAll(tokens)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (colon !== undefined) {
      const key = JSON.parse(token.slice(0, token.lastIndexOf('"') + 1)) as string;
      const keys = open.at(-1);
      if (keys?.has(key)) return true;
      keys?.add(key);
    }
  }
  return false;
}
