/** How runtimes ask before they act, and the words in which each takes a refusal. Loads nothing. */

/** Whether the agent may act; what it is told where it may not. */
export type Ruling =
  | { readonly allowed: true }
  /** `pending`: it may yet be approved. */
  | { readonly allowed: false; readonly reason: string; readonly pending?: boolean };

/** Of a runtime whose hooks can hold a call back. Pure. */
export type Gate = {
  /** Whether the runtime waits for the answer to this record before it acts. */
  readonly asks: (record: unknown) => boolean;
  /**
   * The runtime's own words. Whoever may act is told nothing (`{}`): "allow" would skip the
   * runtime's own question to its user.
   */
  readonly answer: (ruling: Ruling) => object;
  /**
   * Set where it asks again, with the same record, while an approval is awaited: it tells by itself
   * when it gives up.
   */
  readonly asksAgain?: true;
};

/**
 * Claude Code's and Codex's. A PermissionRequest asks too, but about a call that PreToolUse has
 * asked for already: whether its user is to be bothered is left to the runtime.
 */
export const preToolUse: Gate = {
  asks: (record) => eventIn(record) === 'PreToolUse',
  answer: (ruling) =>
    ruling.allowed
      ? {}
      : {
          hookSpecificOutput: {
            hookEventName: 'PreToolUse',
            permissionDecision: 'deny',
            permissionDecisionReason: ruling.reason,
          },
        },
};

/** Gemini's. */
export const beforeTool: Gate = {
  asks: (record) => eventIn(record) === 'BeforeTool',
  answer: (ruling) => (ruling.allowed ? {} : { decision: 'deny', reason: ruling.reason }),
};

const GATES: ReadonlyMap<string, Gate> = new Map([
  ['claude-code', preToolUse],
  ['codex', preToolUse],
  ['gemini', beforeTool],
]);

/** The gate of a runtime by its name; undefined where its hooks cannot hold a call back. */
export function gateOf(runtime: string): Gate | undefined {
  return GATES.get(runtime);
}

/** An own field alone: no prototype answers. */
function eventIn(record: unknown): unknown {
  if (typeof record !== 'object' || record === null) return undefined;
  return Object.hasOwn(record, EVENT) ? (record as Record<string, unknown>)[EVENT] : undefined;
}

const EVENT = 'hook_event_name';
