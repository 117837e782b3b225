/** The face for agents: records what they do, in the background, and loses none of it. */
import { onExit } from './exit.ts';
import { ActionBlocked, type Guarded, type GuardOptions, guardTool } from './guard.ts';
import {
  type Lifecycle,
  type LifecycleDefaults,
  openLifecycle,
  type WaitOptions,
} from './lifecycle.ts';
import type { EventDraft } from './line.ts';
import { type ConnectOptions, named, type OnError, type Settings, settings } from './option.ts';
import { openReader, type Reader } from './read.ts';
import { type ClientStatus, openRecorder, type Recorder } from './recorder.ts';
import { openSession, type Session, type SessionOptions } from './session.ts';
import { openWire } from './wire.ts';
import { type Tool, type WrapOptions, wrapTool } from './wrap.ts';

export { Fault } from '../fault/fault.ts';
export type { Approval, Decision, Task } from '../policy/lifecycle.ts';
export type { AuditEntry } from '../search/audit.ts';
export type { Row, SearchResult, TimelineResult } from '../trail/trail.ts';
export type { AuditLogRequest, ReadRequest } from './read.ts';
export { renderTimeline } from './render.ts';
export type { Rollback, RollbackRequest } from './rollback/rollback.ts';
export type { Call, Fields } from './session.ts';
export type {
  ClientStatus,
  ConnectOptions,
  EventDraft,
  Guarded,
  GuardOptions,
  Lifecycle,
  OnError,
  Session,
  SessionOptions,
  Tool,
  WaitOptions,
  WrapOptions,
};

export { ActionBlocked };

type Asking = Reader & Lifecycle;

export type Claw = Asking & {
  /**
   * Takes a snapshot, returns the event's id at once, and sends in the background. Never throws:
   * what is no event is reported through `onError`, counted, and recorded as a `gap`. The same id
   * is recorded once, however often it is sent.
   */
  readonly record: (draft: EventDraft) => string;
  readonly session: (options?: SessionOptions) => Session;
  /** The same function, recorded. Throws `usage.invalid` for generators and classes. */
  readonly wrapTool: <T extends Tool>(tool: T, options: WrapOptions) => T;
  /**
   * The same function, recorded, which runs only if `validate_action` allows exactly this call:
   * else it throws `ActionBlocked`. Answers with a promise.
   */
  readonly guard: <T extends Tool>(tool: T, options: GuardOptions) => Guarded<T>;
  /**
   * Resolves when all that was recorded is acknowledged by the server, or synced to the spool, or
   * the time (10 s) is over. `unsent` events are then neither: spool full, broken or switched off.
   */
  readonly flush: (options?: { readonly timeout_ms?: number }) => Promise<{ unsent: number }>;
  readonly status: () => ClientStatus;
  /** Flushes, puts the rest on the spool and stops; what is recorded later is dropped. */
  readonly close: (options?: { readonly timeout_ms?: number }) => Promise<void>;
};

const FLUSH_MS = 10_000;

/**
 * Connects to Claw, without waiting for it. Memory and spool are bounded, and what passes both is
 * dropped, the newest first, and counted in a `gap` event. kill -9 loses only what was recorded
 * after the last acknowledgement, sync or `flush()`. How a process's end is handled: `exit.ts`.
 * Throws `config.invalid` with the option's name.
 */
export function connect(options: ConnectOptions = {}): Claw {
  const set = settings(options, process.env);
  const wire = openWire(set);
  const recorder = openRecorder(set, wire);
  const { record, report } = recorder;
  const agent = options.agent === undefined ? undefined : named(options.agent);
  const lifecycle = openLifecycle(wire, acting(set));
  const context = { record, report, value_chars: set.limits.value_chars, agent, lifecycle };
  const leave = onExit({
    due: recorder.due,
    flush: () => recorder.flush(set.limits.exit_ms),
    spill: recorder.spill,
    signals: set.signals,
  });
  const open = (session_id: string) => openSession(context, { session_id });
  return {
    ...openReader(wire),
    ...lifecycle,
    record,
    session: (given = {}) => openSession(context, given),
    wrapTool: (tool, given) => wrapTool(tool, given, { open, report }),
    guard: (tool, given) => guardTool(tool, given, { open, report }),
    flush: async ({ timeout_ms = FLUSH_MS } = {}) => flush(recorder, timeout_ms),
    status: recorder.status,
    close: async ({ timeout_ms = FLUSH_MS } = {}) => {
      await recorder.flush(timeout_ms);
      recorder.spill('end');
      recorder.close();
      leave();
      wire.close();
    },
  };
}

/** Whom a decision is about where the request does not say so. */
function acting({ defaults }: Settings): LifecycleDefaults {
  const { source, ...who } = defaults;
  return who;
}

async function flush(recorder: Recorder, timeout_ms: number): Promise<{ unsent: number }> {
  await recorder.flush(timeout_ms);
  return { unsent: recorder.status().queued };
}
