/** Entry of a verifier's thread: answers one job after the other. */
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { openLink, type Port } from '../../engine/sqlite/link.ts';
import type { Opener } from '../../seal/seal.ts';
import { openFileStore } from '../../store/file.ts';
import { readRoots } from './bundle.ts';
import type { CrewOptions, Job } from './threads.ts';

const { data, keys }: CrewOptions = workerData;
const store = openFileStore({ root: data });
/** Segments come tenant by tenant: the keys of one are enough. */
let held: { readonly tenant: string; readonly opener: Promise<Opener> } | undefined;

openLink(parentPort as Port, (body) => {
  const job = body as Job;
  return job.kind === 'roots' ? readRoots(data, job.range) : runOf(job);
});

async function runOf({ check }: Extract<Job, { readonly kind: 'run' }>) {
  const { checkRun } = await import('./run.ts');
  return checkRun({ store, opener: await openerOf(check.segment.tenant) }, check);
}

async function openerOf(tenant: string): Promise<Opener | undefined> {
  if (keys === 'leave') return undefined;
  if (held?.tenant !== tenant) held = { tenant, opener: openKeys(tenant) };
  return held.opener;
}

/** Loaded when records are opened: a tree is checked without. */
async function openKeys(tenant: string): Promise<Opener> {
  const { openReader } = await import('../../seal/keyring.ts');
  const { readRootKey } = await import('../../seal/root.ts');
  return openReader(store, readRootKey(join(data, 'keys', 'root.key')), [tenant]);
}
