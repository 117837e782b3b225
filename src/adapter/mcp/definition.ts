/** Hashes the definitions of tools that a server lists, and notices those that changed. */
import { createHash } from 'node:crypto';
import { canonicalText } from '../../event/canonical.ts';
import { isObject } from '../../event/name.ts';
import { nameIn } from '../record.ts';

/** The hash (hex SHA-256) of each tool's definition when it was last listed, by the tool's name. */
export type KnownTools = Map<string, string>;

export type Changed = {
  readonly name: string;
  readonly sha256_before: string;
  readonly sha256: string;
  readonly definition: unknown;
};

export type Listing = {
  readonly listed: readonly { readonly name: string; readonly sha256: string }[];
  /** Definitions that this connection has not recorded yet. */
  readonly fresh: readonly unknown[];
  readonly changed: readonly Changed[];
  /** Elements that are no definition: without a name, or beyond what is remembered. */
  readonly passed_over: number;
};

/** Tools of one server that are remembered. */
export const TOOLS = 10_000;

/**
 * What a `tools/list` result lists. A definition is compared with the last one known by that name,
 * also within one list, and is known from then on; `seen` holds the hashes recorded in full.
 */
export function listTools(
  tools: readonly unknown[],
  known: KnownTools,
  seen: Set<string>,
): Listing {
  const listed: { name: string; sha256: string }[] = [];
  const fresh: unknown[] = [];
  const changed: Changed[] = [];
  for (const definition of tools) {
    const name = isObject(definition) ? nameIn(definition, 'name') : undefined;
    const before = name === undefined ? undefined : known.get(name);
    if (name === undefined || (before === undefined && known.size >= TOOLS)) continue;
    const sha256 = definitionHash(definition);
    listed.push({ name, sha256 });
    known.set(name, sha256);
    if (before !== undefined && before !== sha256) {
      changed.push({ name, sha256_before: before, sha256, definition });
    }
    if (!seen.has(sha256)) fresh.push(definition);
    seen.add(sha256);
  }
  return { listed, fresh, changed, passed_over: tools.length - listed.length };
}

/** SHA-256 of the canonical JSON; of the JSON as it came where that is nested beyond an event. */
export function definitionHash(definition: unknown): string {
  let text: string;
  try {
    text = canonicalText(definition);
  } catch {
    text = JSON.stringify(definition);
  }
  return createHash('sha256').update(text).digest('hex');
}
