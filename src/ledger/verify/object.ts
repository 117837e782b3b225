/** Checks the large values that events keep apart: each is there and has its event's hash. */
import { hash } from 'node:crypto';
import type { Overflow } from '../../event/event.ts';
import type { JournalRecord } from '../../journal/journal.ts';
import type { Opened, Opener, Unopened } from '../../seal/seal.ts';
import type { Discrepancy, Findings } from './finding.ts';

export type ObjectCheckOptions = {
  readonly findings: Findings;
  readonly opener: Opener | undefined;
  /** A stored object by its key, where the source can read it. */
  readonly object: ((key: string) => Promise<Buffer | undefined>) | undefined;
};

/** What an event that moved a value out holds; its text may also stand in what an agent wrote. */
const MARK = Buffer.from('"overflow":[');

/** The check of one opened record's objects; undefined where it has none to check. */
export function checkObjects(
  { findings, opener, object }: ObjectCheckOptions,
  record: JournalRecord,
  opened: Opened | Unopened,
): Promise<void> | undefined {
  if (!('bytes' in opened) || !opened.bytes.includes(MARK)) return undefined;
  if (!opener?.openObject || !object) return undefined;
  const { tenant, index } = record;
  const { openObject } = opener;
  const problem = async ({
    object: key,
    sha256,
  }: Overflow): Promise<Discrepancy['kind'] | null> => {
    const envelope = await object(key);
    if (!envelope) return 'missing';
    const bytes = openObject(tenant, key, envelope);
    return Buffer.isBuffer(bytes) && hash('sha256', bytes, 'hex') === sha256 ? null : 'tampered';
  };
  return (async () => {
    for (const moved of overflowOf(opened.bytes)) {
      const kind = await problem(moved);
      if (kind === null) continue;
      const message = `The value of ${moved.field} at index ${index} is ${kind}.`;
      findings.add({ tenant, kind, index, file: moved.object, message });
    }
  })();
}

function overflowOf(bytes: Buffer): readonly Overflow[] {
  const { overflow } = JSON.parse(bytes.toString());
  return Array.isArray(overflow) ? overflow : [];
}
