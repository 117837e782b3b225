/** Decides which vendor a request is for: a key never goes to another vendor's host. */
import type { Vendor } from '../adapter/model/api.ts';
import { Fault } from '../fault/fault.ts';

export type Upstreams = {
  readonly urls: Readonly<Record<Vendor, URL>>;
  /** The only one that was named: requests that tell nothing go there. */
  readonly only: Vendor | undefined;
};

const OFFICIAL: Readonly<Record<Vendor, string>> = {
  anthropic: 'https://api.anthropic.com',
  openai: 'https://api.openai.com',
  gemini: 'https://generativelanguage.googleapis.com',
};

/** Throws `usage.invalid` for an address that is none. */
export function readUpstreams(given: Partial<Record<Vendor, string | undefined>>): Upstreams {
  const vendors = Object.keys(OFFICIAL) as Vendor[];
  const named = vendors.filter((vendor) => given[vendor] !== undefined);
  const url = (vendor: Vendor) => readUrl(vendor, given[vendor] ?? OFFICIAL[vendor]);
  return {
    urls: { anthropic: url('anthropic'), openai: url('openai'), gemini: url('gemini') },
    only: named.length === 1 ? named[0] : undefined,
  };
}

function readUrl(vendor: Vendor, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain = url && url.username === '' && url.password === '' && url.search === '';
  if (url && plain && (url.protocol === 'http:' || url.protocol === 'https:')) return url;
  throw new Fault('usage.invalid', `${vendor} is no http or https address.`, {
    field: vendor,
    hint: `Give it as ${OFFICIAL[vendor]}, without credentials.`,
  });
}

export type Destination = { readonly vendor: Vendor } | { readonly refused: string };

/**
 * What a credential says outweighs what the path says. Two credentials of two vendors in one
 * request, or none that tells anything, are refused: guessing could hand a key to a stranger.
 */
export function destinationOf(
  target: string,
  headers: ReadonlyMap<string, string>,
  { only }: Upstreams,
): Destination {
  const [path = '', query = ''] = split(target);
  const keyed = new Set(credentialVendors(query, headers));
  const [first, second] = keyed;
  if (second !== undefined) return { refused: 'it carries the keys of two vendors' };
  const vendor = first ?? pathVendor(path) ?? agentVendor(headers) ?? only ?? fallback(path);
  return vendor === undefined ? { refused: 'it does not tell whose it is' } : { vendor };
}

/** Path and query of a request's target. */
export function split(target: string): [path: string, query: string] {
  const mark = target.indexOf('?');
  return mark < 0 ? [target, ''] : [target.slice(0, mark), target.slice(mark + 1)];
}

/**
 * The path to ask the upstream for, query included, below the upstream's own path. Both may name
 * the version: `https://host/v1` and `/v1/responses` are `/v1/responses`.
 */
export function pathAt(upstream: URL, target: string): string {
  const base = upstream.pathname.replace(/\/+$/, '');
  const last = base.slice(base.lastIndexOf('/'));
  const repeats = /^\/v\d\w*$/.test(last) && target.startsWith(`${last}/`);
  return repeats ? `${base.slice(0, -last.length)}${target}` : `${base}${target}`;
}

function credentialVendors(query: string, headers: ReadonlyMap<string, string>): Vendor[] {
  const found: Vendor[] = [];
  if (headers.has('x-api-key') || headers.has('anthropic-version')) found.push('anthropic');
  if (headers.has('x-goog-api-key') || /(?:^|&)key=/.test(query)) found.push('gemini');
  if (headers.has('openai-organization') || headers.has('openai-project')) found.push('openai');
  const bearer = /^Bearer +(\S{4,12})/i.exec(headers.get('authorization') ?? '')?.[1] ?? '';
  if (bearer.startsWith('sk-ant-')) found.push('anthropic');
  else if (/^sk-(?:proj|svcacct|admin)-/.test(bearer)) found.push('openai');
  else if (/^(?:AIza|ya29\.)/.test(bearer)) found.push('gemini');
  return found;
}

const PATHS: readonly (readonly [pattern: RegExp, vendor: Vendor])[] = [
  [/\/v1\/(?:messages|complete)(?:\/|$)/, 'anthropic'],
  [/^\/api\/(?:hello|oauth|claude_|claude-|event_logging)/, 'anthropic'],
  [/^\/(?:upload\/|download\/)?v1(?:beta|alpha)\d?\//, 'gemini'],
  [/\/models\/[^/:]+:\w+$/, 'gemini'],
  [/\/(?:chat\/completions|responses|completions|embeddings)(?:\/|$)/, 'openai'],
];

function pathVendor(path: string): Vendor | undefined {
  return PATHS.find(([pattern]) => pattern.test(path))?.[1];
}

function agentVendor(headers: ReadonlyMap<string, string>): Vendor | undefined {
  const agent = headers.get('user-agent') ?? '';
  if (/^(?:claude|Anthropic)/.test(agent)) return 'anthropic';
  if (/^(?:codex|OpenAI)/.test(agent)) return 'openai';
  return agent.startsWith('GeminiCLI') ? 'gemini' : undefined;
}

/** Everybody but Gemini begins with `/v1/`, and Anthropic's clients were known by now. */
function fallback(path: string): Vendor | undefined {
  return path.startsWith('/v1/') ? 'openai' : undefined;
}
