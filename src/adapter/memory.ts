/** Remembers the last tool calls that were recorded, so that adapters can join what has no id. */
import { createHash } from 'node:crypto';
import { canonicalText } from '../event/canonical.ts';
import type { Draft } from '../event/event.ts';
import { wholeOf } from '../event/part.ts';
import type { AlikeCall, CallState, KnownCalls } from './adapter.ts';
import { given } from './record.ts';
import { openSites } from './site.ts';

export type CallMemory = {
  /** What adapters may ask, within one tenant. */
  readonly of: (tenant_id: string) => KnownCalls;
  /** To be told of every draft that was recorded, and only then. */
  readonly note: (tenant_id: string, draft: Draft) => void;
};

type Remembered = AlikeCall & {
  readonly key: string;
  readonly state: CallState;
  /** Hashes of tool and arguments, as each witness named them. */
  readonly asked: readonly string[];
};

/** Calls that are remembered of one question: an agent that repeats itself costs no more. */
const ALIKE = 64;
/** Ways in which witnesses name one call: a wrapper and what it carries, a tool spelt twice. */
const NAMINGS = 4;

/** At most `limit` calls, the longest untouched forgotten first. */
export function rememberCalls(limit: number): CallMemory {
  const calls = new Map<string, Remembered>();
  /** By the own id of a call, the id under which it was recorded. */
  const aliases = new Map<string, string>();
  const questions = openQuestions();
  const sites = openSites(limit);

  return {
    of: (tenant) => {
      const alike = (session_id: string, tool: string, args: unknown): Remembered[] => {
        const question = questionOf(tenant, { session_id, tool, arguments: args });
        return questions.keys(question).flatMap((key) => calls.get(key) ?? []);
      };
      return {
        stateOf: (session_id, call_id) => calls.get(keyOf(tenant, session_id, call_id))?.state,
        asked: (session_id, tool, args) =>
          alike(session_id, tool, args).findLast(({ state }) => state !== 'answered')?.call_id,
        alike,
        aliasOf: (session_id, call_id) => aliases.get(keyOf(tenant, session_id, call_id)),
        sessionsOf: (call_id) => sites.of(tenant, call_id),
      };
    },
    note: (tenant, draft) => {
      const { call_id, attributes } = draft;
      const seen = stateIn(draft);
      if (call_id === undefined || seen === undefined) return;
      const key = keyOf(tenant, wholeOf(draft), call_id);
      const before = calls.get(key);
      const now = remembered(
        { key, call_id, state: seen, before, draft },
        questionOf(tenant, draft),
      );
      calls.delete(key);
      calls.set(key, now);
      for (const question of now.asked) {
        if (!before?.asked.includes(question)) questions.add(question, key);
      }
      sites.note(tenant, call_id, draft);
      const own = attributes?.[OWN_ID];
      if (typeof own === 'string') aliases.set(keyOf(tenant, wholeOf(draft), own), call_id);
      const [oldest] = aliases.size > limit ? aliases.keys() : [];
      if (oldest !== undefined) aliases.delete(oldest);
      forget(calls, questions, limit);
    },
  };
}

type Questions = ReturnType<typeof openQuestions>;

/** Forgets the longest untouched calls beyond the limit. */
function forget(calls: Map<string, Remembered>, questions: Questions, limit: number): void {
  for (const [key, { asked }] of calls) {
    if (calls.size <= limit) return;
    calls.delete(key);
    for (const question of asked) questions.drop(question, key);
  }
}

type Noted = Pick<Remembered, 'key' | 'call_id' | 'state'> & {
  readonly before: Remembered | undefined;
  readonly draft: Draft;
};

/** What is known of a call with one more fact of it. */
function remembered(noted: Noted, question: string | undefined): Remembered {
  const { key, call_id, before, draft } = noted;
  const state = before && ORDER[before.state] > ORDER[noted.state] ? before.state : noted.state;
  const known = before?.asked ?? [];
  const isNew = question !== undefined && !known.includes(question) && known.length < NAMINGS;
  const asked = isNew ? [...known, question] : known;
  const witnesses = new Set([...(before?.witnesses ?? []), ...witnessesIn(draft)]);
  const made = before?.made_ms ?? madeIn(draft);
  return { key, call_id, state, witnesses, asked, ...given('made_ms', made) };
}

/** The attribute with a call's own id, where it was recorded under one that was made before. */
export const OWN_ID = 'own_call_id';

