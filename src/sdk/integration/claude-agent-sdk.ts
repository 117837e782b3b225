/** The Claude Agent SDK: its hooks, its approval point and its messages as events. */
import type { Claw } from '../sdk.ts';
import { type Input, openAgents, recordHook } from './claude-agent-sdk-hook.ts';
import { recordMessage } from './claude-agent-sdk-message.ts';
import { at, given, guarded, type Host, nameOf } from './witness.ts';

type Callback = (
  input: Input,
  toolUseID: string | undefined,
  options: { readonly signal: AbortSignal },
) => Promise<Record<string, never>>;

type Matcher = { matcher?: string; hooks: Callback[]; timeout?: number };

/** Fits `CanUseTool`: the decision on a call that needs one. */
type Decide<O, R> = (tool: string, input: Record<string, unknown>, options: O) => Promise<R>;

export type ClaudeOptions = {
  /** Who decides in `canUseTool`, where that is known: the SDK does not tell. */
  readonly decider?: 'human' | 'policy' | 'config';
};

export type ClaudeRecorder = {
  /** For `options.hooks`: yours, and beside them those that record; these answer `{}`. */
  readonly hooks: <H extends object>(
    yours?: H,
  ) => H & { [name in (typeof EVENTS)[number]]: Matcher[] };
  /** Your `canUseTool`, recorded. */
  readonly canUseTool: <O, R extends { behavior: string }>(decide: Decide<O, R>) => Decide<O, R>;
  /** Records a message of the query and gives it back: words between calls, models, tokens. */
  readonly seen: <M>(message: M) => M;
};

const EVENTS = [
  'PreToolUse',
  'PostToolUse',
  'PostToolUseFailure',
  'PostToolBatch',
  'UserPromptSubmit',
  'SessionStart',
  'SessionEnd',
  'Stop',
  'SubagentStart',
  'SubagentStop',
  'PreCompact',
  'PermissionRequest',
  'PermissionDenied',
  'Notification',
] as const;

/** Sessions and calls are those of Claude Code, so that its other witnesses join them. */
export function claudeRecorder(
  host: Pick<Claw, 'session' | 'record'> & Host,
  options: ClaudeOptions = {},
): ClaudeRecorder {
  const agents = openAgents(host);
  const hook = guarded(host, 'claude-agent-sdk');
  const heard = hook('hook', (input: Input, id?: string) => recordHook(agents, input, id));
  const told = hook('message', (message: unknown) => recordMessage(agents, message));
  const callback: Callback = async (input, id) => {
    heard(input, id);
    return {};
  };
  const decided = hook('canUseTool', (asked: Asked, answer: unknown) => {
    const id = nameOf(at(asked.options, 'toolUseID'));
    const { session } = agents.of(id);
    const permitted = at(answer, 'behavior') === 'allow';
    const reason = given('reason', nameOf(at(answer, 'message')));
    const by = given('by', options.decider);
    const decision = { outcome: permitted ? 'permit' : 'deny', ...by, ...reason } as const;
    // Leave to run is no outcome.
    const status = permitted ? {} : ({ status: 'blocked' } as const);
    const facts = { tool: asked.tool, ...given('call_id', id), ...status, decision } as const;
    session.record({ type: 'approval', ...facts });
    agents.decide(id);
    if (!permitted) agents.settle(id)?.blocked(reason.reason ?? 'It was denied.', { decision });
  });
  return {
    hooks: (yours) => {
      const all: Record<string, unknown> = { ...yours };
      for (const name of EVENTS) {
        const before = all[name];
        all[name] = [...(Array.isArray(before) ? before : []), { hooks: [callback] }];
      }
      return all as never;
    },
    canUseTool: (decide) => async (tool, input, options) => {
      const answer = await decide(tool, input, options);
      decided({ tool, options }, answer);
      return answer;
    },
    seen: (message) => {
      told(message);
      return message;
    },
  };
}

type Asked = { readonly tool: string; readonly options: unknown };
