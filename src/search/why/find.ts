/** Finds many short strings in long texts in one pass. */

/** Where a string was found: its number, and its place in the text as it was searched. */
export type Hit = { readonly which: number; readonly at: number };

export type Finder = {
  /** The first place of each string in the text, whole words alone, regardless of case. */
  readonly find: (text: string) => readonly Hit[];
};

/** Characters that decide where it is worth to look closer: no string is shorter. */
export const LEAST_CHARS = 3;
const SLOTS = 1 << 16;

/** `wanted`: each of at least `LEAST_CHARS` characters; shorter ones are never found. */
export function openFinder(wanted: readonly string[]): Finder {
  const slots = new Map<number, number[]>();
  const known = new Uint8Array(SLOTS);
  const lower = wanted.map((text) => text.toLowerCase());
  for (const [which, text] of lower.entries()) {
    if (text.length < LEAST_CHARS) continue;
    const slot = slotAt(text, 0);
    known[slot] = 1;
    slots.set(slot, [...(slots.get(slot) ?? []), which]);
  }
  return {
    find: (text) => {
      const hits: Hit[] = [];
      const found = new Set<number>();
      const last = text.length - LEAST_CHARS;
      for (let at = 0; at <= last && found.size < wanted.length; at++) {
        const slot = slotAt(text, at);
        if (known[slot] === 0) continue;
        for (const which of slots.get(slot) ?? []) {
          const one = lower[which] ?? '';
          if (found.has(which) || !text.startsWith(one, at) || !isWhole(text, at, one)) continue;
          found.add(which);
          hits.push({ which, at });
        }
      }
      return hits;
    },
  };
}

function slotAt(text: string, at: number): number {
  const [a, b, c] = [text.charCodeAt(at), text.charCodeAt(at + 1), text.charCodeAt(at + 2)];
  return ((a * 31 + b) * 31 + c) & (SLOTS - 1);
}

/** `evil.com` stands neither in `evil.com.example.org` nor in `notevil.com`. */
function isWhole(text: string, at: number, one: string): boolean {
  return !goesOn(text, at, one) && !comesFrom(text, at, one);
}

function goesOn(text: string, at: number, one: string): boolean {
  const end = at + one.length;
  if (!isWord(one.charCodeAt(one.length - 1))) return false;
  const next = text.charCodeAt(end);
  if (isWord(next)) return true;
  return isJoint(next) && isWord(text.charCodeAt(end + 1));
}

function comesFrom(text: string, at: number, one: string): boolean {
  // An absolute path does not begin within another.
  if (at === 0 || !(isWord(one.charCodeAt(0)) || one.startsWith('/'))) return false;
  const previous = text.charCodeAt(at - 1);
  // In JSON as text, a line feed is written `\n`, and `%2F` ends with a letter.
  if (isWord(previous)) {
    return text[at - 2] !== '\\' && !(text[at - 3] === '%' && isHex(text, at - 2));
  }
  return isJoint(previous) && !one.startsWith('/') && isWord(text.charCodeAt(at - 2));
}

function isHex(text: string, at: number): boolean {
  return /^[0-9a-f]{2}$/.test(text.slice(at, at + 2));
}

/** Letters and digits of ASCII: other scripts write words without a space between. */
function isWord(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code === 95;
}

/** What joins the parts of a name: the full stop and the hyphen. */
function isJoint(code: number): boolean {
  return code === 46 || code === 45;
}
