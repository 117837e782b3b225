/** Checks sessions that ended or fell silent, and records what nobody saw as `gap` events. */
import { createHmac } from 'node:crypto';
import type { Engine, Filter, Query, SessionRow } from '../engine/engine.ts';
import { uuidOfHash } from '../event/id.ts';
import { wholeOf } from '../event/part.ts';
import type { SessionCoverage, Shortfall } from '../search/coverage.ts';
import type { Coverages } from './coverage.ts';
import type { Door } from './door.ts';
import { isOwnSession, OWN_SESSION, type Own } from './own.ts';

export type AuditorOptions = Pick<Coverages, 'coverage'> & {
  readonly engine: Pick<Engine, 'sessions'>;
  readonly door: Pick<Door, 'recordOnce'>;
  /** Makes the ids of gaps, so that nobody else can take one before; a secret. */
  readonly gapKey: Buffer;
  readonly tenants: () => readonly string[];
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly silent_ms: number;
  /** How many events are recorded, and how many of them the index has read. */
  readonly head: () => number;
  readonly read: () => number;
};

export type Auditor = {
  /** Checks the sessions whose time has come since the last call; one call at a time. */
  readonly check: () => Promise<void>;
};

/** What is late from an exporter or a spool may still come, in milliseconds. */
const GRACE_MS = 30_000;
/** Sessions of one tenant and one check: what is more is said, and can be asked for. */
const SESSIONS = 50;
/** Behind by more, the index has better things to do, and what it says would be old. */
const LAG = 1000;
/** How far back the first check reaches: what ended while nothing ran. */
const FIRST_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** Rows that a shortfall of a session leaves: others need no reading. */
const SUSPECT: Filter = {
  kind: 'or',
  of: [
    { kind: 'keyword', field: 'source.kind', value: 'model_proxy' },
    { kind: 'keyword', field: 'status', value: 'unknown' },
    { kind: 'keyword', field: 'status', value: 'pending' },
    { kind: 'keyword', field: 'type', value: 'prompt' },
    // What is missing may lie long before the end.
    { kind: 'keyword', field: 'operation', value: 'end' },
  ],
};

export function openAuditor(options: AuditorOptions): Auditor {
  let seen_ms = options.now() - FIRST_MS;
  let mark: { readonly now_ms: number; readonly head: number } | undefined;
  let running: Promise<void> | undefined;
  const checkAll = async (): Promise<void> => {
    const read = options.read();
    const head = options.head();
    if (head - read > LAG) return;
    const now_ms = options.now();
    // A clock that was set back: what came under its time before was not looked at.
    if (now_ms < seen_ms) seen_ms = now_ms - FIRST_MS;
    await checkTenants(options, { seen_ms, now_ms });
    // What the index had yet to read was not looked at: that time is done when it has.
    mark ??= { now_ms, head };
    if (read < mark.head) return;
    seen_ms = mark.now_ms;
    mark = undefined;
  };
  return {
    check: () => {
      running ??= checkAll().finally(() => {
        running = undefined;
      });
      return running;
    },
  };
}

type Span = { readonly seen_ms: number; readonly now_ms: number };
type Turn = Span & { readonly tenant: string };

/** A tenant that cannot be checked keeps no other from it. Throws the first failure at the end. */
async function checkTenants(options: AuditorOptions, span: Span): Promise<void> {
  const failures: unknown[] = [];
  for (const tenant of options.tenants()) {
    await checkTenant(options, { tenant, ...span }).catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}

async function checkTenant(options: AuditorOptions, turn: Turn): Promise<void> {
  const { tenant, seen_ms, now_ms } = turn;
  const { silent_ms } = options;
  const due = new Set<string>();
  let most = 0;
  for (const wait_ms of [GRACE_MS, silent_ms]) {
    const from_ms = Math.max(0, seen_ms - wait_ms);
    const query: Query = { tenant, filter: SUSPECT, from_ms, to_ms: now_ms - wait_ms };
    const { value } = await options.engine.sessions(query, { limit: SESSIONS });
    for (const row of value) if (isDue(row, { now_ms, silent_ms })) due.add(wholeSession(row));
    most = Math.max(most, value.length);
  }
  if (most >= SESSIONS) await options.door.recordOnce(unchecked(options.gapKey, turn));
  for (const session_id of due) {
    const report = await options.coverage({ tenant, session_id });
    for (const shortfall of report.shortfalls) {
      // A producer's gap is in the trail already.
      if (shortfall.kind === 'gap') continue;
      const id = gapId(options.gapKey, { tenant, shortfall });
      await options.door.recordOnce({ id, ...gapOf(tenant, report, shortfall) });
    }
  }
}

type Found = { readonly tenant: string; readonly shortfall: Shortfall };

function gapId(key: Buffer, { tenant, shortfall }: Found): string {
  const { kind, session_id, call_id, time } = shortfall;
  return idOf(key, [tenant, session_id, kind, call_id ?? null, call_id ? null : time]);
}

/** The same finding has the same id: however often it is found, it is recorded once. */
function idOf(key: Buffer, finding: readonly unknown[]): string {
  const text = JSON.stringify(finding);
  const mac = createHmac('sha256', key).update(`claw/coverage/id/v2\n${text}`);
  return uuidOfHash(mac.digest());
}

type Times = { readonly now_ms: number; readonly silent_ms: number };

function isDue({ session_id, last_ms, ended }: SessionRow, { now_ms, silent_ms }: Times): boolean {
  if (isOwnSession(session_id)) return false;
  return now_ms - last_ms >= (ended ? GRACE_MS : silent_ms);
}

/** A sub-agent's calls are judged with those of the session that started it. */
function wholeSession({ session_id, parent_session_id }: SessionRow): string {
  return parent_session_id === undefined ? session_id : wholeOf({ session_id, parent_session_id });
}

function gapOf(tenant_id: string, report: SessionCoverage, shortfall: Shortfall): Own {
  const { kind, session_id, call_id, tool, witnesses } = shortfall;
  const about = { kind, witnesses, ...(call_id === undefined ? {} : { call_id }) };
  return {
    type: 'gap',
    tenant_id,
    session_id,
    ...(session_id === report.session_id ? {} : { parent_session_id: report.session_id }),
    ...(tool === undefined ? {} : { tool }),
    detail: DETAILS[kind](tool ?? 'a tool'),
    source: { kind: 'api', runtime: 'claw' },
    attributes: { coverage: about },
  };
}

const DETAILS: Readonly<Record<Shortfall['kind'], (tool: string) => string>> = {
  not_recorded: (tool) => `The model asked for ${tool}; the runtime never recorded the call.`,
  no_result: (tool) => `${tool} was asked for, and nobody saw what came of it.`,
  no_request: (tool) => `A result of ${tool} came, and nobody saw it asked for.`,
  gap: () => 'A producer told of a loss.',
  silent: () => 'The agent fell silent in the middle of its work.',
};

/** Said once an hour, as a check may come every few seconds and find the same. */
function unchecked(key: Buffer, { tenant: tenant_id, now_ms }: Turn): Own {
  return {
    id: idOf(key, [tenant_id, 'unchecked', Math.floor(now_ms / HOUR_MS)]),
    type: 'gap',
    tenant_id,
    session_id: OWN_SESSION,
    time: new Date(now_ms).toISOString(),
    detail: `More than ${SESSIONS} sessions were due at once: some were not checked.`,
    source: { kind: 'api', runtime: 'claw' },
    attributes: { coverage: { kind: 'unchecked', limit: SESSIONS } },
  };
}
