/** Hooks of the Claude Agent SDK: the records of Claude Code, as its callbacks get them. */
import type { Call, Fields, Session } from '../sdk.ts';
import {
  at,
  countOf,
  given,
  type Host,
  keepOpen,
  listAt,
  marks,
  nameOf,
  textOf,
  witnessed,
} from './witness.ts';

/** What a hook is called with. */
export type Input = { readonly hook_event_name: string; readonly session_id: string };

type Known = { readonly session: Session; readonly call?: Call };

export type Agents = ReturnType<typeof openAgents>;

const RUNTIME = 'claude-agent-sdk';
const SESSIONS = 1000;
const CALLS = 10_000;
/** Where an approval stands whose session no hook has named. */
const NO_SESSION = 'claude-agent-sdk';

export function openAgents(host: Host) {
  const sessions = keepOpen<Session>(SESSIONS);
  const calls = keepOpen<Known>(CALLS);
  const settled = keepOpen<true>(CALLS);
  const decided = keepOpen<true>(CALLS);
  const spoken = keepOpen<true>(SESSIONS);
  const counted = keepOpen<true>(CALLS);
  let last: Session | undefined;
  const sessionOf = (id: string, part?: string): Session => {
    const session_id = part === undefined ? id : `${id}:${part}`;
    const parent = part === undefined ? {} : { parent_session_id: id };
    const known = sessions.get(session_id);
    const opened = known ?? witnessed(host.session({ session_id, ...parent }), marks(RUNTIME));
    sessions.set(session_id, opened);
    last = opened;
    return opened;
  };
  return {
    sessionOf,
    /** The session of a call; of one that no hook announced, the one last heard of. */
    of: (id: string | undefined): Known =>
      calls.get(id ?? '') ?? { session: last ?? sessionOf(NO_SESSION) },
    begin: (id: string, known: Known): void => calls.set(id, known),
    /** The call, if it had no outcome yet; from now on it has one. */
    settle: (id: string | undefined): Call | undefined => {
      if (id === undefined) return undefined;
      settled.set(id, true);
      return calls.take(id)?.call;
    },
    decide: (id: string | undefined): void => decided.set(id ?? '', true),
    isDecided: (id: string | undefined) => decided.has(id ?? ''),
    isSettled: (id: string) => settled.has(id),
    /** Whether the session's words come with its messages, so that hooks need not tell them. */
    speaks: (session_id: string) => spoken.has(session_id),
    hear: (session_id: string): void => spoken.set(session_id, true),
    /** Whether this message of the model is new. */
    isNew: (id: string): boolean => {
      const fresh = !counted.has(id);
      counted.set(id, true);
      return fresh;
    },
  };
}

type Hook = {
  readonly agents: Agents;
  readonly input: Input;
  readonly session: Session;
  readonly id: string | undefined;
};

export function recordHook(agents: Agents, input: Input, toolUseID: string | undefined): void {
  const id = nameOf(at(input, 'tool_use_id')) ?? nameOf(toolUseID);
  const whole = nameOf(input.session_id) ?? NO_SESSION;
  const opened = agents.sessionOf(whole, nameOf(at(input, 'agent_id')));
  const session = witnessed(opened, { ...marks(RUNTIME), ...surroundings(input) });
  const record = HOOKS.get(input.hook_event_name) ?? noted;
  record({ agents, input, session, id });
}

