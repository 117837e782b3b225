/** Remembers the last tool calls that were recorded, so that adapters can join what has no id. */
import { createHash } from 'node:crypto';
import { canonicalText } from '../event/canonical.ts';
import type { Draft } from '../event/event.ts';
import type { CallState, KnownCalls } from './adapter.ts';

export type CallMemory = {
  /** What adapters may ask, within one tenant. */
  readonly of: (tenant_id: string) => KnownCalls;
  /** To be told of every draft that was recorded, and only then. */
  readonly note: (tenant_id: string, draft: Draft) => void;
};

type Remembered = {
  readonly call_id: string;
  readonly state: CallState;
  /** Hash of tool and arguments, where a fact named them. */
  readonly question?: string;
};

/** At most `limit` calls, the longest untouched forgotten first. */
export function rememberCalls(limit: number): CallMemory {
  const calls = new Map<string, Remembered>();
  /** The last call asked with one question, while it is open. */
  const questions = new Map<string, string>();

  return {
    of: (tenant) => ({
      stateOf: (session_id, call_id) => calls.get(keyOf(tenant, session_id, call_id))?.state,
      asked: (session_id, tool, args) =>
        questions.get(questionOf(tenant, { session_id, tool, arguments: args })),
    }),
    note: (tenant, draft) => {
      const { session_id, call_id } = draft;
      const seen = stateIn(draft);
      if (call_id === undefined || seen === undefined) return;
      const key = keyOf(tenant, session_id, call_id);
      const before = calls.get(key);
      const state = before && ORDER[before.state] > ORDER[seen] ? before.state : seen;
      const question = before?.question ?? questionOf(tenant, draft);
      calls.delete(key);
      const call = { call_id, state, ...(question === undefined ? {} : { question }) };
      calls.set(key, call);
      if (question !== undefined && state !== 'answered') questions.set(question, call_id);
      if (state === 'answered') close(call);
      forget();
    },
  };

  function close({ call_id, question }: Remembered): void {
    if (question !== undefined && questions.get(question) === call_id) questions.delete(question);
  }

  function forget(): void {
    for (const [key, call] of calls) {
      if (calls.size <= limit) return;
      calls.delete(key);
      close(call);
    }
  }
}

const ORDER: Readonly<Record<CallState, number>> = { asked: 0, escalated: 1, answered: 2 };

/** What a fact says of its call; one that goes on in the background is answered. */
function stateIn({ type, status, result }: Draft): CallState | undefined {
  if (type === 'approval') return 'escalated';
  if (type !== 'tool_call') return undefined;
  return (status ?? 'pending') !== 'pending' || result !== undefined ? 'answered' : 'asked';
}

type Asked = Pick<Draft, 'session_id' | 'tool' | 'arguments'>;

function keyOf(...parts: readonly string[]): string {
  return JSON.stringify(parts);
}

function questionOf(tenant: string, asked: Asked & { readonly tool: string }): string;
function questionOf(tenant: string, asked: Asked): string | undefined;
function questionOf(tenant: string, { session_id, tool, arguments: args }: Asked) {
  if (tool === undefined) return undefined;
  const hash = createHash('sha256').update(keyOf(tenant, session_id, tool));
  return hash.update(canonicalText(args ?? null)).digest('base64');
}
