/** Feeds exports of telemetry through the families as the server does, remembering calls. */
import { readFileSync } from 'node:fs';
import type { Adapted } from '../../src/adapter/adapter.ts';
import { rememberCalls } from '../../src/adapter/memory.ts';
import { adaptTelemetry } from '../../src/adapter/otlp/otlp.ts';
import { logsOf, metricsOf, spansOf } from '../../src/adapter/otlp/telemetry.ts';
import type { Event } from '../../src/event/event.ts';
import { eventOf, STARTED_MS } from './replay.ts';

export const CAPTURES = new URL('../../../shared/captures/', import.meta.url);

/** One export as it was posted: `{headers, body}`. */
export type Post = {
  readonly body: Readonly<Record<string, unknown>> & { readonly base64?: string };
};

export function postsIn(path: string): readonly Post[] {
  const text = readFileSync(new URL(path, CAPTURES), 'utf8');
  return text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [JSON.parse(line) as Post]));
}

export type Heard = {
  readonly events: readonly Event[];
  /** By name of the record and reason, how often. */
  readonly skipped: Readonly<Record<string, number>>;
  readonly records: number;
  /** Records that became events. */
  readonly mapped: number;
};

/** Every draft becomes an event under the strict schema; a rejected one fails the test. */
export function hear(bodies: readonly unknown[], memory = rememberCalls(10_000)): Heard {
  const events: Event[] = [];
  const skipped: Record<string, number> = {};
  let records = 0;
  let mapped = 0;
  for (const body of bodies) {
    for (const record of [...logsOf(body), ...spansOf(body), ...metricsOf(body)]) {
      records++;
      if (record.kind === 'broken') throw new Error('A record is no record.');
      const context = { now_ms: STARTED_MS, calls: memory.of('default') };
      const adapted: Adapted = adaptTelemetry(record, context);
      if ('skipped' in adapted) {
        const key = `${record.kind} ${record.name}: ${adapted.skipped}`;
        skipped[key] = (skipped[key] ?? 0) + 1;
        continue;
      }
      if (adapted.drafts.length > 0) mapped++;
      for (const draft of adapted.drafts) {
        events.push(eventOf(draft, STARTED_MS));
        memory.note('default', draft);
      }
    }
  }
  return { events, skipped, records, mapped };
}
