/** Heads: the small durable objects that say how far a tenant's tree and the archive have come. */
import { hash } from 'node:crypto';
import { canonicalBytes } from '../event/canonical.ts';
import { TENANT } from '../event/event.ts';
import { Fault } from '../fault/fault.ts';
import type { JournalBase } from '../journal/journal.ts';
import type { Store } from '../store/store.ts';

/** The last checkpoint that was signed for a tenant, published or not. */
export type Head = { readonly note: string; readonly at_ms: number };

/** How far the archive has come. */
export type Progress = {
  /** Every smaller seq of the journal is archived. */
  readonly seq: number;
  /** Archived records of each tenant. */
  readonly sizes: Readonly<Record<string, number>>;
  /** Segments up to this seq (exclusive) are being written; the same ones after a crash. */
  readonly plan_to?: number;
};

/** No tenant can bear this name. */
export const PROGRESS_KEY = 'head/_archive';
const HEAD_PREFIX = 'head/';

export function headKey(tenant: string): string {
  return `${HEAD_PREFIX}${tenant}`;
}

export function encodeHead({ note, at_ms }: Head): Buffer {
  return encodeChecked({ v: 1, at_ms, note });
}

/** The head of bytes that `encodeHead` writes, or undefined for any other bytes. */
export function parseHead(bytes: Buffer): Head | undefined {
  const { v, at_ms, note } = parseChecked(bytes) ?? {};
  if (v !== 1 || typeof at_ms !== 'number' || typeof note !== 'string') return undefined;
  return { note, at_ms };
}

/** Tenants that have a head. */
export async function headTenants(store: Store): Promise<readonly string[]> {
  const tenants: string[] = [];
  for await (const key of store.list(HEAD_PREFIX)) {
    const tenant = key.slice(HEAD_PREFIX.length);
    if (TENANT.test(tenant)) tenants.push(tenant);
  }
  return tenants;
}

/** How far the archive has come; zero where nothing was archived. Throws `ledger.damaged`. */
export async function readProgress(store: Store): Promise<Progress> {
  const bytes = await store.get(PROGRESS_KEY);
  if (bytes === undefined) return { seq: 0, sizes: {} };
  const progress = parseProgress(bytes);
  if (progress !== undefined) return progress;
  throw new Fault('ledger.damaged', `The object ${PROGRESS_KEY} was changed or damaged.`, {
    hint: 'Run `clawctl verify` for what is wrong; restore the head folder from its copy.',
  });
}

/** Where a journal begins whose older records are in the archive: for opening that journal. */
export async function journalBase(store: Store): Promise<JournalBase> {
  return { sizes: (await readProgress(store)).sizes };
}

/** Replaces the progress that was read. Throws `store.conflict` where it is not there any more. */
export async function writeProgress(store: Store, from: Progress, to: Progress): Promise<void> {
  const first = from.seq === 0 && from.plan_to === undefined;
  await store.swap(PROGRESS_KEY, first ? undefined : encodeProgress(from), encodeProgress(to));
}

function encodeProgress(progress: Progress): Buffer {
  return encodeChecked({ v: 1, ...progress });
}

/** The progress of bytes that were written as such, or undefined for any other bytes. */
export function parseProgress(bytes: Buffer): Progress | undefined {
  const { v, seq, sizes, plan_to } = parseChecked(bytes) ?? {};
  if (v !== 1 || typeof seq !== 'number' || typeof sizes !== 'object') return undefined;
  const progress = { seq, sizes: sizes as Progress['sizes'] };
  return typeof plan_to === 'number' ? { ...progress, plan_to } : progress;
}

/** Canonical JSON with a checksum over the rest of it. */
function encodeChecked(body: Readonly<Record<string, unknown>>): Buffer {
  const sha256 = hash('sha256', canonicalBytes(body), 'hex');
  return canonicalBytes({ ...body, sha256 });
}

function parseChecked(bytes: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const { sha256: _, ...body } = JSON.parse(bytes.toString());
    return encodeChecked(body).equals(bytes) ? body : undefined;
  } catch {
    return undefined;
  }
}
