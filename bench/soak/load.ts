/** Sends events at a steady rate and asks beside it, for as long as it is told to. */
import { setTimeout as pause } from 'node:timers/promises';
import { BODY_EVENTS } from '../corpus/corpus.ts';
import { holds, KINDS, questionOf } from '../corpus/question.ts';
import { post } from '../fill.ts';
import { type Generated, generateEvents } from '../generate.ts';
import { spread, type Values } from '../measure.ts';
import { pathOf } from '../part/search.ts';
import type { Server } from '../server.ts';

export type Load = {
  /** Latencies since it was last asked, in milliseconds. */
  readonly recent: () => { record: Values; search: Values };
  readonly total: () => { record: Values; search: Values; late_max_ms: number };
  /** Events acknowledged so far, by tenant. */
  readonly acknowledged: () => ReadonlyMap<string, number>;
  /** Resolves when all was sent and answered; throws what a request threw. */
  readonly done: Promise<void>;
};

export type LoadOptions = {
  readonly server: Server;
  readonly seconds: number;
  /** Events a second. */
  readonly rate: number;
};

/** Requests under way, beyond which the client waits and is late. */
const UNDER_WAY = 64;
/** How often somebody asks. */
const ASK_MS = 500;
/** Events about which questions are asked: some of those just recorded. */
const KNOWN = 500;
const DAY_MS = 86_400_000;

export function startLoad(options: LoadOptions): Load {
  const counts = new Map<string, number>();
  const known: Generated[] = [];
  const record = openTimes();
  const search = openTimes();
  const pace = { late_max_ms: 0, over: false };
  const sending = sendAll(options, {
    pace,
    taken: (events, ms) => {
      record.add(ms);
      for (const { tenant_id } of events) counts.set(tenant_id, (counts.get(tenant_id) ?? 0) + 1);
      const [first] = events;
      if (first) known[record.count() % KNOWN] = first;
    },
  });
  const done = Promise.all([
    sending.finally(() => {
      pace.over = true;
    }),
    askOn(options.server, { pace, known, search }),
  ]).then(() => undefined);
  return {
    recent: () => ({ record: record.recent(), search: search.recent() }),
    total: () => ({
      ...{ record: record.total(), search: search.total() },
      late_max_ms: Math.round(pace.late_max_ms),
    }),
    acknowledged: () => counts,
    done,
  };
}

type Pace = { late_max_ms: number; over: boolean };

type Sending = {
  readonly pace: Pace;
  readonly taken: (events: readonly Generated[], ms: number) => void;
};

async function sendAll({ server, seconds, rate }: LoadOptions, { pace, taken }: Sending) {
  const count = Math.floor((seconds * rate) / BODY_EVENTS) * BODY_EVENTS;
  const events = generateEvents({ seed: Date.now() >>> 0, count, timeOf: () => Date.now() });
  const waiting = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  const began = performance.now();
  for (let sent = 0; sent < count; sent += BODY_EVENTS) {
    const due = began + (sent / rate) * 1000;
    const early = due - performance.now();
    if (early > 0) await pause(early);
    while (waiting.size >= UNDER_WAY) await Promise.race(waiting);
    if (failure) throw failure.error;
    pace.late_max_ms = Math.max(pace.late_max_ms, performance.now() - due);
    const batch = nextOf(events, BODY_EVENTS);
    const body = Buffer.from(batch.map((event) => JSON.stringify(event)).join('\n'));
    const from = performance.now();
    const sending = post(server, body)
      .then(() => taken(batch, performance.now() - from))
      .catch((error: unknown) => {
        failure = { error };
      })
      .finally(() => waiting.delete(sending));
    waiting.add(sending);
  }
  await Promise.all(waiting);
  if (failure) throw failure.error;
}

function nextOf(events: Generator<Generated>, count: number): readonly Generated[] {
  const batch: Generated[] = [];
  while (batch.length < count) {
    const { value, done } = events.next();
    if (done) break;
    batch.push(value);
  }
  return batch;
}

type Asking = {
  readonly pace: Readonly<Pace>;
  readonly known: readonly Generated[];
  readonly search: ReturnType<typeof openTimes>;
};

/** One question of each kind in turn, about something that was recorded lately. */
async function askOn(server: Server, { pace, known, search }: Asking): Promise<void> {
  for (let i = 0; !pace.over; i++) {
    await pause(ASK_MS);
    const event = known[(i * 7919) % Math.max(known.length, 1)];
    const kind = KINDS[i % KINDS.length];
    if (!event || !kind) continue;
    const to_ms = Date.now();
    const question = questionOf(event, { from_ms: to_ms - DAY_MS, to_ms });
    if (!holds(question, kind)) continue;
    const from = performance.now();
    await server.get(pathOf(kind, question));
    search.add(performance.now() - from);
  }
}

function openTimes() {
  const all: number[] = [];
  let asked = 0;
  return {
    add: (ms: number) => {
      all.push(ms);
    },
    count: () => all.length,
    total: () => spread(all),
    recent: () => {
      const since = all.slice(asked);
      asked = all.length;
      return spread(since);
    },
  };
}