function madeIn({ attributes, time }: Draft): number | undefined {
  const at_ms = Date.parse(time ?? '');
  return attributes?.['call_id_made'] === true && at_ms > 0 ? at_ms : undefined;
}

/** Keys of the calls asked with one question, in order. */
function openQuestions() {
  const questions = new Map<string, string[]>();
  return {
    keys: (question: string): readonly string[] => questions.get(question) ?? [],
    add: (question: string, key: string) => {
      const keys = questions.get(question) ?? [];
      if (keys.includes(key)) return;
      keys.push(key);
      if (keys.length > ALIKE) keys.shift();
      questions.set(question, keys);
    },
    drop: (question: string, key: string) => {
      const left = questions.get(question)?.filter((other) => other !== key) ?? [];
      if (left.length === 0) questions.delete(question);
      else questions.set(question, left);
    },
  };
}

/**
 * What is known with what a batch says that is not recorded yet. `batch` is a memory of its own,
 * of the tenant `''`.
 */
export function layered(recorded: KnownCalls, batch: CallMemory): KnownCalls {
  const fresh = batch.of('');
  const stateOf: KnownCalls['stateOf'] = (session_id, call_id) => {
    const before = recorded.stateOf(session_id, call_id);
    return before === 'answered' ? before : (fresh.stateOf(session_id, call_id) ?? before);
  };
  const alike: KnownCalls['alike'] = (session_id, tool, args) => {
    const calls = new Map<string, AlikeCall>();
    for (const known of [recorded, fresh]) {
      for (const { call_id, ...call } of known.alike(session_id, tool, args)) {
        const before = calls.get(call_id);
        const witnesses = new Set([...(before?.witnesses ?? []), ...call.witnesses]);
        const made = given('made_ms', before?.made_ms ?? call.made_ms);
        calls.set(call_id, { call_id, witnesses, ...made });
      }
    }
    return [...calls.values()];
  };
  return {
    stateOf,
    alike,
    aliasOf: (session_id, call_id) =>
      recorded.aliasOf(session_id, call_id) ?? fresh.aliasOf(session_id, call_id),
    sessionsOf: (call_id) => [
      ...new Set([...recorded.sessionsOf(call_id), ...fresh.sessionsOf(call_id)]),
    ],
    asked: (session_id, tool, args) =>
      alike(session_id, tool, args).findLast(
        ({ call_id }) => stateOf(session_id, call_id) !== 'answered',
      )?.call_id,
  };
}

export type Layered = { readonly known: KnownCalls; readonly batch: CallMemory };

/** Calls of one batch that are joined with each other before they are recorded. */
const BATCH_CALLS = 10_000;

/** What is known of calls, and what a batch itself says, which is not recorded yet. */
export function layersOf(recorded: KnownCalls): Layered {
  const batch = rememberCalls(BATCH_CALLS);
  return { known: layered(recorded, batch), batch };
}

const ORDER: Readonly<Record<CallState, number>> = { asked: 0, escalated: 1, answered: 2 };

/** What a fact says of its call; one that goes on in the background is answered. */
function stateIn({ type, status, result }: Draft): CallState | undefined {
  if (type === 'approval') return 'escalated';
  if (type !== 'tool_call') return undefined;
  return (status ?? 'pending') !== 'pending' || result !== undefined ? 'answered' : 'asked';
}

/**
 * Telemetry tells of one call twice, by a log record and by a span: each counts as a witness of
 * its own, `otel/log` and `otel/span`, beside their kind.
 */
function witnessesIn({ source, attributes }: Draft): string[] {
  if (source === undefined) return [];
  const signal = attributes?.['otel_signal'];
  return typeof signal === 'string' ? [source.kind, `${source.kind}/${signal}`] : [source.kind];
}

type Asked = Pick<Draft, 'session_id' | 'parent_session_id' | 'tool' | 'arguments'>;

function keyOf(...parts: readonly string[]): string {
  return JSON.stringify(parts);
}

function questionOf(tenant: string, asked: Asked & { readonly tool: string }): string;
function questionOf(tenant: string, asked: Asked): string | undefined;
function questionOf(tenant: string, asked: Asked) {
  const { tool, arguments: args } = asked;
  if (tool === undefined) return undefined;
  const hash = createHash('sha256').update(keyOf(tenant, wholeOf(asked), tool));
  return hash.update(canonicalText(args ?? null)).digest('base64');
}
