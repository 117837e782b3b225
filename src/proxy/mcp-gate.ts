/** Holds what a client of MCP asks of its server, until it is decided. */
import { type Fields, fieldsIn, idText, own } from '../adapter/mcp/message.ts';
import type { Open } from '../adapter/mcp/watch.ts';
import { fit } from '../adapter/record.ts';
import type { Draft } from '../event/event.ts';
import { isObject } from '../event/name.ts';
import type { Gate, GateAction, Refusal } from './gate.ts';
import { progressNotice, refusalAnswer, unclearAnswer } from './mcp-refusal.ts';
import { readStrict } from './mcp-strict.ts';
import type { Watching } from './mcp-watching.ts';

/** Of one connection. */
export type McpGate = {
  readonly judge: (incoming: Incoming) => Judged;
};

export type Incoming = {
  /** One message or a batch, as it came. */
  readonly bytes: Buffer;
  readonly exchange?: number | undefined;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Tells the client that its call waits; only where it asked for progress. */
  readonly notify: (notice: Fields) => void;
};

export type Judged =
  /** Nothing in it has to be decided; it was not recorded yet. */
  | { readonly kind: 'pass' }
  /** It was recorded. */
  | { readonly kind: 'held'; readonly outcome: Promise<Outcome> }
  | { readonly kind: 'refused'; readonly answer: Fields }
  /** It cancels what was held, and so means nothing to the server. */
  | { readonly kind: 'done' };

export type Outcome = {
  /** What goes to the server; undefined where nothing is left. */
  readonly forward: Buffer | undefined;
  /** Whether `forward` is what came, byte for byte. */
  readonly whole: boolean;
  /** What the client gets from the proxy itself. */
  readonly answers: readonly Fields[];
  /** Whether it came as a batch. */
  readonly batch: boolean;
};

/** What acts, or brings in what somebody else wrote. */
const HELD = new Set(['tools/call', 'resources/read', 'prompts/get']);
/** Messages of a batch; a longer one is refused. */
const BATCH = 1000;
/** Calls that were asked about, so that none runs twice on one decision. */
const REMEMBERED = 10_000;
const PROGRESS_MS = 5000;

type Hold = { readonly id: unknown; readonly stop: AbortController };

type State = {
  readonly gate: Gate;
  readonly watching: Watching;
  readonly holds: Set<Hold>;
  /** How often a call's id was asked about. */
  readonly runs: Map<string, number>;
};

export function openMcpGate(gate: Gate, watching: Watching): McpGate {
  const state: State = { gate, watching, holds: new Set(), runs: new Map() };
  return { judge: (incoming) => judge(state, incoming) };
}

function judge(state: State, incoming: Incoming): Judged {
  const read = readStrict(incoming.bytes);
  if ('unclear' in read) return { kind: 'refused', answer: unclearAnswer(read.unclear) };
  const { message } = read;
  const batch = Array.isArray(message);
  const messages: readonly unknown[] = batch ? message : [message];
  if (messages.length > BATCH) {
    return { kind: 'refused', answer: unclearAnswer('its batch is too long') };
  }
  if (!batch && cancels(state, message)) return { kind: 'done' };
  if (!messages.some(isHeld)) return { kind: 'pass' };
  const decided = messages.map((one) => decideOne(state, one, incoming));
  return { kind: 'held', outcome: outcomeOf(incoming.bytes, messages, { batch, decided }) };
}

function isHeld(message: unknown): message is Fields {
  return isObject(message) && HELD.has(`${own(message, 'method')}`);
}

/** The client wants none of it any more: it is never passed on, and nobody answers it. */
function cancels({ holds }: State, message: unknown): boolean {
  if (!isObject(message) || own(message, 'method') !== 'notifications/cancelled') return false;
  const id = idText(own(fieldsIn(message, 'params'), 'requestId'));
  const alike = [...holds].filter((hold) => idText(hold.id) === id);
  const [hold] = alike;
  if (hold === undefined || alike.length > 1) return false;
  hold.stop.abort(new Error('its client cancelled it'));
  return true;
}

/** Undefined where it passes; null where it is dropped, and nobody waits for an answer. */
type Decided = Fields | undefined | null;

