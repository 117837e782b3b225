/** What must hold of an opened trail after a fault, and how it goes on from there. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { folderSource } from '../../src/ledger/verify/folder.ts';
import { verifyTrail } from '../../src/ledger/verify/verify.ts';
import { openReader } from '../../src/seal/keyring.ts';
import { readRootKey } from '../../src/seal/root.ts';
import { type Disk, realDisk } from '../../src/store/disk.ts';
import { openFileStore } from '../../src/store/file.ts';
import type { Trail } from '../../src/trail/trail.ts';
import type { Account } from './account.ts';
import { audit } from './audit.ts';
import type { Problem } from './work.ts';

export type CheckOptions = {
  readonly trail: Trail;
  readonly account: Account;
  /** Has everything signed that is durable. */
  readonly settle: () => Promise<void>;
};

/** Events of one call that are sent again. */
const BATCH = 500;
/** Looks at the index's progress; each lasts a moment, so that only one that stands still ends. */
const LOOKS = 1000;
const LOOK_MS = 20;

/**
 * Reads everything back, sends again under its ids what was not acknowledged, adds something new,
 * and reads everything back.
 */
export async function checkTrail(options: CheckOptions): Promise<readonly Problem[]> {
  const { trail, account, settle } = options;
  const problems = [...(await audit(trail, account))];
  for (const tenant of account.tenants()) {
    account.draft(tenant, 2);
    const waiting = account.waiting(tenant);
    for (let from = 0; from < waiting.length; from += BATCH) {
      const sent = waiting.slice(from, from + BATCH);
      account.receive(sent, await trail.ingest(sent, { tenant_id: tenant }));
    }
    const left = account.waiting(tenant).length;
    if (left > 0) problems.push({ kind: 'broken', what: `${tenant}: ${left} events are refused` });
    problems.push(...(await repeat(trail, account, tenant)));
  }
  await settle();
  await look(trail, account);
  return [...problems, ...(await audit(trail, account)), ...(await auditIndex(trail, account))];
}

/** What was acknowledged and is sent again is known, wherever it is by now. */
async function repeat(trail: Trail, account: Account, tenant: string): Promise<readonly Problem[]> {
  const sent = account.again(tenant);
  const receipts = await trail.ingest(sent, { tenant_id: tenant });
  return receipts.flatMap((receipt, i): Problem[] => {
    const id = sent[i]?.id ?? '';
    const index = account.kept(tenant).get(id)?.index;
    if (receipt.status === 'duplicate' && receipt.index === index) return [];
    return [{ kind: 'doubled', what: `${tenant} ${id} sent again: ${JSON.stringify(receipt)}` }];
  });
}

/** A client keeps the checkpoints that it was shown. */
export async function look(trail: Trail, account: Account): Promise<void> {
  for (const tenant of account.tenants()) {
    account.see(tenant, await trail.ledgerFile(tenant, 'checkpoint').catch(() => undefined));
  }
}

/** The followers caught up: every event is one row. */
async function auditIndex(trail: Trail, account: Account): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const tenant of account.tenants()) {
    const { count, complete } = await countAll(trail, tenant);
    const expected = account.kept(tenant).size;
    if (complete && count === expected) continue;
    const { engine } = await trail.status();
    const lag = `${engine.lag} behind, ${engine.failure?.code ?? 'no failure'}`;
    const what = `${tenant}: the index holds ${count} of ${expected} events, ${lag}`;
    problems.push({ kind: 'broken', what });
  }
  return problems;
}

async function countAll(trail: Trail, tenant: string) {
  for (let looks = 0; ; looks++) {
    const { count, read_to } = await trail.count({ tenant, query: 'type:prompt' });
    const { complete } = read_to;
    if (complete || looks > LOOKS) return { count, complete };
    await pause(LOOK_MS);
  }
}

/** A closed trail from its bytes, with the keys beside it: nothing at all may be wrong with it. */
export async function verifyData(data: string, disk: Disk = realDisk): Promise<readonly Problem[]> {
  const root = readRootKey(join(data, 'keys', 'root.key'));
  const opener = await openReader(openFileStore({ root: data, disk }), root);
  const { discrepancies } = await verifyTrail({ source: folderSource({ data, disk }), opener });
  return discrepancies.map(({ kind, file, message }) => ({
    kind: 'broken',
    what: `verify: ${kind} ${file ?? ''} ${message}`,
  }));
}
