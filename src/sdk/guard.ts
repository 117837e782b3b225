/** Guards a tool: it runs only when Claw has permitted exactly this call, and is recorded. */
import { Fault } from '../fault/fault.ts';
import type { Approval, Decision, Mode } from '../policy/lifecycle.ts';
import { exact } from './exact.ts';
import { type Call, defined, type Session } from './session.ts';
import {
  only,
  requireTool,
  sessionOf,
  type Tool,
  toolName,
  type WrapContext,
  type WrapOptions,
} from './wrap.ts';

export type GuardOptions = WrapOptions & {
  /** How long a call waits for an approval, in seconds; 300 where absent, 0 for no waiting. */
  readonly wait_s?: number;
  /**
   * `observe` asks and records, and runs whatever the answer is, also where none came. The
   * server's own setting for the agent goes before it. `enforce` where absent.
   */
  readonly mode?: Mode;
  /** The task that a call belongs to; the session's open task where absent. */
  readonly task_id?: string | (() => string | undefined);
  /** Where a command runs. */
  readonly cwd?: string;
  /**
   * How many of the arguments are the action, from the first; all where absent. Those after it (an
   * abort signal, a context) pass as they are, and nobody decides on them.
   */
  readonly decided?: number;
  /** Ends the wait for an approval; the tool does not run then. */
  readonly signal?: AbortSignal;
};

/** What a tool becomes: an answer has to be waited for. */
export type Guarded<T extends Tool> = (
  this: ThisParameterType<T>,
  ...args: Parameters<T>
) => Promise<Awaited<ReturnType<T>>>;

/** Thrown where a call was not allowed; the message is a reason that people and models can read. */
export type ActionBlocked = Fault & {
  readonly code: 'action.blocked';
  readonly decision: Decision;
  /** The approval that it waits for, or that was refused. */
  readonly approval?: Approval;
};

/** For `error instanceof ActionBlocked`. */
export const ActionBlocked = {
  [Symbol.hasInstance]: (value: unknown): value is ActionBlocked =>
    value instanceof Fault && value.code === 'action.blocked' && 'decision' in value,
};

const WAIT_S = 300;

/**
 * Asks `validate_action` with a copy of the arguments, which nothing can change any more, and runs
 * the tool with this same copy once it is allowed. Anything else never runs it: throws
 * `ActionBlocked` where it was not allowed, the server's Fault or `server.unreachable` where no
 * decision came, `usage.invalid` for arguments that are no data. `this` is no part of the decision.
 */
export function guardTool<T extends Tool>(
  tool: T,
  options: GuardOptions,
  context: WrapContext,
): Guarded<T> {
  const name = toolName(tool, options);
  requireTool(tool, name, 'guard');
  const guarded = async function (this: unknown, ...args: unknown[]): Promise<unknown> {
    const mode = options.mode ?? 'enforce';
    const asking = { name, options, context, mode };
    const entered = enter(asking, args);
    // Before this line nothing is awaited: the copy is of the moment of the call.
    await permitted(asking, entered);
    return run(entered.call, () => Reflect.apply(tool, this as never, entered.args as never[]));
  };
  for (const key of ['name', 'length'] as const) {
    Object.defineProperty(guarded, key, { value: tool[key], configurable: true });
  }
  return guarded as Guarded<T>;
}

type Asking = {
  readonly name: string;
  readonly options: GuardOptions;
  readonly context: WrapContext;
  readonly mode: Mode;
};

type Entered = {
  readonly args: readonly unknown[];
  readonly told?: unknown;
  readonly session?: Session;
  readonly call?: Call;
};

/** Fixes the arguments and records the call. Only where it observes does it let trouble pass. */
function enter({ name, options, context, mode }: Asking, args: readonly unknown[]): Entered {
  try {
    const { decided = args.length, fields } = options;
    const fixed = exact(args.slice(0, decided));
    const session = sessionOf(options, context);
    const told = only(fixed.told);
    const call = session.start(name, told, fields);
    return { args: [...fixed.args, ...args.slice(decided)], told, session, call };
  } catch (error) {
    if (mode === 'enforce') throw error;
    pass(context, error);
    return { args };
  }
}

async function permitted(asking: Asking, { session, call, told }: Entered): Promise<void> {
  if (!session || !call) return;
  const { name, options, context, mode } = asking;
  const { cwd, wait_s = WAIT_S, signal, fields } = options;
  const task_id = typeof options.task_id === 'function' ? options.task_id() : options.task_id;
  let decision: Decision;
  try {
    const { action, resources } = fields ?? {};
    const request = {
      ...{ tool: name, arguments: told, call_id: call.call_id, wait_s, mode },
      ...defined({ action, resources, cwd, task_id }),
    };
    decision = await session.validate_action(request, { signal });
    requireSame(decision, { name, call });
  } catch (error) {
    if (mode === 'observe') return pass(context, error);
    const why = error instanceof Error ? error.message : String(error);
    call.blocked(`No decision came, so it did not run: ${why}`);
    throw error;
  }
  if (decision.allowed === true) return;
  const error = blocked(decision, wait_s);
  const { outcome, policy_ids, policy_version, approval } = decision;
  const approver = approval?.votes.find(({ vote }) => vote === 'deny')?.by;
  const by = approver === undefined ? 'policy' : 'human';
  call.blocked(error.message, {
    decision: {
      ...{ outcome, by, reason: error.message, policy_ids, policy_version },
      ...defined({ approver }),
    },
  });
  throw error;
}

/** An answer that is not about this call is no permit. */
function requireSame(decision: Decision, { name, call }: { name: string; call: Call }): void {
  if (decision.tool === name && decision.call_id === call.call_id) return;
  throw new Fault('server.unreachable', 'What answered did not decide on this call.');
}

function blocked(decision: Decision, wait_s: number): ActionBlocked {
  const { approval, tool, outcome, reason, policy_id } = decision;
  const waits = outcome === 'escalate' && approval !== undefined;
  const policy = policy_id === undefined ? '' : ` (policy ${policy_id})`;
  const end = waits
    ? ` Nobody decided on the approval ${approval.approval_id} within ${wait_s} s.`
    : '';
  const message = `${tool} was not allowed: ${reason}${policy}${end}`;
  const hint = waits
    ? 'Call it again when it was approved.'
    : 'Do not try it in another way; do something else, or ask a person.';
  const fields = { name: 'ActionBlocked', decision, ...defined({ approval }) };
  return Object.assign(new Fault('action.blocked', message, { hint }), fields) as ActionBlocked;
}

async function run(call: Call | undefined, work: () => unknown): Promise<unknown> {
  try {
    const result = await work();
    call?.success(result);
    return result;
  } catch (thrown) {
    call?.error(thrown);
    throw thrown;
  }
}

/** Observing must not break the tool. */
function pass({ report }: WrapContext, cause: unknown): void {
  const why = cause instanceof Error ? cause.message : String(cause);
  const message = `An observed tool ran without a decision: ${why}`;
  const code = cause instanceof Fault ? cause.code : 'usage.invalid';
  report(new Fault(code, message, { cause }), []);
}
