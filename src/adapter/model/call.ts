/** Tool calls as a model's API shows them: what the model asked for, and what it was told. */
import type { Draft } from '../../event/event.ts';
import { eventId } from '../identity.ts';
import { contained, given } from '../record.ts';
import type { Asked, ModelAnswer, Told } from './api.ts';
import { alikeKey } from './gemini.ts';
import type { Telling } from './telling.ts';

/** Each call is pending: that a model asks for a tool does not mean that it ran. */
export function askedDrafts(telling: Telling, answer: ModelAnswer): Draft[] {
  const asked = answer.asked.flatMap((call, i) => {
    const call_id = call.call_id ?? madeId(telling, answer, i);
    if (call.call_id === undefined) remember(telling, call, call_id);
    return askedDraft(telling, { ...call, call_id }, answer);
  });
  const { ended_ms } = telling.exchange.passage;
  return [...asked, ...answer.told.flatMap((one) => toldDraft(telling, one, ended_ms))];
}

/** What the model was told of earlier calls: in every request again, here once. */
export function toldDrafts(telling: Telling, told: readonly Told[]): Draft[] {
  const { started_ms } = telling.exchange.passage;
  return told.flatMap((one) => toldDraft(telling, one, started_ms));
}

function askedDraft(
  telling: Telling,
  call: Asked & { call_id: string },
  answer: ModelAnswer,
): Draft[] {
  const { session_id, memory, draft, exchange } = telling;
  if (!memory.first(session_id, 'asked', call.call_id)) return [];
  memory.add(call.call_id, session_id, 'plain', plain(call.call_id));
  return [
    draft({
      type: 'tool_call',
      key: ['asked', call.call_id],
      at_ms: call.at_ms,
      call_id: call.call_id,
      tool: call.tool,
      arguments: contained(call.arguments ?? {}),
      status: 'pending',
      ...given('model', answer.model ?? exchange.request?.model),
      attributes: { ...given('response_id', answer.id), evidence: 'model_answer' },
    }),
  ];
}

/**
 * A result has no status of its own unless the API has a word for it: the proxy sees what the
 * model was told, not what happened. Without it the fact stands between the call's beginning and
 * its end, so whoever saw the end decides. A call that was never seen being asked for brings
 * tool and arguments from the request's history, and is unknown where nobody saw its end.
 */
function toldDraft(telling: Telling, told: Told, at_ms: number): Draft[] {
  const { session_id, memory, draft } = telling;
  const call_id =
    told.call_id === undefined ? pairedId(telling, told) : askedId(telling, told.call_id);
  if (!memory.first(session_id, 'told', call_id)) return [];
  const known = memory.has(session_id, 'asked', call_id);
  const { tool, arguments: args, status = known ? undefined : ('unknown' as const) } = told;
  return [
    draft({
      type: 'tool_call',
      key: ['told', call_id],
      at_ms,
      call_id,
      ...(known ? {} : { ...given('tool', tool), ...given('arguments', contained(args)) }),
      result: contained(told.result),
      ...given('status', status),
      attributes: { evidence: 'model_request', ...(known ? {} : { asked: 'unseen' }) },
    }),
  ];
}

/** Some runtimes send ids back with letters and digits alone (OpenClaw: `call_1` as `call1`). */
function askedId({ session_id, memory }: Telling, call_id: string): string {
  if (memory.has(session_id, 'asked', call_id)) return call_id;
  return memory.list(session_id, 'plain', plain(call_id)).at(-1) ?? call_id;
}

function plain(call_id: string): string {
  return call_id.replaceAll(/[^A-Za-z0-9]/g, '');
}

function madeId({ session_id, exchange }: Telling, answer: ModelAnswer, place: number): string {
  const { started_ms } = exchange.passage;
  return madeCallId({ session_id, answer_id: answer.id, started_ms, place });
}

export type Place = {
  readonly session_id: string;
  readonly answer_id: string | undefined;
  /** When the request began. */
  readonly started_ms: number;
  /** Among the calls of the answer. */
  readonly place: number;
};

/** Of an API that gives calls no id: the same call, seen twice, gets the same. */
export function madeCallId({ session_id, answer_id, started_ms, place }: Place): string {
  return idOf(session_id, 'asked', [answer_id ?? String(started_ms), String(place)]);
}

/** Calls that the agent never got: the proxy took them out of the answer. */
export function refusedDrafts({ exchange, draft }: Telling): Draft[] {
  return [...(exchange.refused ?? [])].map(([call_id, { tool, decision }]) =>
    draft({
      type: 'tool_call',
      key: ['refused', call_id],
      call_id,
      tool,
      status: 'blocked',
      decision,
      attributes: { evidence: 'model_proxy' },
    }),
  );
}

function remember({ session_id, memory }: Telling, call: Asked, call_id: string): void {
  memory.add(call_id, session_id, 'alike', alikeKey(call));
}

/** Counted from the end: a runtime may cut old calls out of its history, never the newest. */
function pairedId({ session_id, memory }: Telling, told: Told): string {
  const alike = alikeKey({ tool: told.tool ?? '', arguments: told.arguments ?? {} });
  const after = told.after ?? 0;
  const known = memory.list(session_id, 'alike', alike).at(-1 - after);
  return known ?? idOf(session_id, 'told', [alike, JSON.stringify(told.result), String(after)]);
}

function idOf(session_id: string, hook: string, parts: readonly string[]): string {
  const key = JSON.stringify(parts);
  return eventId({
    scheme: 'model/call/v1',
    session_id,
    hook,
    key,
    part: undefined,
    nonce: '',
    text: '',
  });
}
