/** A data folder of its own for a test, and trails opened in it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Fault } from '../../src/fault/fault.ts';
import { folderSource } from '../../src/ledger/verify/folder.ts';
import { verifyTrail } from '../../src/ledger/verify/verify.ts';
import { openReader } from '../../src/seal/keyring.ts';
import { readRootKey } from '../../src/seal/root.ts';
import { openFileStore } from '../../src/store/file.ts';
import { loadConfig } from '../../src/trail/config.ts';
import { openTrail } from '../../src/trail/open.ts';
import type { Receipt, Row, Trail } from '../../src/trail/trail.ts';

export type Place = {
  readonly data: string;
  /** Opens the trail; every one that is still open is closed by `clear`. */
  readonly open: (flags?: Readonly<Record<string, unknown>>) => Promise<Trail>;
  readonly faults: Fault[];
  readonly clear: () => Promise<void>;
};

/** Checkpoints are signed when a test asks, heartbeats come when it waits: no timer decides. */
const STILL = { checkpoint_interval_ms: 50, heartbeat_interval_s: 86_400 };

export function newPlace(now: () => number = Date.now): Place {
  const data = mkdtempSync(join(tmpdir(), 'claw-trail-'));
  const open = new Set<Trail>();
  const faults: Fault[] = [];
  return {
    data,
    faults,
    open: async (flags = {}) => {
      const config = loadConfig({ flags: { ...STILL, ...flags, data }, env: {} });
      const onFault = (fault: Fault) => void faults.push(fault);
      const trail = await openTrail({ config, version: '0.0.0-test', now, onFault });
      open.add(trail);
      const close = async () => {
        if (open.delete(trail)) await trail.close();
      };
      return { ...trail, close };
    },
    clear: async () => {
      for (const trail of open) await trail.close().catch(() => undefined);
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/** A producer of one tenant. */
export const ACME = { tenant_id: 'acme' } as const;

/** The whole trail from bytes, with the keys beside it. */
export async function verified(data: string) {
  const root = readRootKey(join(data, 'keys', 'root.key'));
  const opener = await openReader(openFileStore({ root: data }), root);
  return verifyTrail({ source: folderSource({ data }), opener });
}

export function accepted(receipts: readonly Receipt[]): { id: string; index: number }[] {
  return receipts.map((receipt) => {
    if (receipt.status === 'rejected') throw new Error(JSON.stringify(receipt.error));
    return { id: receipt.id, index: receipt.index };
  });
}

/** Files below a folder that hold these bytes. */
export function filesWith(folder: string, planted: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(planted));
}

/** The newest rows of a query, once the index has read everything. */
export async function rows(trail: Trail, query: string, tenant = 'acme'): Promise<readonly Row[]> {
  const { events, read_to } = await trail.search({ tenant, query, limit: 1000 });
  if (read_to.complete) return events;
  await pause(20);
  return rows(trail, query, tenant);
}
