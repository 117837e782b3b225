/** What a tenant's trail claims under signature: its key, published checkpoint and head. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Checkpoint, openCheckpoint, parseCheckpoint } from '../checkpoint.ts';
import { headKey, parseHead } from '../head.ts';
import { parseVkey, type Verifier } from '../note.ts';
import { ledgerKey } from '../published.ts';
import type { Findings, Kind } from './finding.ts';
import type { Source } from './source.ts';

/** A tree that was claimed, and the object that claims it. */
export type Claim = Pick<Checkpoint, 'size' | 'root'> & {
  readonly file: string;
  /** Whether the signature is good; a bad one is reported, and the rest still compared. */
  readonly signed: 'good' | 'bad';
};

export type Claims = {
  readonly vkey?: string;
  readonly checkpoint?: Claim;
  readonly head?: Claim;
};

export type ClaimOptions = {
  readonly source: Source;
  readonly tenant: string;
  readonly findings: Findings;
  /** The verifier key that is known from elsewhere. */
  readonly vkey?: string | undefined;
};

/** How long a first checkpoint may take from its head to its publication. */
const FIRST_PUBLICATION_MS = 1000;

/** Reads the checkpoint before the head: a running server moves the head first. */
export async function readClaims(options: ClaimOptions): Promise<Claims> {
  const { source, tenant } = options;
  const found = finder(options);
  const published = await source.file(tenant, 'checkpoint');
  const head = await source.head?.(tenant);
  const note = published ?? (head && (await awaitCheckpoint(source, tenant)));
  const stored = await source.file(tenant, 'vkey');
  if (note === undefined && head === undefined) return {};
  const { vkey, verifier } = readVkey(options, stored);
  const checkpoint =
    note && readClaim({ note, verifier, file: ledgerKey(tenant, 'checkpoint'), found });
  const claimed = head && readHead({ head, verifier, tenant, found });
  if (head === undefined && source.head !== undefined) {
    found('missing', headKey(tenant), 'The head is missing, but a checkpoint is published.');
  }
  return {
    ...(vkey === undefined ? {} : { vkey }),
    ...(checkpoint ? { checkpoint } : {}),
    ...(claimed ? { head: claimed } : {}),
  };
}

/** Size of the tree that the head claims by now, or 0 where it is not signed with that key. */
export async function readSigned(
  { source, tenant }: ClaimOptions,
  { vkey }: Claims,
): Promise<number> {
  const bytes = await source.head?.(tenant);
  const note = bytes && parseHead(bytes)?.note;
  const verifier = parseVkey(vkey ?? '');
  if (note === undefined || 'problem' in verifier) return 0;
  const opened = openCheckpoint(note, verifier);
  return 'problem' in opened ? 0 : opened.size;
}

/** A running server publishes its first checkpoint moments after its first head. */
async function awaitCheckpoint(source: Source, tenant: string): Promise<Buffer | undefined> {
  await pause(FIRST_PUBLICATION_MS);
  return source.file(tenant, 'checkpoint');
}

type Found = (kind: Kind, file: string, message: string) => void;

function finder({ tenant, findings }: ClaimOptions): Found {
  return (kind, file, message) => findings.add({ tenant, kind, file, message });
}

function readVkey(options: ClaimOptions, stored: Buffer | undefined) {
  const found = finder(options);
  const file = ledgerKey(options.tenant, 'vkey');
  const text = stored?.toString();
  const vkey = options.vkey?.trim() ?? text?.trim();
  if (text === undefined) found('missing', file, 'The verifier key is not published.');
  else if (text !== `${vkey}\n`)
    found('tampered', file, 'The verifier key is not the expected one.');
  if (vkey === undefined) return {};
  const verifier = parseVkey(vkey);
  if (!('problem' in verifier)) return { vkey, verifier };
  found('tampered', file, verifier.problem);
  return {};
}

type ClaimRead = {
  readonly note: Buffer | string;
  readonly verifier?: Verifier | undefined;
  readonly file: string;
  readonly found: Found;
};

function readClaim({ note, verifier, file, found }: ClaimRead): Claim | undefined {
  const opened = verifier && openCheckpoint(note, verifier);
  if (opened && !('problem' in opened)) {
    return { size: opened.size, root: opened.root, file, signed: 'good' };
  }
  if (opened) found('unsigned', file, `The checkpoint does not verify: ${opened.problem}`);
  // What it says is still worth comparing: it tells a damaged signature from another tree.
  const text = note.toString();
  const unsigned = parseCheckpoint(text.slice(0, text.lastIndexOf('\n\n') + 1));
  return unsigned && { size: unsigned.size, root: unsigned.root, file, signed: 'bad' };
}

function readHead({
  head,
  verifier,
  tenant,
  found,
}: {
  readonly head: Buffer;
  readonly verifier: Verifier | undefined;
  readonly tenant: string;
  readonly found: Found;
}): Claim | undefined {
  const file = headKey(tenant);
  const parsed = parseHead(head);
  if (parsed !== undefined) return readClaim({ note: parsed.note, verifier, file, found });
  found('tampered', file, 'The head does not match its own checksum.');
  return undefined;
}
