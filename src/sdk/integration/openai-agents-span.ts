/** Spans of OpenAI's Agents SDK: calls of the model, of tools, handoffs and guardrails. */
import type { Call, Fields } from '../sdk.ts';
import {
  type AgentState,
  type Asked,
  ask,
  claim,
  endTrace,
  type Held,
  permit,
  remember,
  type Span,
  type SpanState,
  sessionOf,
  type Traces,
} from './openai-agents-trace.ts';
import {
  argumentsOf,
  at,
  contentText,
  given,
  listAt,
  nameOf,
  textOf,
  tokensOf,
} from './witness.ts';

const HOSTED = /^(web_search|file_search|code_interpreter|image_generation|mcp)_call$/;

type Hosted = Readonly<Record<'id' | 'type' | 'status' | 'output' | 'error', unknown>>;

export function spanStarted(traces: Traces, span: Span): void {
  const trace = traces.of(span.traceId);
  const state = remember(trace, span, kindOf(span));
  if (state.kind !== 'function' || traces.watched) return;
  const tool = nameOf(at(span.spanData, 'name')) ?? 'unknown';
  const asked = claim(state.agent, (asked) => asked.tool === tool);
  // Of several that waited, only their arguments, told at the end, say which one this is.
  if (!asked && [...trace.held.values()].some((held) => held.tool === tool)) return;
  state.call = sessionOf(state).start(tool, asked?.input, given('call_id', asked?.call_id));
}

export function spanEnded(traces: Traces, span: Span): void {
  const state = traces.get(span.traceId)?.spans.take(span.spanId);
  if (state === undefined) return;
  ENDED.get(state.kind)?.(state, span);
}

const ENDED: ReadonlyMap<string, (state: SpanState, span: Span) => void> = new Map([
  ['response', answered],
  ['generation', answered],
  ['turn', turnEnded],
  ['function', called],
  ['handoff', handedOff],
  ['guardrail', guarded],
  ['agent', agentEnded],
  ['task', taskEnded],
]);

/** A resumed run has no end of its trace, only of its task. */
function taskEnded({ parent, trace }: SpanState): void {
  if (parent === undefined && !trace.live) endTrace(trace);
}

/** Older versions write a turn and a task as custom spans, and so do exported ones. */
function kindOf({ spanData }: Span): string {
  const kind = String(at(spanData, 'type'));
  return kind === 'custom' ? String(at(spanData, 'data', 'sdk_span_type') ?? kind) : kind;
}

function answered(state: SpanState, span: Span): void {
  const data = span.spanData;
  const { agent } = state;
  const response = at(data, '_response');
  const output = [...listAt(response, 'output'), ...listAt(data, 'output')];
  if (agent) prompted(agent, at(data, '_input') ?? at(data, 'input'));
  for (const item of output) for (const call of callsIn(item)) if (agent) ask(agent, call);
  for (const item of output) hosted(state, item);
  const text = output.map(wordsIn).filter(Boolean).join('\n');
  const model = nameOf(at(response, 'model') ?? at(data, 'model'));
  const usage = at(response, 'usage') ?? at(data, 'usage');
  const tokens = tokensOf(at(usage, 'input_tokens'), at(usage, 'output_tokens'));
  const duration_ms = performance.now() - state.since_ms;
  const response_id = nameOf(at(data, 'response_id') ?? at(response, 'id'));
  const facts: Fields = {
    ...(span.error ? { status: 'error', error: errorOf(span) } : { status: 'success' }),
    ...given('model', model),
    duration_ms,
    ...(text === '' ? tokens : {}),
    attributes: given('response_id', response_id),
  };
  const turn = turnOf(state);
  const counted = Object.keys(tokens).length > 0;
  if (!counted && turn && !turn.model) turn.model = { ...facts, time: new Date().toISOString() };
  else sessionOf(state).record({ ...facts, type: 'api_call' });
  if (text === '') return;
  sessionOf(state).output(text, { ...tokens, ...given('model', model) });
  if (agent) agent.spoke = true;
}

/** Tokens of a model whose own spans tell none. */
function turnEnded(state: SpanState, span: Span): void {
  const usage = at(span.spanData, 'usage') ?? at(span.spanData, 'data', 'usage');
  const tokens = tokensOf(at(usage, 'input_tokens'), at(usage, 'output_tokens'));
  if (state.model) sessionOf(state).record({ ...state.model, ...tokens, type: 'api_call' });
}

function turnOf(state: SpanState): SpanState | undefined {
  for (let at = state.parent; at !== undefined; at = at.parent) if (at.kind === 'turn') return at;
  return undefined;
}

/** The last words of the user: what an agent was asked, once. */
export function prompted(agent: AgentState, input: unknown): void {
  if (agent.prompted) return;
  const last = typeof input === 'string' ? input : listAt({ input }, 'input').at(-1);
  const spoken = typeof last === 'string' || at(last, 'role') === 'user';
  if (!spoken) return;
  agent.prompted = true;
  agent.session.prompt(typeof last === 'string' ? last : contentText(at(last, 'content')));
}

/** Calls in an item of the Responses API, or in a message or completion of Chat Completions. */
function callsIn(item: unknown): Asked[] {
  const choices = listAt(item, 'choices').map((choice) => at(choice, 'message'));
  if (choices.length > 0) return choices.flatMap(callsIn);
  const calls = listAt(item, 'tool_calls').map((call) => ({
    call_id: at(call, 'id'),
    name: at(call, 'function', 'name'),
    arguments: at(call, 'function', 'arguments'),
  }));
  return (at(item, 'type') === 'function_call' ? [item, ...calls] : calls).flatMap((call) => {
    const call_id = nameOf(at(call, 'call_id') ?? at(call, 'callId'));
    const tool = nameOf(at(call, 'name'));
    if (call_id === undefined || tool === undefined) return [];
    return [{ call_id, tool, input: argumentsOf(at(call, 'arguments')) }];
  });
}

