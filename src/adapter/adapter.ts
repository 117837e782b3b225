/** The contract of an adapter: one runtime's record in, drafts of events or a reason out. */
import type { Draft } from '../event/event.ts';
import type { Gate } from './gate.ts';

/**
 * `asked`: announced, no outcome yet; `escalated`: approval was asked for, no outcome yet;
 * `answered`: an outcome was recorded.
 */
export type CallState = 'asked' | 'escalated' | 'answered';

/**
 * What is already known of tool calls of the tenant at hand. `session_id` is a whole session: a
 * sub-agent's calls are known under the session that started it (`event/part.ts`).
 */
export type KnownCalls = {
  readonly stateOf: (session_id: string, call_id: string) => CallState | undefined;
  /** The `call_id` of the last open call asked with exactly this tool and these arguments. */
  readonly asked: (session_id: string, tool: string, args: unknown) => string | undefined;
  /** Every call remembered with exactly this tool and these arguments, in order. */
  readonly alike: (session_id: string, tool: string, args: unknown) => readonly AlikeCall[];
  /** Under which id a call of this id was recorded, where a witness without ids came first. */
  readonly aliasOf: (session_id: string, call_id: string) => string | undefined;
  /** The whole sessions in which a runtime's hooks or its model's answers told of this call. */
  readonly sessionsOf: (call_id: string) => readonly string[];
};

export type AlikeCall = {
  readonly call_id: string;
  /** The kinds of source (`hook`, `otel`, …) that reported it; of telemetry also `otel/log`. */
  readonly witnesses: ReadonlySet<string>;
  /** Unix milliseconds at which it was told, where its id was made here and is not the model's. */
  readonly made_ms?: number;
};

/**
 * The call that a witness without ids reports next: of the calls with this tool and these
 * arguments, the first that this kind of source has not reported.
 */
export function unseenBy(
  calls: KnownCalls | undefined,
  asked: { readonly session_id: string; readonly tool: string; readonly arguments: unknown },
  witness: string,
): string | undefined {
  const alike = calls?.alike(asked.session_id, asked.tool, asked.arguments) ?? [];
  return alike.find(({ witnesses }) => !witnesses.has(witness))?.call_id;
}

export type AdaptContext = {
  /** When the record was seen, in Unix milliseconds: later than now for a spooled one. */
  readonly now_ms: number;
  /**
   * Tells two equal records apart where both are legitimate, and is the same when one record is
   * delivered again: the spool's `X-Claw-Captured-At` as it stands. Default: `now_ms`.
   */
  readonly nonce?: string | undefined;
  /** Without it the adapter judges each record by itself. */
  readonly calls?: KnownCalls | undefined;
};

/** What became of a record. `skipped` says why it adds nothing to the trail. */
export type Adapted = { readonly drafts: readonly Draft[] } | { readonly skipped: string };

export type Adapter = {
  /** As `agent.runtime` and the path of `/v1/capture/:runtime` name it. */
  readonly runtime: string;
  /** Pure. Throws `event.invalid` for what is no record of this runtime, naming the field. */
  readonly adapt: (record: unknown, context: AdaptContext) => Adapted;
  /** Where the runtime's hooks can hold a call back. */
  readonly gate?: Gate;
};
