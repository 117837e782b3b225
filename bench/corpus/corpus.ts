/** The events of a run, written once as JSON lines, so that no measured second makes them. */
import { once } from 'node:events';
import { createWriteStream, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Generated, generateEvents } from '../generate.ts';
import type { Progress } from '../progress.ts';
import { seeded } from './random.ts';

export type Plan = {
  readonly seed: number;
  readonly count: number;
  /** Unix milliseconds of the first event and after the last. */
  readonly from_ms: number;
  readonly to_ms: number;
};

export type Sampling = {
  readonly count: number;
  readonly seed: number;
  /** All of them where absent. */
  readonly bodies?: number;
};

export type Corpus = Plan & {
  /** The JSON lines. */
  readonly file: string;
  readonly size_bytes: number;
  /** Bodies of `BODY_EVENTS` lines each. */
  readonly bodies: number;
  readonly body: (i: number) => Promise<Buffer>;
  /** Bytes of the bodies before this one. */
  readonly bytesBefore: (body: number) => number;
  /** Events from anywhere in the first bodies, the same ones for the same seed. */
  readonly sample: (sampling: Sampling) => Promise<readonly Generated[]>;
  readonly close: () => Promise<void>;
};

/** Events of one request. */
export const BODY_EVENTS = 100;
/** More than the longest line. */
const WINDOW_BYTES = 256 * 1024;
const WRITE_BYTES = 4 * 1024 * 1024;

type Note = Plan & { readonly ends: readonly number[] };

export type CorpusOptions = {
  readonly folder: string;
  readonly name: string;
  readonly plan: Plan;
  readonly progress: (label: string, total: number) => Progress;
};

/** Opens what an earlier run wrote into the folder, or writes it, by the plan. */
export async function openCorpus(options: CorpusOptions): Promise<Corpus> {
  const { folder, name } = options;
  const file = join(folder, `${name}.jsonl`);
  const noted = join(folder, `${name}.json`);
  if (!existsSync(noted)) writeFileSync(noted, JSON.stringify(await write(options, file)));
  const { ends, ...plan } = JSON.parse(readFileSync(noted, 'utf8')) as Note;
  const handle = await open(file);
  return {
    ...plan,
    file,
    size_bytes: statSync(file).size,
    bodies: ends.length,
    body: (i) => read(handle, ends[i - 1] ?? 0, ends[i] ?? 0),
    bytesBefore: (body) => ends[body - 1] ?? 0,
    sample: (sampling) => sample(handle, sampling, ends),
    close: () => handle.close(),
  };
}

/** The plan, and where each body ends. */
async function write({ plan, progress, name }: CorpusOptions, file: string): Promise<Note> {
  const { seed, count, from_ms, to_ms } = plan;
  const out = createWriteStream(file, { highWaterMark: WRITE_BYTES });
  const shown = progress(`writing ${name}`, count);
  const ends: number[] = [];
  const timeOf = (i: number) => Math.floor(from_ms + ((to_ms - from_ms) * i) / count);
  let lines = '';
  let size = 0;
  let done = 0;
  for (const event of generateEvents({ seed, count, timeOf })) {
    lines += `${JSON.stringify(event)}\n`;
    done++;
    if (done % BODY_EVENTS !== 0 && done !== count) continue;
    const body = Buffer.from(lines);
    lines = '';
    size += body.length;
    ends.push(size);
    shown.at(done);
    if (!out.write(body)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
  shown.stop();
  return { ...plan, ends };
}

async function read(handle: FileHandle, from: number, to: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(to - from);
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, from);
  return bytes.subarray(0, bytesRead);
}

async function sample(
  handle: FileHandle,
  { count, seed, bodies }: Sampling,
  ends: readonly number[],
): Promise<readonly Generated[]> {
  const random = seeded(seed);
  const size = (bodies === undefined ? ends.at(-1) : ends[bodies - 1]) ?? 0;
  const events: Generated[] = [];
  while (events.length < count) {
    const from = Math.floor(random() * size);
    const window = await read(handle, from, Math.min(size, from + WINDOW_BYTES));
    const begin = window.indexOf('\n') + 1;
    const end = window.indexOf('\n', begin);
    if (begin > 0 && end > begin) {
      events.push(JSON.parse(window.toString('utf8', begin, end)) as Generated);
    }
  }
  return events;
}
