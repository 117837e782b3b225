/** What the server counts about itself and its trail, for Prometheus. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { TrailStatus } from '../trail/trail.ts';

export type Metrics = ReturnType<typeof openMetrics>;

const BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const JOURNAL_STATES = ['open', 'full', 'failed', 'closed'] as const;

export function openMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return { registry, ...counters([registry]), ...gauges([registry]) };
}

type Registers = [Registry];

function counters(registers: Registers) {
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[] = []) =>
    new Counter({ name: `claw_${name}_total`, help, labelNames, registers });
  return {
    requests: new Histogram({
      name: 'claw_http_request_duration_seconds',
      help: 'Requests by route and status.',
      labelNames: ['method', 'route', 'status'],
      buckets: BUCKETS_S,
      registers,
    }),
    events: counter('events', 'Events received, by what became of them.', ['outcome', 'code']),
    bytes: counter('ingest_bytes', 'Bytes of event bodies, inflated.'),
    refusals: counter('refused_requests', 'Requests refused: token, role, tenant.', ['reason']),
    notesLost: counter('access_notes_lost', 'Readings that could not be recorded.'),
    tailsCut: counter('tail_clients_cut', 'Live tails whose reader did not keep up.'),
  };
}

function gauges(registers: Registers) {
  const gauge = <Label extends string>(name: string, help: string, labelNames: Label[] = []) =>
    new Gauge({ name: `claw_${name}`, help, labelNames, registers });
  return {
    tails: gauge('tail_clients', 'Live tails that are open.'),
    inflight: gauge('inflight_bytes', 'Bytes of the requests in work.'),
    up: gauge('up', 'Whether the trail answers.'),
    queue: gauge('queue_events', 'Events that wait for the journal.'),
    queueLimit: gauge('queue_limit_events', 'The most that may wait.'),
    journalState: gauge('journal_state', '1 for the state that it is in.', ['state']),
    journalHead: gauge('journal_head', 'The next place in the journal.'),
    journalBytes: gauge('journal_bytes', 'Bytes of the journal.'),
    engineCursor: gauge('engine_cursor', 'The place that the index reads next.'),
    engineLag: gauge('engine_lag_events', 'Events that the index has yet to read.'),
    engineRows: gauge('engine_rows', 'Rows of the index.'),
    engineBytes: gauge('engine_bytes', 'Bytes of the index.'),
    engineOpenCalls: gauge('engine_open_calls', 'Calls without a result yet.'),
    tenants: gauge('tenants', 'Tenants of the trail.'),
    recorded: gauge('recorded_events', 'Events recorded.', ['tenant']),
    treeSize: gauge('ledger_size', 'Entries that the latest checkpoint covers.', ['tenant']),
    checkpointAge: gauge('checkpoint_age_seconds', 'Age of the latest checkpoint.', ['tenant']),
  };
}

export type Observed = {
  readonly metrics: Metrics;
  readonly budget: { readonly used: () => number };
  readonly tails: { readonly taken: () => number };
  readonly limits: { readonly metric_tenants: number };
  readonly now: () => number;
};

/** Sets the gauges to what the trail says of itself; undefined where it does not answer. */
export function observe(observed: Observed, status: TrailStatus | undefined): void {
  const { metrics, budget, tails } = observed;
  metrics.inflight.set(budget.used());
  metrics.tails.set(tails.taken());
  metrics.up.set(status ? 1 : 0);
  if (!status) return;
  const { queue, journal, engine } = status;
  metrics.queue.set(queue.events);
  metrics.queueLimit.set(queue.limit);
  for (const state of JOURNAL_STATES) {
    metrics.journalState.set({ state }, journal.state === state ? 1 : 0);
  }
  metrics.journalHead.set(journal.head);
  metrics.journalBytes.set(journal.bytes);
  metrics.engineCursor.set(engine.cursor);
  metrics.engineLag.set(engine.lag);
  metrics.engineRows.set(engine.rows);
  metrics.engineBytes.set(engine.bytes);
  metrics.engineOpenCalls.set(engine.open_calls);
  observeTenants(observed, status);
}

function observeTenants({ metrics, limits, now }: Observed, { tenants }: TrailStatus): void {
  metrics.tenants.set(tenants.length);
  for (const { tenant, recorded, tree_size, checkpoint_at } of tenants.slice(
    0,
    limits.metric_tenants,
  )) {
    metrics.recorded.set({ tenant }, recorded);
    metrics.treeSize.set({ tenant }, tree_size);
    if (checkpoint_at === undefined) continue;
    metrics.checkpointAge.set({ tenant }, Math.max(0, (now() - Date.parse(checkpoint_at)) / 1000));
  }
}
