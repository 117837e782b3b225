/** Events of runners and agents of OpenAI's Agents SDK, and the approvals that runs stop for. */
import { prompted } from './openai-agents-span.ts';
import {
  claim,
  permit,
  type Span,
  type SpanState,
  sessionOf,
  type Traces,
} from './openai-agents-trace.ts';
import { argumentsOf, at, given, nameOf, textOf } from './witness.ts';

export function agentStarted(traces: Traces, span: Span | undefined, input: unknown): void {
  const agent = stateOf(traces, span)?.agent;
  if (agent) prompted(agent, input);
}

/** Its final words, where no span of its model told them. */
export function agentEnded(traces: Traces, span: Span | undefined, output: unknown): void {
  const agent = stateOf(traces, span)?.agent;
  const text = textOf(output) ?? JSON.stringify(output);
  if (agent && !agent.spoke && text) agent.session.output(text);
}

export function callStarted(traces: Traces, span: Span | undefined, toolCall: unknown): void {
  const state = stateOf(traces, span);
  const call_id = nameOf(at(toolCall, 'callId') ?? at(toolCall, 'id'));
  if (!state || call_id === undefined || state.trace.calls.has(call_id)) return;
  const tool = nameOf(at(toolCall, 'name')) ?? nameOf(at(toolCall, 'type')) ?? 'unknown';
  claim(state.agent, (asked) => asked.call_id === call_id);
  const held = state.trace.held.get(call_id);
  const session = sessionOf(state);
  const input = at(toolCall, 'arguments') ?? at(toolCall, 'action');
  const call = session.start(tool, argumentsOf(input), { call_id });
  const spanned = state.kind === 'function';
  state.trace.calls.set(call_id, { call, spanned });
  if (spanned) state.call = call;
  if (held) permit(state.trace, held);
}

/** The outcome is told by the call's span; where it has none, by this. */
export function callEnded(
  traces: Traces,
  { toolCall, result }: { readonly toolCall: unknown; readonly result: unknown },
): void {
  const call_id = nameOf(at(toolCall, 'callId') ?? at(toolCall, 'id'));
  const trace = call_id === undefined ? undefined : traces.holding(call_id);
  const open = call_id === undefined ? undefined : trace?.calls.get(call_id);
  if (call_id === undefined || !trace || !open) return;
  if (open.spanned) trace.calls.set(call_id, { ...open, ended: { result } });
  else trace.calls.take(call_id)?.call.success(result);
}

/** The run stopped: this call waits for somebody's yes or no. */
export function approvalAsked(traces: Traces, result: unknown, item: unknown): void {
  const raw = at(item, 'rawItem');
  const call_id = nameOf(at(raw, 'callId') ?? at(raw, 'id'));
  const id = nameOf(at(result, 'state', '_trace', 'traceId'));
  const trace = (id === undefined ? undefined : traces.get(id)) ?? traces.last();
  if (!trace || call_id === undefined || trace.held.has(call_id)) return;
  const name = nameOf(at(item, 'agent', 'name'));
  const agents = [...trace.agents.values()].reverse();
  const agent = agents.find((each) => each.name === name);
  const session = agent?.session ?? trace.session;
  const tool = nameOf(at(item, 'toolName') ?? at(raw, 'name')) ?? 'unknown';
  claim(agent, (asked) => asked.call_id === call_id);
  const input = argumentsOf(at(raw, 'arguments'));
  session.start(tool, input, { call_id });
  trace.held.set(call_id, { call_id, tool, input, session });
  const decision = { outcome: 'escalate', by: 'config' } as const;
  session.record({ type: 'approval', tool, call_id, status: 'escalated', decision });
}

/** The span in which an event happened, or the nearest around it that is known. */
function stateOf(traces: Traces, span: Span | undefined): SpanState | undefined {
  if (span === undefined) return undefined;
  const spans = traces.get(span.traceId)?.spans;
  return spans?.get(span.spanId) ?? spans?.get(given('id', span.parentId ?? undefined).id ?? '');
}