async function outcomeOf(
  bytes: Buffer,
  messages: readonly unknown[],
  { batch, decided }: { readonly batch: boolean; readonly decided: readonly Promise<Decided>[] },
): Promise<Outcome> {
  const all = await Promise.all(decided);
  const left = messages.filter((_, i) => all[i] === undefined);
  const answers = all.filter((answer) => answer !== undefined && answer !== null);
  const whole = left.length === messages.length;
  if (whole) return { forward: bytes, whole, answers, batch };
  const forward = left.length === 0 ? undefined : Buffer.from(JSON.stringify(left));
  return { forward, whole, answers, batch };
}

async function decideOne(state: State, message: unknown, incoming: Incoming): Promise<Decided> {
  const { watching } = state;
  const { exchange, bytes } = incoming;
  const from = 'client' as const;
  const drafts = watching.message({ from, message, exchange }, bytes.length);
  if (!isHeld(message)) return undefined;
  // Nobody could be told, but a server might run it all the same.
  if (!Object.hasOwn(message, 'id')) return null;
  const request = { from, id: own(message, 'id'), exchange };
  const open = watching.opened(request);
  const draft = drafts.findLast((one) => one.call_id === open?.call_id);
  if (open === undefined || draft === undefined) return unclearAnswer('it could not be recorded');
  const action = actionOf(state, open, draft);
  const hold = { id: request.id, stop: new AbortController() };
  state.holds.add(hold);
  const ruling = await ruled(state, action, { incoming, hold, message });
  state.holds.delete(hold);
  if (ruling.allowed && !incoming.signal.aborted && !hold.stop.signal.aborted) {
    return undefined;
  }
  const refusal = ruling.allowed ? GONE : ruling;
  watching.refused(request, refusal.decision);
  return hold.stop.signal.aborted ? null : refusalAnswer(message, refusal);
}

const GONE: Refusal = {
  allowed: false,
  text: 'This call was not run: nobody waited for it any more.',
  decision: { outcome: 'deny', by: 'config', reason: 'Nobody waited for it any more.' },
};

type Held = { readonly incoming: Incoming; readonly hold: Hold; readonly message: Fields };

async function ruled({ gate }: State, action: GateAction, { incoming, hold, message }: Held) {
  const token = own(fieldsIn(fieldsIn(message, 'params'), '_meta'), 'progressToken');
  const signal = AbortSignal.any([incoming.signal, hold.stop.signal]);
  let timer: NodeJS.Timeout | undefined;
  let count = 0;
  const waiting = (approval: { readonly approval_id: string } | undefined) => {
    if (token === undefined) return;
    const text = `Waits for approval ${`${approval?.approval_id}`.slice(0, 200)}.`;
    const notify = () => incoming.notify(progressNotice(token, ++count, text));
    notify();
    timer = setInterval(notify, PROGRESS_MS);
  };
  const ruling = await gate.decide(action, { signal, waiting });
  clearInterval(timer);
  return ruling;
}

function actionOf(state: State, open: Open, draft: Draft): GateAction {
  const { session_id } = open;
  const { tool, endpoint, agent, action, resources, attributes } = draft;
  const cwd = attributes?.['cwd'];
  const named = { session_id, call_id: runId(state, open), ...(agent ? { agent } : {}) };
  const given = draft.arguments ?? {};
  if (open.kind === 'tool_call') {
    const at = typeof cwd === 'string' ? { cwd } : {};
    return { ...named, tool: tool ?? 'unknown', arguments: given, ...at };
  }
  const touched = {
    ...(action === undefined ? {} : { action }),
    ...(resources === undefined ? {} : { resources }),
  };
  return { ...named, tool: fit(endpoint ?? open.method), arguments: given, ...touched };
}

/**
 * The call's id, with a number where a call of this id was asked about before: what was permitted
 * once is asked for again. A retry that brings what the server wanted to know is the same call.
 */
function runId({ runs }: State, { session_id, call_id, round }: Open): string {
  const key = JSON.stringify([session_id, call_id]);
  const before = runs.get(key) ?? 0;
  const run = round > 0 ? Math.max(before, 1) : before + 1;
  runs.delete(key);
  runs.set(key, run);
  const [oldest] = runs.keys();
  if (runs.size > REMEMBERED && oldest !== undefined) runs.delete(oldest);
  return run === 1 ? call_id : fit(`${call_id}#${run}`);
}