/** A tool that the provider runs has run when its model answers. */
function hosted(state: SpanState, item: unknown): void {
  const type = String(at(item, 'type'));
  if (!HOSTED.test(type)) return;
  const tool = nameOf(at(item, 'name')) ?? type.replace(/_call$/, '');
  const { id, type: _type, status, output, error, ...input } = { ...(item as object) } as Hosted;
  const call = sessionOf(state).start(tool, input, given('call_id', nameOf(id)));
  const attributes = { attributes: { executed_by: 'provider' } };
  if (error) call.error(error, attributes);
  else if (status === undefined || status === 'completed') call.success(output, attributes);
  else call.unknown(`The provider says: ${status}.`.slice(0, 200), attributes);
}

function wordsIn(item: unknown): string {
  const choices = listAt(item, 'choices').map((choice) => at(choice, 'message'));
  if (choices.length > 0) return choices.map(wordsIn).join('\n');
  return at(item, 'role') === 'assistant' ? contentText(at(item, 'content')) : '';
}

function called(state: SpanState, span: Span): void {
  const { trace, agent } = state;
  const data = span.spanData;
  const tool = nameOf(at(data, 'name')) ?? 'unknown';
  const input = textOf(at(data, 'input'));
  const refused = refusedCall(span);
  const fits = (asked: Asked) => asked.tool === tool && (!refused || asked.call_id === refused);
  const begun = state.call;
  const args = input === '' ? undefined : argumentsOf(input);
  const held = begun || refused ? undefined : heldAs(state, tool, args);
  const asked = begun ? undefined : (held ?? claim(agent, fits));
  const call_id = asked?.call_id ?? refused;
  if (held) permit(trace, held);
  const call =
    begun ?? sessionOf(state).start(tool, asked?.input ?? args, given('call_id', call_id));
  const known = trace.calls.take(call.call_id);
  const result = known?.ended ? known.ended.result : at(data, 'output');
  // A tool that ran could throw the very words of a refusal.
  if (refused !== undefined && known === undefined) refuse(state, call, span);
  else if (span.error) call.error(errorOf(span), { result: textOf(at(data, 'output')) });
  else call.success(result);
}

function heldAs({ trace }: SpanState, tool: string, args: unknown): Held | undefined {
  const same = JSON.stringify(args);
  const held = [...trace.held.values()].filter((each) => each.tool === tool);
  return held.find(({ input }) => JSON.stringify(input) === same);
}

/** The id of the call that was refused, in the library's own words. */
function refusedCall({ error }: Span): string | undefined {
  const words = String(at(error, 'data', 'error') ?? '');
  return /^Tool execution for (\S{1,512}) was manually rejected by user\.$/.exec(words)?.[1];
}

function refuse(state: SpanState, call: Call, span: Span): void {
  const reason = textOf(at(span.error, 'message')) ?? 'It was not approved.';
  const decision = { outcome: 'deny', by: 'human', reason } as const;
  state.trace.held.take(call.call_id);
  const tool = nameOf(at(span.spanData, 'name')) ?? 'unknown';
  const facts = { tool, call_id: call.call_id, status: 'blocked', decision } as const;
  sessionOf(state).record({ type: 'approval', ...facts });
  call.blocked(reason, { decision });
}

function errorOf({ error }: Span): { code?: string; message: string } {
  const message = textOf(at(error, 'message')) ?? 'It failed.';
  const cause = textOf(at(error, 'data', 'error'));
  return { message: cause === undefined ? message : `${message}: ${cause}` };
}

/** The call that asked for it ends with it; the next agent's session is a part of this one. */
function handedOff(state: SpanState, span: Span): void {
  const { agent } = state;
  const to = nameOf(at(span.spanData, 'to_agent'));
  const asked =
    claim(agent, ({ tool }) => tool.startsWith('transfer_to_')) ?? claim(agent, () => true);
  const tool = asked?.tool ?? 'handoff';
  const resources = to && [{ kind: 'agent', id: to, access: 'execute' } as const];
  const fields = { action: 'delegate', ...(resources ? { resources } : {}) } as const;
  const more = { ...fields, ...given('call_id', asked?.call_id) };
  const call = sessionOf(state).start(tool, asked?.input, more);
  if (span.error) call.error(errorOf(span), fields);
  else call.success({ agent: to }, fields);
}

function guarded(state: SpanState, { spanData, error }: Span): void {
  const name = nameOf(at(spanData, 'name')) ?? 'guardrail';
  const triggered = at(spanData, 'triggered') === true;
  const decision = { outcome: triggered ? 'deny' : 'permit', by: 'policy', policy_ids: [name] };
  sessionOf(state).record({
    type: 'decision',
    tool: name,
    status: error ? 'error' : triggered ? 'blocked' : 'success',
    ...(error ? { error: { message: textOf(at(error, 'message')) ?? 'It failed.' } } : {}),
    ...(error ? {} : { decision: decision as NonNullable<Fields['decision']> }),
  });
}

function agentEnded({ agent, trace }: SpanState, span: Span): void {
  if (!agent) return;
  const failed = span.error ? { status: 'error', error: errorOf(span) } : { status: 'success' };
  const facts = failed as Fields;
  if (agent.part) agent.session.end({ detail: 'The sub-agent ended.', ...facts });
  else if (span.error) trace.session.record({ type: 'session', operation: 'run', ...facts });
}
