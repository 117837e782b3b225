/** What is known of the traces under way: their sessions, agents, and the calls asked for. */
import type { Call, Fields, Session } from '../sdk.ts';
import {
  given,
  type Host,
  type IntegrationOptions,
  keepOpen,
  marks,
  nameOf,
  type Open,
  openPart,
  openRun,
} from './witness.ts';

export type Trace = {
  readonly traceId: string;
  readonly name?: unknown;
  readonly groupId?: unknown;
};

export type Span = {
  readonly spanId: string;
  readonly traceId: string;
  readonly parentId?: string | null;
  readonly spanData: unknown;
  readonly error?: unknown;
};

/** A call that the model asked for, and nobody began yet. */
export type Asked = { readonly call_id: string; readonly tool: string; readonly input: unknown };

export type AgentState = {
  readonly name: string | undefined;
  readonly session: Session;
  /** Below the call that runs it as a tool, or after a handoff: its session begins with it. */
  readonly part: boolean;
  readonly asked: Asked[];
  /** Whether its prompt, and a word of its model, were recorded. */
  prompted: boolean;
  spoke: boolean;
};

export type SpanState = {
  readonly since_ms: number;
  readonly kind: string;
  readonly trace: TraceState;
  readonly agent: AgentState | undefined;
  /** In which it began. */
  readonly parent: SpanState | undefined;
  call?: Call;
  /** A call of the model whose tokens are told when its turn ends. */
  model?: Fields;
};

/** A call that waits for somebody's yes or no. */
export type Held = Asked & { readonly session: Session };

/** A call whose event was seen; its span, where it has one, tells the outcome. */
type Running = {
  readonly call: Call;
  readonly spanned: boolean;
  readonly ended?: { readonly result: unknown };
};

export type TraceState = {
  readonly id: string;
  readonly session: Session;
  readonly own: boolean;
  /** Between its start and its end: a resumed run goes on after it. */
  live: boolean;
  readonly spans: Open<SpanState>;
  readonly agents: Map<string, AgentState>;
  /** Being executed, by call id. */
  readonly calls: Open<Running>;
  /** Waiting for an approval, by call id. */
  readonly held: Open<Held>;
};

export type Traces = ReturnType<typeof openTraces>;

export const RUNTIME = 'openai-agents';
const TRACES = 1000;
const SPANS = 10_000;
const AGENTS = 1000;
/** Calls that one agent's model asked for and that have not begun. */
const ASKED = 1000;

export function openTraces(host: Host, options: IntegrationOptions) {
  const traces = keepOpen<TraceState>(TRACES, (trace) => giveUp(trace, 'It was never ended.'));
  const begin = (trace: Trace): TraceState => {
    const group = nameOf(trace.groupId);
    const fields = { ...marks(RUNTIME), turn_id: trace.traceId };
    const session_id = group ?? trace.traceId;
    const opened = openRun(host, options, { session_id, fields });
    const state: TraceState = {
      id: trace.traceId,
      ...opened,
      live: true,
      spans: keepOpen(SPANS),
      agents: new Map(),
      calls: keepOpen(SPANS),
      held: keepOpen(SPANS),
    };
    traces.set(trace.traceId, state);
    return state;
  };
  return {
    /** Whether a runner's events tell the ids of calls. */
    watched: false,
    begin: (trace: Trace): void => {
      const known = traces.get(trace.traceId);
      if (known) known.live = true;
      else begin(trace);
    },
    /** A run that goes on with a saved state names a trace that began elsewhere, or earlier. */
    of: (traceId: string): TraceState => traces.get(traceId) ?? begin({ traceId }),
    get: (traceId: string) => traces.get(traceId),
    /** The trace in which a call is being executed. */
    holding: (call_id: string) => [...traces.values()].find(({ calls }) => calls.has(call_id)),
    last: (): TraceState | undefined => [...traces.values()].at(-1),
    end: (traceId: string): void => {
      const trace = traces.get(traceId);
      if (trace) endTrace(trace);
    },
  };
}

/** What waits for an approval goes on later, so its session does not end. */
export function endTrace(trace: TraceState, fields: Fields = {}): void {
  trace.live = false;
  for (const { call } of trace.calls.values()) call.unknown('The run ended before the call did.');
  const waits = trace.held.size() > 0 || [...trace.agents.values()].some(waiting);
  if (trace.own && !waits) trace.session.end(fields);
}

function waiting({ asked }: AgentState): boolean {
  return asked.length > 0;
}

function giveUp(trace: TraceState, reason: string): void {
  for (const { call } of trace.calls.values()) call.unknown(reason);
}

export function remember(trace: TraceState, span: Span, kind: string): SpanState {
  const parent = span.parentId ? trace.spans.get(span.parentId) : undefined;
  const agent = kind === 'agent' ? agentOf(trace, span, parent) : parent?.agent;
  const state: SpanState = { since_ms: performance.now(), kind, trace, agent, parent };
  trace.spans.set(span.spanId, state);
  return state;
}

/** The first agent of a trace is the session's own; another one is a part of it. */
function agentOf(trace: TraceState, span: Span, parent: SpanState | undefined): AgentState {
  const name = nameOf((span.spanData as { readonly name?: unknown }).name);
  const caller = callerOf(parent);
  const key = `${caller === undefined ? '' : span.spanId}/${name}`;
  const known = trace.agents.get(key);
  if (known) return known;
  const fields = { ...marks(RUNTIME), agent: { runtime: RUNTIME, ...given('name', name) } };
  const turn = { ...fields, turn_id: trace.id };
  const root = trace.agents.size === 0 && caller === undefined;
  const above = caller?.agent?.session ?? trace.session;
  const mark = caller === undefined ? name : `${name}-${span.spanId.slice(-8)}`;
  const part = !root && trace.agents.size < AGENTS;
  const session = part ? openPart(above, mark ?? span.spanId, turn) : trace.session;
  const state: AgentState = { name, session, part, asked: [], prompted: false, spoke: false };
  if (trace.agents.size < AGENTS) trace.agents.set(key, state);
  return state;
}

/** The call of a tool in which a span stands. */
function callerOf(span: SpanState | undefined): SpanState | undefined {
  for (let at = span; at !== undefined; at = at.parent) if (at.kind === 'function') return at;
  return undefined;
}

export function ask(agent: AgentState, asked: Asked): void {
  if (agent.asked.length < ASKED) agent.asked.push(asked);
}

/** The first call asked for that `fits`, which from now on is somebody's. */
export function claim(
  agent: AgentState | undefined,
  fits: (asked: Asked) => boolean,
): Asked | undefined {
  const index = agent?.asked.findIndex(fits) ?? -1;
  return index < 0 ? undefined : agent?.asked.splice(index, 1)[0];
}

/** Somebody allowed it. Leave to run is no outcome, so it has no status. */
export function permit(trace: TraceState, { call_id, tool, session }: Held): void {
  trace.held.take(call_id);
  const decision = { outcome: 'permit', by: 'human' } as const;
  session.record({ type: 'approval', tool, call_id, decision });
}

export function sessionOf({ agent, trace }: SpanState): Session {
  return agent?.session ?? trace.session;
}
