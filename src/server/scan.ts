/** Looks over JSON bytes before they are parsed: how much of what is in them. */

export type Scan = {
  /** Bytes of each element, where the text is an array. */
  readonly sizes: readonly number[];
  /** Values of any kind, at least: what parsing must allocate for. */
  readonly values: number;
};

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Right for valid JSON; for anything else a guess, and the parser refuses it anyway. */
export function scanJson(bytes: Uint8Array): Scan {
  const sizes: number[] = [];
  let values = 1;
  let depth = 0;
  let start = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) at = endOfString(bytes, at);
    else if (byte === 0x5b || byte === 0x7b) {
      values++;
      if (++depth === 1) start = at + 1;
    } else if (byte === 0x2c) {
      values++;
      if (depth !== 1) continue;
      sizes.push(at - start);
      start = at + 1;
    } else if (byte === 0x5d || byte === 0x7d) {
      if (depth-- === 1) sizes.push(at - start);
    }
  }
  return { sizes, values };
}

function endOfString(bytes: Uint8Array, from: number): number {
  for (let end = bytes.indexOf(QUOTE, from + 1); end !== -1; end = bytes.indexOf(QUOTE, end + 1)) {
    let escapes = 0;
    while (bytes[end - 1 - escapes] === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return end;
  }
  return bytes.length;
}