function surroundings(input: Input): Fields {
  const names = ['cwd', 'permission_mode', 'transcript_path'] as const;
  const attributes = Object.fromEntries(
    names.flatMap((name) => {
      const value = textOf(at(input, name));
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const name = nameOf(at(input, 'agent_type'));
  return {
    ...given('turn_id', nameOf(at(input, 'prompt_id'))),
    agent: { runtime: RUNTIME, ...given('name', name) },
    attributes,
  };
}

const HOOKS: ReadonlyMap<string, (hook: Hook) => void> = new Map([
  ['PreToolUse', asked],
  ['PostToolUse', answered],
  ['PostToolUseFailure', failed],
  ['PostToolBatch', batch],
  ['PermissionRequest', approval],
  ['PermissionDenied', denied],
  [
    'UserPromptSubmit',
    ({ input, session }: Hook) => {
      session.prompt(textOf(at(input, 'prompt')) ?? '');
    },
  ],
  ['Stop', stopped],
  [
    'SessionStart',
    ({ input, session }: Hook) => {
      const detail = `The session began: ${nameOf(at(input, 'source')) ?? 'unknown'}.`;
      const model = given('model', nameOf(at(input, 'model')));
      session.record({ type: 'session', operation: 'start', status: 'pending', detail, ...model });
    },
  ],
  [
    'SessionEnd',
    ({ input, session }: Hook) => {
      session.end({ detail: `The session ended: ${nameOf(at(input, 'reason')) ?? 'unknown'}.` });
    },
  ],
  [
    'SubagentStart',
    ({ session }: Hook) => {
      const detail = 'The sub-agent began.';
      session.record({ type: 'session', operation: 'start', status: 'pending', detail });
    },
  ],
  [
    'SubagentStop',
    (hook: Hook) => {
      stopped(hook);
      hook.session.end({ detail: 'The sub-agent ended.' });
    },
  ],
]);

function asked({ agents, input, session, id }: Hook): void {
  if (id === undefined || agents.of(id).call) return;
  const tool = nameOf(at(input, 'tool_name')) ?? 'unknown';
  const call = session.start(tool, at(input, 'tool_input'), { call_id: id });
  agents.begin(id, { session, call });
}

/** The call, announced now if no hook did before. */
function callOf(hook: Hook): Call | undefined {
  asked(hook);
  return hook.agents.settle(hook.id);
}

function answered(hook: Hook): void {
  const response = at(hook.input, 'tool_response');
  const background = nameOf(at(response, 'backgroundTaskId'));
  const took = given('duration_ms', countOf(at(hook.input, 'duration_ms')));
  const call = callOf(hook);
  if (at(response, 'interrupted') === true) {
    call?.error('It was interrupted.', { ...took, error: { code: 'interrupted' } });
  } else if (background !== undefined) {
    call?.unknown('It goes on in the background.', { attributes: { task_id: background } });
  } else call?.success(response, took);
}

function failed(hook: Hook): void {
  const message = textOf(at(hook.input, 'error')) ?? 'It failed.';
  const took = given('duration_ms', countOf(at(hook.input, 'duration_ms')));
  const code = at(hook.input, 'is_interrupt') === true ? { code: 'interrupted' } : {};
  callOf(hook)?.error(message, { ...took, error: { ...code, message } });
}

/** What the model got back: the only witness of calls that never ran. */
function batch({ agents, input, session }: Hook): void {
  for (const each of listAt(input, 'tool_calls')) {
    const id = nameOf(at(each, 'tool_use_id'));
    if (id === undefined || agents.isSettled(id)) continue;
    const tool = nameOf(at(each, 'tool_name')) ?? 'unknown';
    const start = () => session.start(tool, at(each, 'tool_input'), { call_id: id });
    const call = agents.settle(id) ?? start();
    const words = at(each, 'tool_response');
    const told = textOf(words) ?? textOf(at(words, 0, 'text')) ?? '';
    const hooked = /^PreToolUse:\S{1,200} hook error: (.*)/s.exec(told)?.[1];
    if (hooked !== undefined) {
      call.blocked(hooked, { decision: { outcome: 'deny', by: 'hook', reason: hooked } });
    } else if (told.startsWith('<tool_use_error>')) {
      call.error(told.slice('<tool_use_error>'.length).replace(/<\/tool_use_error>$/, ''));
    } else call.unknown('No hook told its outcome; the model got this back.', { result: words });
  }
}

/** The hook and `canUseTool` run side by side: a request must not hide its decision. */
function approval({ agents, input, session, id }: Hook): void {
  const tool = nameOf(at(input, 'tool_name'));
  const asks = { decision: { outcome: 'escalate', by: 'config' } } as const;
  const decision = id !== undefined && agents.isDecided(id) ? {} : asks;
  const facts = { ...given('tool', tool), ...given('call_id', id), ...decision };
  const asked = { arguments: at(input, 'tool_input'), status: 'escalated' } as const;
  session.record({ type: 'approval', ...facts, ...asked });
}

function denied(hook: Hook): void {
  const reason = textOf(at(hook.input, 'reason')) ?? 'It was denied.';
  callOf(hook)?.blocked(reason, { decision: { outcome: 'deny', by: 'config', reason } });
}

function stopped({ agents, input, session }: Hook): void {
  const text = textOf(at(input, 'last_assistant_message'));
  if (text !== undefined && text !== '' && !agents.speaks(session.session_id)) session.output(text);
}

/** Any other hook: that it fired is known. */
function noted({ input, session }: Hook): void {
  const operation = nameOf(input.hook_event_name) ?? 'unknown';
  const detail = textOf(at(input, 'message')) ?? `The hook ${operation} fired.`;
  session.record({ type: 'session', operation, detail });
}
