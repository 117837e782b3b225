/** One session as a fold over its rows; folds of parts can be merged. */
import type { Event, Status } from '../event/event.ts';
import type { Doc } from './doc.ts';
import type { RowPlace, SessionRow } from './engine.ts';
import { endsSession, isCall } from './fold.ts';

/** What a session's fold takes of a row. */
export type SessionView = RowPlace & {
  /** Index of the row's first fact. */
  readonly index: number;
  readonly keyword: (field: string) => string | undefined;
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
  const { time_ms, seq } = view;
  const type = view.keyword('type');
  const status = view.keyword('status') as Status | undefined;
  const at = <T>(value: T | undefined) =>
    value === undefined ? undefined : { time_ms, seq, value };
  const parts = {
    parent: at(view.keyword('parent_session_id')),
    agent: at(objectOf<NonNullable<Event['agent']>>('agent', AGENT, view)),
    user: at(objectOf<NonNullable<Event['user']>>('user', USER, view)),
    prompt: at(type === 'prompt' ? view.index : undefined),
    ended_ms: ends(view) ? time_ms : undefined,
  };
  return {
    ...defined(parts),
    first_ms: time_ms,
    last_ms: time_ms,
    rows: 1,
    prompts: type === 'prompt' ? 1 : 0,
    calls: isCall(type) ? 1 : 0,
    statuses: status === undefined ? {} : { [status]: 1 },
  };
}

export function mergeFolds(a: SessionFold | undefined, b: SessionFold): SessionFold {
  if (a === undefined) return b;
  const ended = Math.max(a.ended_ms ?? -1, b.ended_ms ?? -1);
  return {
    ...defined({
      parent: earlier(a.parent, b.parent),
      agent: earlier(a.agent, b.agent),
      user: earlier(a.user, b.user),
      prompt: earlier(a.prompt, b.prompt),
      ended_ms: ended < 0 ? undefined : ended,
    }),
    first_ms: Math.min(a.first_ms, b.first_ms),
    last_ms: Math.max(a.last_ms, b.last_ms),
    rows: a.rows + b.rows,
    prompts: a.prompts + b.prompts,
    calls: a.calls + b.calls,
    statuses: added(a.statuses, b.statuses),
  };
}

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

/** A row's view from its searchable form. */
export function viewOf(row: RowPlace & { readonly index: number; readonly doc: Doc }): SessionView {
  const { time_ms, seq, index, doc } = row;
  return { time_ms, seq, index, keyword: (field) => doc.keywords.get(field)?.[0] };
}

function ends({ keyword }: SessionView): boolean {
  return endsSession({
    type: keyword('type'),
    call_id: keyword('call_id'),
    operation: keyword('operation'),
    status: keyword('status'),
  });
}

const AGENT = ['id', 'name', 'version', 'runtime'];
const USER = ['id', 'name'];

function objectOf<T extends object>(
  name: string,
  keys: readonly string[],
  { keyword }: SessionView,
): T | undefined {
  const entries = keys.flatMap((key) => {
    const value = keyword(`${name}.${key}`);
    return value === undefined ? [] : [[key, value] as const];
  });
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as T);
}

function earlier<T>(a: First<T> | undefined, b: First<T> | undefined): First<T> | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return (a.time_ms - b.time_ms || a.seq - b.seq) <= 0 ? a : b;
}

function added(a: SessionFold['statuses'], b: SessionFold['statuses']): SessionFold['statuses'] {
  const sum = { ...a };
  for (const [status, count] of Object.entries(b) as [Status, number][]) {
    sum[status] = (sum[status] ?? 0) + count;
  }
  return sum;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function defined<T extends object>(fields: T): Defined<T> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Defined<T>;
}
