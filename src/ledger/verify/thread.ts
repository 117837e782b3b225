/** Entry of a verifier's thread: answers one job after the other. */
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { openLink, type Port } from '../../engine/sqlite/link.ts';
import { openReader } from '../../seal/keyring.ts';
import { readRootKey } from '../../seal/root.ts';
import type { Opener } from '../../seal/seal.ts';
import { openFileStore } from '../../store/file.ts';
import { readRoots } from './bundle.ts';
import { checkRun } from './run.ts';
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
  const { tenant } = check.segment;
  return checkRun({ store, opener: await openerOf(tenant) }, check);
}

async function openerOf(tenant: string): Promise<Opener | undefined> {
  if (keys === 'leave') return undefined;
  if (held?.tenant !== tenant) {
    const root = readRootKey(join(data, 'keys', 'root.key'));
    held = { tenant, opener: openReader(store, root, [tenant]) };
  }
  return held.opener;
}
