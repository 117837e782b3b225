/** Headers as they came (name, value, name, value), and which of them pass a proxy. */

export type RawHeaders = readonly string[];

/** RFC 9110 §7.6.1: of one connection. `Trailer` passes, because trailers do. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
  'transfer-encoding',
  'upgrade',
  'host',
]);

/** In order and letter case, without what is of the connection, and without `dropped`. */
export function passing(raw: RawHeaders, dropped: readonly string[] = []): string[] {
  const gone = new Set([...HOP_BY_HOP, ...namedByConnection(raw), ...dropped]);
  const kept: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    if (!gone.has(name.toLowerCase())) kept.push(name, raw[i + 1] ?? '');
  }
  return kept;
}

/** By lower-case name; of a repeated one the first value. */
export function headerMap(raw: RawHeaders): Map<string, string> {
  const map = new Map<string, string>();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase();
    if (!map.has(name)) map.set(name, raw[i + 1] ?? '');
  }
  return map;
}

export function pairs(raw: RawHeaders): [string, string][] {
  const found: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) found.push([raw[i] ?? '', raw[i + 1] ?? '']);
  return found;
}

/** `Connection: close, X-Own` makes `X-Own` a header of the connection; `TE` passes. */
function namedByConnection(raw: RawHeaders): string[] {
  return pairs(raw)
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, value]) => value.split(','))
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== 'te');
}
