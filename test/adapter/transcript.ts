/** Reads transcripts in tests as the command line does, and shows what became of each line. */
import { readFileSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transcriptOf } from '../../src/adapter/transcript/menu.ts';
import type { Origin, Reader } from '../../src/adapter/transcript/transcript.ts';
import type { Draft, Event } from '../../src/event/event.ts';
import { normalise } from '../../src/event/normalise.ts';
import { Fault } from '../../src/fault/fault.ts';

export const FROM_MS = Date.UTC(2026, 10, 21, 12);

export type ReadOut = {
  readonly events: readonly Event[];
  /** By line: what it became, in short, or why it adds nothing. */
  readonly lines: readonly (readonly [line: number, what: string | readonly object[]])[];
};

export function readerOf(format: string, origin: Partial<Origin> = {}): Reader {
  const transcript = transcriptOf(format);
  if (transcript === undefined) throw new Error(`no transcript ${format}`);
  return transcript.open({ stem: 'file', folder: '', from_ms: FROM_MS, ...origin });
}

/** Every draft passes the strict schema; a refused one fails the test. */
export function eventOf(draft: unknown): Event {
  const event = normalise(draft, {
    producer: { tenant_id: 'default' },
    now_ms: FROM_MS,
    newId: () => {
      throw new Error('the reader must give an id');
    },
    defaultTenant: 'default',
  });
  if (event instanceof Fault) throw event;
  return event;
}

export function readAll(format: string, records: readonly unknown[], origin?: Partial<Origin>) {
  const read = readerOf(format, origin);
  const events: Event[] = [];
  const lines = records.map((record, i) => {
    const adapted = read(record, i + 1);
    if ('skipped' in adapted) return [i + 1, adapted.skipped] as const;
    events.push(...adapted.drafts.map(eventOf));
    return [i + 1, adapted.drafts.map(short)] as const;
  });
  return { events, lines } satisfies ReadOut;
}

export function readFile(format: string, path: URL, origin?: Partial<Origin>): ReadOut {
  const file = fileURLToPath(path);
  const text = readFileSync(file, 'utf8');
  const records = text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
  return readAll(format, records, { stem: basename(file, extname(file)), ...origin });
}

const SHOWN = [
  ...['type', 'session_id', 'turn_id', 'time', 'tool', 'call_id', 'status', 'channel'],
  ...['operation', 'decision', 'tokens', 'model', 'duration_ms', 'arguments'],
] as const;

function short(draft: Draft): object {
  const shown = SHOWN.flatMap((key) => (draft[key] === undefined ? [] : [[key, draft[key]]]));
  const text = draft.content ?? draft.error?.message ?? draft.detail;
  const words = text === undefined ? {} : { words: text.slice(0, 60) };
  const code = draft.error?.code === undefined ? {} : { code: draft.error.code };
  return { ...Object.fromEntries(shown), ...code, ...words, id: draft.id };
}
