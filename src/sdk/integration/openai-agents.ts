/** OpenAI's Agents SDK: its traces as events, with call ids from the events of its runners. */
import {
  agentEnded,
  agentStarted,
  approvalAsked,
  callEnded,
  callStarted,
} from './openai-agents-event.ts';
import { spanEnded, spanStarted } from './openai-agents-span.ts';
import { openTraces, type Span, type Trace } from './openai-agents-trace.ts';
import { at, guarded, type Host, type IntegrationOptions, listAt } from './witness.ts';

/** The part of the package `@openai/agents` that tells where an event happened. */
export type AgentsLibrary = { readonly getCurrentSpan: () => Span | null };

type Listen = (...args: never[]) => void;

/** An agent or a runner. */
type Emitter = { readonly on: (event: never, listener: Listen) => unknown };

/** Fits `TracingProcessor`. */
type Processor = {
  readonly onTraceStart: (trace: Trace) => Promise<void>;
  readonly onTraceEnd: (trace: Trace) => Promise<void>;
  readonly onSpanStart: (span: Span) => Promise<void>;
  readonly onSpanEnd: (span: Span) => Promise<void>;
  readonly shutdown: () => Promise<void>;
  readonly forceFlush: () => Promise<void>;
};

export type AgentsRecorder = {
  /** For `addTraceProcessor`. */
  readonly processor: Processor;
  /** Listens to a runner or an agent and gives it back: calls are then known by their ids. */
  readonly watch: <E extends Emitter>(emitter: E) => E;
  /** Records the approvals that a run stopped for (`interruptions`), and gives it back. */
  readonly seen: <R>(result: R) => R;
};

/**
 * A trace is a session: of its group's id, else of its own. A handoff's agent, and one that runs
 * as a tool, is a sub-agent's session. What `traceIncludeSensitiveData` hides stays hidden.
 */
export function agentsRecorder(
  host: Host,
  library: AgentsLibrary,
  options: IntegrationOptions = {},
): AgentsRecorder {
  const traces = openTraces(host, options);
  const hook = guarded(host, 'openai-agents');
  const spanNow = () => library.getCurrentSpan() ?? undefined;
  const listeners = {
    agent_start: hook('agent_start', (...args: unknown[]) =>
      agentStarted(traces, spanNow(), args.at(-1)),
    ),
    agent_end: hook('agent_end', (...args: unknown[]) =>
      agentEnded(traces, spanNow(), args.at(-1)),
    ),
    agent_tool_start: hook('agent_tool_start', (...args: unknown[]) =>
      callStarted(traces, spanNow(), at(args.at(-1), 'toolCall')),
    ),
    agent_tool_end: hook('agent_tool_end', (...args: unknown[]) =>
      callEnded(traces, { toolCall: at(args.at(-1), 'toolCall'), result: args.at(-2) }),
    ),
  };
  const asked = hook('interruptions', (result: unknown) => {
    for (const item of listAt(result, 'interruptions')) approvalAsked(traces, result, item);
  });
  return {
    processor: {
      onTraceStart: later(hook('onTraceStart', (trace: Trace) => traces.begin(trace))),
      onTraceEnd: later(hook('onTraceEnd', (trace: Trace) => traces.end(trace.traceId))),
      onSpanStart: later(hook('onSpanStart', (span: Span) => spanStarted(traces, span))),
      onSpanEnd: later(hook('onSpanEnd', (span: Span) => spanEnded(traces, span))),
      shutdown: async () => {},
      forceFlush: async () => {},
    },
    watch: (emitter) => {
      traces.watched = true;
      for (const [event, listener] of Object.entries(listeners)) {
        emitter.on(event as never, listener as Listen);
      }
      return emitter;
    },
    seen: (result) => {
      asked(result);
      return result;
    },
  };
}

function later<A>(hook: (value: A) => void): (value: A) => Promise<void> {
  return async (value) => hook(value);
}
