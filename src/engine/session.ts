/** One session as a fold over its rows; folds of parts can be merged. */
import type { Event, Status } from '../event/event.ts';
import type { RowPlace, SessionRow } from './engine.ts';
import { endsSession, isCall } from './fold.ts';
import { keywordText } from './keyword.ts';
import type { Folded } from './row.ts';

/** What a session's fold takes of a row. */
export type SessionView = RowPlace & {
  /** Index of the row's first fact. */
  readonly index: number;
  readonly type: string | undefined;
  readonly status: string | undefined;
  readonly operation: string | undefined;
  readonly call_id: string | undefined;
  readonly parent: string | undefined;
  readonly agent: Event['agent'];
  readonly user: Event['user'];
};

type First<T> = RowPlace & { readonly value: T };

/** The fold over some of a session's rows. Plain JSON. */
export type SessionFold = {
  readonly first_ms: number;
  readonly last_ms: number;
  /** Time of the latest event that said that the session ended. */
  readonly ended_ms?: number;
  readonly rows: number;
  readonly prompts: number;
  readonly calls: number;
  readonly statuses: Readonly<Partial<Record<Status, number>>>;
  /** Of the earliest row that has one. */
  readonly parent?: First<string>;
  readonly agent?: First<NonNullable<Event['agent']>>;
  readonly user?: First<NonNullable<Event['user']>>;
  readonly prompt?: First<number>;
};

export function foldOf(view: SessionView): SessionFold {
  const { time_ms, seq, type, status, parent, agent, user } = view;
  const fold: Draft = {
    first_ms: time_ms,
    last_ms: time_ms,
    rows: 1,
    prompts: type === 'prompt' ? 1 : 0,
    calls: isCall(type) ? 1 : 0,
    statuses: status === undefined ? {} : { [status]: 1 },
  };
  if (parent !== undefined) fold.parent = { time_ms, seq, value: parent };
  if (agent !== undefined) fold.agent = { time_ms, seq, value: agent };
  if (user !== undefined) fold.user = { time_ms, seq, value: user };
  if (type === 'prompt') fold.prompt = { time_ms, seq, value: view.index };
  if (endsSession(view)) fold.ended_ms = time_ms;
  return fold;
}

export function mergeFolds(a: SessionFold | undefined, b: SessionFold): SessionFold {
  if (a === undefined) return b;
  const fold: Draft = {
    first_ms: Math.min(a.first_ms, b.first_ms),
    last_ms: Math.max(a.last_ms, b.last_ms),
    rows: a.rows + b.rows,
    prompts: a.prompts + b.prompts,
    calls: a.calls + b.calls,
    statuses: added(a.statuses, b.statuses),
  };
  const parent = earlier(a.parent, b.parent);
  const agent = earlier(a.agent, b.agent);
  const user = earlier(a.user, b.user);
  const prompt = earlier(a.prompt, b.prompt);
  const ended_ms = Math.max(a.ended_ms ?? -1, b.ended_ms ?? -1);
  if (parent !== undefined) fold.parent = parent;
  if (agent !== undefined) fold.agent = agent;
  if (user !== undefined) fold.user = user;
  if (prompt !== undefined) fold.prompt = prompt;
  if (ended_ms >= 0) fold.ended_ms = ended_ms;
  return fold;
}

type Draft = { -readonly [K in keyof SessionFold]: SessionFold[K] };

export function sessionRow(session_id: string, fold: SessionFold): SessionRow {
  const { first_ms, last_ms, rows, prompts, calls, statuses } = fold;
  const known = {
    parent_session_id: fold.parent?.value,
    agent: fold.agent?.value,
    user: fold.user?.value,
    prompt_index: fold.prompt?.value,
  };
  const ended = fold.ended_ms !== undefined;
  const row = { session_id, first_ms, last_ms, ended, rows, prompts, calls, statuses };
  return { ...row, ...defined(known) };
}

/** A row's view. */
export function viewOf({ time_ms, seq, facts, event }: Folded): SessionView {
  const { type, status, operation, call_id, parent_session_id: parent, agent, user } = event;
  return {
    time_ms,
    seq,
    index: facts[0]?.index ?? 0,
    type,
    status,
    operation,
    call_id,
    parent: parent === undefined ? undefined : keywordText(parent),
    agent: agent && known(AGENT, agent),
    user: user && known(USER, user),
  };
}

const AGENT = ['id', 'name', 'version', 'runtime'] as const;
const USER = ['id', 'name'] as const;

/** Names of these keys; undefined where there is none. */
function known<K extends string>(
  keys: readonly K[],
  object: { readonly [key in K]?: string | undefined },
): { readonly [key in K]?: string } | undefined {
  let names: { [key in K]?: string } | undefined;
  for (const key of keys) {
    const name = object[key];
    if (typeof name !== 'string') continue;
    names ??= {};
    names[key] = keywordText(name);
  }
  return names;
}

function earlier<T>(a: First<T> | undefined, b: First<T> | undefined): First<T> | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return (a.time_ms - b.time_ms || a.seq - b.seq) <= 0 ? a : b;
}

function added(a: SessionFold['statuses'], b: SessionFold['statuses']): SessionFold['statuses'] {
  const sum = { ...a };
  for (const status of Object.keys(b) as Status[])
    sum[status] = (sum[status] ?? 0) + (b[status] ?? 0);
  return sum;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function defined<T extends object>(fields: T): Defined<T> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Defined<T>;
}
