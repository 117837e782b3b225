/** Replays the recorded sessions of `demo/` into a trail, with fresh times, once. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rememberCalls } from '../adapter/memory.ts';
import { adapterNamed } from '../adapter/menu.ts';
import { DEFAULT_TENANT, type Draft } from '../event/event.ts';
import { uuidOfHash } from '../event/id.ts';
import type { Trail } from '../trail/trail.ts';

/** What became of one recording. */
export type Replayed = {
  readonly title: string;
  readonly session_id: string;
  readonly events: number;
  /** Already there from an earlier demo on the same data folder. */
  readonly repeated: number;
};

type Heading = { readonly recording: string; readonly started_before_ms: number };
type Line = { readonly after_ms: number } & (
  | { readonly runtime: string; readonly record: unknown }
  | { readonly event: Draft }
);

const FOLDER = join(import.meta.dirname, '..', '..', 'demo');
const CALLS = 1000;

export async function replayDemo(trail: Trail, now_ms: number): Promise<readonly Replayed[]> {
  const replayed: Replayed[] = [];
  for (const name of readdirSync(FOLDER)
    .filter((file) => file.endsWith('.jsonl'))
    .sort()) {
    const [heading, ...lines] = read(join(FOLDER, name)) as [Heading, ...Line[]];
    const drafts = draftsOf(name, lines, now_ms - heading.started_before_ms);
    const receipts = await trail.ingest(drafts, { tenant_id: DEFAULT_TENANT });
    const refused = receipts.find(({ status }) => status === 'rejected');
    if (refused && 'error' in refused) throw new TypeError(`${name}: ${refused.error.message}`);
    replayed.push({
      title: heading.recording,
      session_id: drafts[0]?.session_id ?? '',
      events: receipts.length,
      repeated: receipts.filter(({ status }) => status === 'duplicate').length,
    });
  }
  return replayed;
}

function read(path: string): unknown[] {
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line));
}

/** Through the adapters of live records; ids are the recording's, so a repeat adds nothing. */
function draftsOf(name: string, lines: readonly Line[], start_ms: number): Draft[] {
  const calls = rememberCalls(CALLS);
  return lines.flatMap((line, at) => {
    const seen_ms = start_ms + line.after_ms;
    const time = new Date(seen_ms).toISOString();
    const drafts = 'event' in line ? [line.event] : adapted(line, seen_ms, calls);
    for (const draft of drafts) calls.note(DEFAULT_TENANT, draft);
    return drafts.map((draft, k) => ({ ...draft, time, id: idOf(`${name}:${at}:${k}`) }));
  });
}

function adapted(
  { runtime, record }: { readonly runtime: string; readonly record: unknown },
  now_ms: number,
  calls: ReturnType<typeof rememberCalls>,
): readonly Draft[] {
  const seen = adapterNamed(runtime).adapt(record, { now_ms, calls: calls.of(DEFAULT_TENANT) });
  return 'drafts' in seen ? seen.drafts : [];
}

function idOf(place: string): string {
  return uuidOfHash(createHash('sha256').update(`claw/demo/${place}`).digest());
}
