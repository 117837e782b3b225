/** A URL as it may be recorded: without credentials, and without secrets in path or query. */

/** Names of parameters whose values are secrets. */
const SECRET =
  /key|token|secret|passw|pwd|auth|sig|credential|session|cookie|jwt|code|otp|pin|assertion/i;
/** As it stands in place of a secret. */
const HIDDEN = 'REDACTED';
/** A value of this many characters of one word may be a secret whatever its name. */
const OPAQUE = /^[A-Za-z0-9+/_.~=-]{24,}$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const ENDPOINT_CHARS = 4096;

export type Place = { readonly destination: string; readonly endpoint: string };

/** Undefined for what is no URL with a host. */
export function placeOf(url: string, base?: string): Place | undefined {
  if (!URL.canParse(url, base)) return undefined;
  const { host, pathname, searchParams } = new URL(url, base);
  if (host === '') return undefined;
  const query = [...searchParams]
    .map(([name, value]) => `${encodeURIComponent(name)}=${kept(name, value)}`)
    .join('&');
  const path = pathname.split('/').map(segment).join('/');
  const endpoint = query === '' ? path : `${path}?${query}`;
  return { destination: host.slice(0, 512), endpoint: endpoint.slice(0, ENDPOINT_CHARS) };
}

function kept(name: string, value: string): string {
  return SECRET.test(name) || secret(value) ? HIDDEN : encodeURIComponent(value);
}

/** Webhooks and bots carry their secret in the path. */
function segment(text: string): string {
  return secret(text) || /^bot\d+:/.test(decoded(text)) ? HIDDEN : text;
}

function secret(value: string): boolean {
  if (!OPAQUE.test(value) || UUID.test(value)) return false;
  return /\d/.test(value) && /[A-Za-z]/.test(value);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
