/** Parses JSON and, where it is broken, says at which line and column, showing none of it. */

export type Parsed =
  | { readonly value: unknown }
  | { readonly line: number; readonly column: number };

/** Any depth; keys such as `__proto__` are data. Columns count UTF-16 units from 1. */
export function parseJson(text: string): Parsed {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return place(text, offsetOfError(text));
  }
}

function place(text: string, offset: number): Parsed {
  const before = text.slice(0, offset);
  const lines = before.split('\n');
  return { line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
}

/** What may come next: a value, a value or `]`, a key or `}`, a key, `:`, `,` or a close. */
type Expect = 'value' | 'first' | 'key' | 'nextKey' | 'colon' | 'comma' | 'end';
type Cursor = { at: number; expect: Expect; readonly open: string[] };

/** Offset of the first character that no JSON text could have there (RFC 8259). */
function offsetOfError(text: string): number {
  const cursor: Cursor = { at: 0, expect: 'value', open: [] };
  for (;;) {
    cursor.at = skip(text, cursor.at, ' \t\n\r');
    const char = text[cursor.at];
    if (char === undefined) return text.length;
    const next = structural(cursor, char) ?? scalar(text, cursor, char);
    if (next === undefined) return cursor.at;
    cursor.expect = next;
  }
}

function structural(cursor: Cursor, char: string): Expect | undefined {
  const { expect, open } = cursor;
  const wantsValue = expect === 'value' || expect === 'first';
  let next: Expect | undefined;
  if (wantsValue && (char === '{' || char === '[')) {
    open.push(char);
    next = char === '{' ? 'key' : 'first';
  } else if (char === ':' && expect === 'colon') next = 'value';
  else if (char === ',' && expect === 'comma') next = open.at(-1) === '{' ? 'nextKey' : 'value';
  else if (closes(cursor, char)) {
    open.pop();
    next = after(cursor);
  }
  if (next !== undefined) cursor.at++;
  return next;
}

function closes({ expect, open }: Cursor, char: string): boolean {
  const inside = open.at(-1);
  if (char === '}') return inside === '{' && (expect === 'key' || expect === 'comma');
  return char === ']' && inside === '[' && (expect === 'first' || expect === 'comma');
}

function after({ open }: Cursor): Expect {
  return open.length === 0 ? 'end' : 'comma';
}

/** Moves over a string, number or literal; on failure leaves the cursor at what is wrong. */
function scalar(text: string, cursor: Cursor, char: string): Expect | undefined {
  const { expect } = cursor;
  if (expect === 'colon' || expect === 'comma' || expect === 'end') return undefined;
  const isKey = expect === 'key' || expect === 'nextKey';
  if (char === '"') {
    if (!string(text, cursor)) return undefined;
    return isKey ? 'colon' : after(cursor);
  }
  if (isKey) return undefined;
  const pattern = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
  pattern.lastIndex = cursor.at;
  if (!pattern.test(text)) return undefined;
  cursor.at = pattern.lastIndex;
  return after(cursor);
}

function string(text: string, cursor: Cursor): boolean {
  for (let at = cursor.at + 1; ; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      cursor.at = at + 1;
      return true;
    }
    if (code === 0x5c) {
      const escaped = /["\\/bfnrt]|u[0-9a-fA-F]{4}/y;
      escaped.lastIndex = at + 1;
      if (escaped.test(text)) {
        at = escaped.lastIndex - 1;
        continue;
      }
    } else if (code >= 0x20) continue;
    // A control character, a wrong escape, or (NaN) the end of the text.
    cursor.at = at;
    return false;
  }
}

function skip(text: string, from: number, chars: string): number {
  let at = from;
  while (at < text.length && chars.includes(text[at] ?? '')) at++;
  return at;
}
