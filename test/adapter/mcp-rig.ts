/** Feeds messages of MCP to a watcher and makes strict events of what it drafts. */
import type { Adapted } from '../../src/adapter/adapter.ts';
import type { KnownTools } from '../../src/adapter/mcp/definition.ts';
import type { Side } from '../../src/adapter/mcp/message.ts';
import { openWatch, type Watch, type WatchOptions } from '../../src/adapter/mcp/watch.ts';
import type { Event } from '../../src/event/event.ts';
import { normalise } from '../../src/event/normalise.ts';
import { Fault } from '../../src/fault/fault.ts';
import { rowsOf, STARTED_MS } from './replay.ts';

export type Conversation = {
  readonly watch: Watch;
  readonly events: Event[];
  readonly skipped: string[];
  readonly client: (message: unknown, exchange?: number) => readonly Event[];
  readonly server: (message: unknown, exchange?: number) => readonly Event[];
  readonly take: (drafts: readonly unknown[]) => readonly Event[];
  readonly end: () => readonly Event[];
  /** Unix milliseconds of the next message. */
  readonly now: () => number;
  readonly rows: () => readonly Event[];
};

/** Every message comes 10 ms after the one before it. */
export function converse(options: Partial<WatchOptions> = {}): Conversation {
  const known: KnownTools = new Map();
  const watch = openWatch({
    server: 'srv',
    place: 'place',
    transport: 'stdio',
    nonce: 'n1',
    sessionOf: () => 's1',
    known,
    ...options,
  });
  const events: Event[] = [];
  const skipped: string[] = [];
  let now_ms = STARTED_MS;
  const now = () => {
    now_ms += 10;
    return now_ms;
  };
  const take = (drafts: readonly unknown[]) => {
    const made = drafts.map(eventOf);
    events.push(...made);
    return made;
  };
  const put = (from: Side) => (message: unknown, exchange?: number) => {
    const adapted: Adapted = watch.message({ from, message, exchange }, now());
    if ('skipped' in adapted) skipped.push(adapted.skipped);
    return take('drafts' in adapted ? adapted.drafts : []);
  };
  return {
    watch,
    events,
    skipped,
    client: put('client'),
    server: put('server'),
    take,
    end: () => take(watch.end(now())),
    now,
    rows: () => rowsOf(events),
  };
}

/** As the front door makes it; a draft that is refused fails the test. */
export function eventOf(draft: unknown): Event {
  const event = normalise(JSON.parse(JSON.stringify(draft)), {
    producer: { tenant_id: 'default' },
    now_ms: STARTED_MS,
    newId: () => {
      throw new Error('the watcher must give an id');
    },
    defaultTenant: 'default',
  });
  if (event instanceof Fault) throw event;
  return event;
}

/** A call of a tool. */
export const call = (id: unknown, name = 'echo', more: object = {}) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: { message: 'hi' }, ...more },
});

export const result = (id: unknown, value: unknown = { content: [] }) => ({
  jsonrpc: '2.0',
  id,
  result: value,
});
