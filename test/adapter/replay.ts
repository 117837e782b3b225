/** Feeds records through an adapter as the server does: one by one, remembering calls. */
import { readFileSync } from 'node:fs';
import type { AdaptContext, Adapted, Adapter } from '../../src/adapter/adapter.ts';
import { claudeCode } from '../../src/adapter/claude-code/claude-code.ts';
import { rememberCalls } from '../../src/adapter/memory.ts';
import { callKey, foldCall } from '../../src/engine/fold.ts';
import type { Event } from '../../src/event/event.ts';
import { normalise } from '../../src/event/normalise.ts';
import { Fault } from '../../src/fault/fault.ts';

/** A fixed start, so that golden files stay the same. */
export const STARTED_MS = Date.UTC(2026, 10, 21, 12);

export type Replayed = {
  readonly events: readonly Event[];
  readonly skipped: readonly string[];
  /** What became of each record: its events, or why there are none. */
  readonly told: readonly (readonly Event[] | string)[];
};

/** Every draft becomes an event under the strict schema; a rejected one fails the test. */
export function replay(records: readonly unknown[], adapter: Adapter = claudeCode): Replayed {
  const captured = records.map((record, i) => ({ record, now_ms: STARTED_MS + i * 10 }));
  return replayAt(captured, adapter);
}

type Captured = { readonly record: unknown; readonly now_ms: number };

/** The same with the times at which the records came. */
export function replayAt(captured: readonly Captured[], adapter: Adapter = claudeCode): Replayed {
  const memory = rememberCalls(1000);
  const told = captured.map(({ record, now_ms }) => {
    const adapted = adapter.adapt(record, { now_ms, calls: memory.of('default') });
    if ('skipped' in adapted) return adapted.skipped;
    return adapted.drafts.map((draft) => {
      memory.note('default', draft);
      return eventOf(draft, now_ms);
    });
  });
  const skipped = told.filter((each) => typeof each === 'string');
  const events = told.flatMap((each) => (typeof each === 'string' ? [] : each));
  return { events, skipped, told };
}

/** The drafts of one record, judged by itself. */
export function adaptOne(
  record: unknown,
  { adapter = claudeCode, ...context }: Partial<AdaptContext> & { adapter?: Adapter } = {},
): readonly Event[] {
  const now_ms = context.now_ms ?? STARTED_MS;
  const adapted: Adapted = adapter.adapt(record, { now_ms, ...context });
  return 'drafts' in adapted ? adapted.drafts.map((draft) => eventOf(draft, now_ms)) : [];
}

/** Rows as search shows them: an id is recorded once, facts of one call are folded. */
export function rowsOf(events: readonly Event[]): readonly Event[] {
  const once = [...new Map(events.toReversed().map((event) => [event.id, event])).values()];
  const rows = Map.groupBy(once.toReversed(), (event) => callKey(event) ?? event.id);
  return [...rows.values()].map(foldCall);
}

export function readLines(path: URL | string): readonly unknown[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as unknown);
}

export function eventOf(draft: unknown, now_ms: number): Event {
  const event = normalise(draft, {
    producer: { tenant_id: 'default' },
    now_ms,
    newId: () => {
      throw new Error('the adapter must give an id');
    },
    defaultTenant: 'default',
  });
  if (event instanceof Fault) throw event;
  return event;
}

/** A record of one hook, with what all of them bear. */
export const hook = (hook_event_name: string, fields: object = {}) => ({
  session_id: 's1',
  cwd: '/p',
  prompt_id: 'p1',
  hook_event_name,
  ...fields,
});

/** The fields of a call of Bash. */
export const bash = (tool_use_id: string) => ({
  tool_name: 'Bash',
  tool_input: { command: 'ls' },
  tool_use_id,
});
