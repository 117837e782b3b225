/**
 * Watches the messages of one MCP connection and tells what happened as drafts of events. Both
 * eras: 2025-11-25 (`initialize`, requests in both directions) and 2026-07-28 (`_meta` on every
 * request, input asked for in a result and given in a retry).
 */
import { createHash } from 'node:crypto';
import type { Draft } from '../../event/event.ts';
import type { Adapted } from '../adapter.ts';
import { answered } from './answer.ts';
import { type ExchangeEnd, ended } from './exchange.ts';
import { gap, type Unread, uncounted, unread } from './gap.ts';
import { idText, type Message, messageOf, type Side } from './message.ts';
import { noticed } from './notification.ts';
import { outcome, unknown } from './outcome.ts';
import { NOBODY } from './party.ts';
import { asked } from './request.ts';
import { keyOf, type Open, remember, type State, stateOf, type WatchOptions } from './state.ts';

export type { Open, WatchOptions };

export type Passed = {
  readonly from: Side;
  /** The JSON value that passed: a message, or an array of them (a batch). */
  readonly message: unknown;
  /** The HTTP request, with its answer, that it belongs to. */
  readonly exchange?: number | undefined;
};

/** Drafts are in order. Times are Unix milliseconds and do not run backwards. */
export type Watch = {
  readonly message: (passed: Passed, at_ms: number) => Adapted;
  /** What passed and could not be read as messages. */
  readonly unread: (unread: Unread, at_ms: number) => readonly Draft[];
  readonly exchangeEnded: (end: ExchangeEnd, at_ms: number) => readonly Draft[];
  /** The request of this id that has no answer yet. */
  readonly opened: (request: Request) => Open | undefined;
  /** It was never passed on, because this was decided. */
  readonly refused: (request: Request, decision: Decided, at_ms: number) => readonly Draft[];
  /** The connection is over: what has no answer will get none. */
  readonly end: (at_ms: number) => readonly Draft[];
};

export type Request = {
  readonly from: Side;
  readonly id: unknown;
  readonly exchange: number | undefined;
};

export type Decided = NonNullable<Draft['decision']>;

export function openWatch(options: WatchOptions): Watch {
  const state = stateOf(options, NOBODY);
  const at = <T>(at_ms: number, look: () => T): T => {
    state.at_ms = Math.max(state.at_ms, at_ms);
    return look();
  };
  return {
    message: (passed, at_ms) => at(at_ms, () => look(state, passed)),
    unread: (what, at_ms) => at(at_ms, () => unread(state, what)),
    exchangeEnded: (end, at_ms) => at(at_ms, () => ended(state, end)),
    opened: (request) => state.open.get(keyOf(state, request)),
    refused: (request, decision, at_ms) => at(at_ms, () => refused(state, request, decision)),
    end: (at_ms) => at(at_ms, () => finish(state)),
  };
}

/** Messages of a batch that are looked at; clients send a few. */
const BATCH = 1000;

function look(state: State, passed: Passed): Adapted {
  if (!Array.isArray(passed.message)) return one(state, passed);
  const messages: readonly unknown[] = passed.message.slice(0, BATCH);
  const parts = messages.map((message) => one(state, { ...passed, message }));
  const more = passed.message.length - messages.length;
  if (more > 0) parts.push(told(gap(state, { from: passed.from, reason: 'long_batch', more })));
  const drafts = parts.flatMap((part) => ('drafts' in part ? part.drafts : []));
  const reasons = parts.flatMap((part) => ('skipped' in part ? [part.skipped] : []));
  if (drafts.length > 0) return { drafts };
  return { skipped: [...new Set(reasons)].join('; ') || 'a batch of nothing' };
}

function one(state: State, passed: Passed): Adapted {
  const message = messageOf(passed.message);
  if (message === undefined) {
    return told(gap(state, { from: passed.from, reason: 'no_message', raw: passed.message }));
  }
  switch (message.kind) {
    case 'request':
      return asked(state, { ...passed, ...message });
    case 'notification':
      return noticed(state, { ...passed, ...message });
    case 'answer':
      return answer(state, { ...passed, ...message });
  }
}

/** Gaps beyond the first few have no draft of their own. */
function told(drafts: readonly Draft[]): Adapted {
  return drafts.length > 0 ? { drafts } : { skipped: 'counted in a gap' };
}

type Answer = Passed & Extract<Message, { kind: 'answer' }>;

/** A second answer is told where it differs: the client has acted on the first. */
function answer(state: State, passed: Answer): Adapted {
  const open = openFor(state, passed);
  if (open !== undefined) {
    state.open.delete(open.key);
    remember(state.answered, open.key, hashOf(passed));
    return answered(state, open, passed);
  }
  const { from, id, exchange } = passed;
  const before = state.answered.get(keyOf(state, { from: other(from), id, exchange }));
  if (before === hashOf(passed)) return { skipped: 'the same answer was recorded before' };
  const reason = before === undefined ? 'answer_without_request' : 'answered_twice';
  return told(gap(state, { from, reason, raw: passed.message }));
}

function openFor(state: State, { from, id, exchange }: Answer): Open | undefined {
  const asker = other(from);
  const found = state.open.get(keyOf(state, { from: asker, id, exchange }));
  if (found !== undefined) return found;
  const opens = [...state.open.values()].filter((open) => open.from === asker);
  if (id === null || id === undefined) {
    // What cannot be read as a request is answered with the id null (JSON-RPC 2.0 §5).
    const here = opens.filter((open) => exchange !== undefined && open.exchange === exchange);
    return here.length === 1 ? here[0] : undefined;
  }
  // Without sessions, a client answers a server's request in an exchange of its own.
  if (state.options.scoped !== true || from === 'server') return undefined;
  return opens.findLast((open) => idText(open.id) === idText(id));
}

function refused(state: State, request: Request, decision: Decided): Draft[] {
  const key = keyOf(state, request);
  const open = state.open.get(key);
  if (open === undefined) return [];
  state.open.delete(key);
  return [outcome(state, open, { status: 'blocked', decision })];
}

function hashOf({ result, error }: Answer): string {
  const hash = createHash('sha256');
  try {
    return hash.update(JSON.stringify([result, error])).digest('hex');
  } catch {
    return 'unreadable';
  }
}

function finish(state: State): Draft[] {
  const { open, waiting, tasks } = state;
  const left = new Set([...open.values(), ...waiting.values(), ...tasks.values()]);
  for (const map of [open, waiting, tasks]) map.clear();
  const why = { code: 'no_answer', detail: 'The connection ended without an answer.' };
  return [...[...left].flatMap((one) => unknown(state, one, why)), ...uncounted(state)];
}

function other(side: Side): Side {
  return side === 'client' ? 'server' : 'client';
}
