/** Counts the events in an export while its bytes pass by. */

/** Right when all bytes have passed; before that it may lag by one or two. */
export type Counter = { readonly add: (chunk: Uint8Array) => void; readonly count: () => number };

const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const BACKSLASH = 0x5c;
const BRACE = 0x7b;
const BRACKET = 0x5b;
/** Either closing sign is its opening sign plus two. */
const CLOSING = 2;

/**
 * CSV: records after the heading. NDJSON: lines between its first and its last. JSON: objects in
 * the list that it carries.
 */
export function countEvents(format: 'json' | 'csv' | 'ndjson'): Counter {
  switch (format) {
    case 'json':
      return countJson();
    case 'csv':
      return countLines({ quoted: true, heading: 1 });
    case 'ndjson':
      return countLines({ quoted: false, heading: 2 });
  }
}

/** Objects whose parent is a list no deeper than the answer's own: `{"events": [{…}, …]}`. */
function countJson(): Counter {
  const parents: number[] = [];
  let depth = 0;
  let count = 0;
  let text: 'outside' | 'inside' | 'escaped' = 'outside';
  const open = (byte: number) => {
    if (byte === BRACE && depth <= 2 && parents[depth] === BRACKET) count++;
    depth++;
    if (depth <= 2) parents[depth] = byte;
  };
  return {
    add: (chunk) => {
      for (const byte of chunk) {
        if (text === 'escaped') text = 'inside';
        else if (byte === QUOTE) text = text === 'inside' ? 'outside' : 'inside';
        else if (text === 'inside') text = byte === BACKSLASH ? 'escaped' : 'inside';
        else if (byte === BRACE || byte === BRACKET) open(byte);
        else if (byte === BRACE + CLOSING || byte === BRACKET + CLOSING) depth--;
      }
    },
    count: () => count,
  };
}

/** A quoted CSV value may hold line feeds; a doubled quote closes and opens again. */
function countLines({ quoted, heading }: { quoted: boolean; heading: number }): Counter {
  let lines = 0;
  let inside = false;
  return {
    add: (chunk) => {
      for (const byte of chunk) {
        if (byte === QUOTE && quoted) inside = !inside;
        else if (byte === LINE_FEED && !inside) lines++;
      }
    },
    count: () => Math.max(0, lines - heading),
  };
}
