/** A session's handle: fills in the ids, so that an agent says only what happened. */
import type { Event } from '../event/event.ts';
import { Fault } from '../fault/fault.ts';
import type {
  Approval,
  Decision,
  Declare,
  RequestApproval,
  Task,
  Validate,
} from '../policy/lifecycle.ts';
import type { Lifecycle, WaitOptions } from './lifecycle.ts';
import { type EventDraft, newId } from './line.ts';
import { type Agent, named, type User } from './option.ts';
import { safe, safeError } from './safe.ts';

export type SessionOptions = {
  /** An existing session's id; without it a new session begins, and says so in the trail. */
  readonly session_id?: string;
  readonly parent_session_id?: string;
  readonly agent?: string | Agent;
  readonly user?: string | User;
  readonly channel?: string;
  readonly task_id?: string;
};

/** Any further fields of the event. */
export type Fields = Partial<Event> & { readonly [name: string]: unknown };

/** Every function that records returns the event's id. */
export type Session = {
  readonly session_id: string;
  /** Begins a turn: what follows carries its `turn_id`. */
  readonly prompt: (text: string, fields?: Fields) => string;
  /** `tokens` as a number is the total. */
  readonly output: (text: string, fields?: OutputFields) => string;
  /** Records a tool call as pending, and hands back what records what came of it. */
  readonly start: (tool: string, args?: unknown, fields?: Fields) => Call;
  readonly api_call: (fields: Fields & { readonly destination: string }) => string;
  readonly file_operation: (fields: Fields & FileFields) => string;
  /** Any other event of this session. */
  readonly record: (draft: Fields & Pick<Event, 'type'>) => string;
  /** A sub-agent's session: its `parent_session_id` is this one. */
  readonly child: (options?: Omit<SessionOptions, 'parent_session_id'>) => Session;
  readonly end: (fields?: Fields) => string;
  /** What follows in this session belongs to the task, until it is closed. */
  readonly declare_task: (request: Declare) => Promise<Task>;
  readonly validate_action: (request: Validate, options?: WaitOptions) => Promise<Decision>;
  readonly request_approval: (request: RequestApproval, options?: WaitOptions) => Promise<Approval>;
};

export type OutputFields = Omit<Fields, 'tokens'> & {
  readonly tokens?: number | Event['tokens'];
  readonly model?: string | undefined;
};

export type FileFields = { readonly operation: string; readonly path: string };

/** The first outcome stands; a second one is reported through `onError` and not recorded. */
export type Call = {
  readonly call_id: string;
  readonly success: (result?: unknown, fields?: Fields) => string;
  readonly error: (thrown: unknown, fields?: Fields) => string;
  readonly blocked: (reason: string, fields?: Fields & { readonly policy_id?: string }) => string;
  /** It ended, and nobody saw how. */
  readonly unknown: (reason: string, fields?: Fields) => string;
};

export type SessionContext = {
  readonly record: (draft: EventDraft) => string;
  readonly report: (fault: Fault, ids: readonly string[]) => void;
  readonly value_chars: number;
  /** Who acts where neither the session nor the draft says so. */
  readonly agent?: Agent | undefined;
  readonly lifecycle: Lifecycle;
};

type State = SessionContext & { readonly base: EventDraft; turn_id: string | undefined };

/** For callers that hand the same object to several functions, the session's own fields win. */
export function openSession(context: SessionContext, options: SessionOptions): Session {
  const { session_id = newId(Date.now()), agent, user, ...rest } = options;
  const base = {
    ...defined(rest),
    ...(agent === undefined ? {} : { agent: named(agent) }),
    ...(user === undefined ? {} : { user: named(user) }),
    session_id,
  } as EventDraft;
  const state: State = { ...context, base, turn_id: undefined };
  if (options.session_id === undefined) {
    put(state, { type: 'session', status: 'pending', detail: 'The session began.' });
  }
  return {
    session_id,
    prompt: (text, fields) => {
      state.turn_id = fields?.turn_id ?? newId(Date.now());
      return put(state, { ...fields, type: 'prompt', content: content(state, text) });
    },
    output: (text, fields = {}) => {
      const { tokens, ...others } = fields;
      const counted = typeof tokens === 'number' ? { total: tokens } : tokens;
      const used = counted === undefined ? {} : { tokens: counted };
      return put(state, { ...others, ...used, type: 'output', content: content(state, text) });
    },
    start: (tool, args, fields) => start(state, { ...fields, tool }, args),
    api_call: (fields) => put(state, { ...fields, type: 'api_call' }),
    file_operation: (fields) => put(state, { ...fields, type: 'file_operation' }),
    record: (draft) => put(state, draft),
    child: (given = {}) =>
      openSession(context, { ...inherited(options), ...given, parent_session_id: session_id }),
    end: (fields) =>
      put(state, { status: 'success', detail: 'The session ended.', ...fields, type: 'session' }),
    ...asking(state),
  };
}

/** The session's own fields win here too. A declared task names itself. */
function asking({ base, lifecycle }: State) {
  const { session_id, task_id, agent, user, channel } = base;
  const who = defined({ session_id, agent, user, channel }) as Partial<Declare>;
  const own = defined({ task_id });
  return {
    declare_task: (request: Declare) => lifecycle.declare_task({ ...request, ...who }),
    validate_action: (request: Validate, options?: WaitOptions) =>
      lifecycle.validate_action({ ...own, ...request, ...who }, options),
    request_approval: (request: RequestApproval, options?: WaitOptions) =>
      lifecycle.request_approval({ ...own, ...request, ...who }, options),
  };
}

function start(state: State, fields: Fields, args: unknown): Call {
  const call_id = typeof fields.call_id === 'string' ? fields.call_id : newId(Date.now());
  const turn_id = fields.turn_id ?? state.turn_id;
  const turn = turn_id === undefined ? {} : { turn_id };
  const common = { ...turn, type: 'tool_call', tool: fields.tool, call_id } as const;
  const given = args === undefined ? {} : { arguments: safe(args, state.value_chars) };
  put(state, { ...fields, ...common, ...given, status: 'pending' });
  const began_ms = performance.now();
  let done = false;
  const finish = (more: Fields): string => {
    if (done) {
      const message = `The call ${call_id.slice(0, 100)} had an outcome before.`;
      state.report(new Fault('usage.invalid', message, { field: 'call_id' }), []);
      return '';
    }
    done = true;
    const duration_ms = Math.round((performance.now() - began_ms) * 1000) / 1000;
    return put(state, { duration_ms, ...more, ...common });
  };
  return {
    call_id,
    success: (result, more) => {
      const kept = result === undefined ? {} : { result: safe(result, state.value_chars) };
      return finish({ ...kept, ...more, status: 'success' });
    },
    error: (thrown, more) =>
      finish({ error: safeError(thrown, state.value_chars), ...more, status: 'error' }),
    blocked: (reason, { policy_id, ...more } = {}) => {
      const policies = policy_id === undefined ? {} : { policy_ids: [policy_id] };
      const decision = { outcome: 'deny', by: 'policy', reason, ...policies } as const;
      return finish({ decision, detail: reason, ...more, status: 'blocked' });
    },
    unknown: (reason, more) => finish({ detail: reason, ...more, status: 'unknown' }),
  };
}

function put(state: State, draft: Readonly<Record<string, unknown>>): string {
  const turn = state.turn_id === undefined ? {} : { turn_id: state.turn_id };
  const agent = agentOf(state, draft['agent']);
  return state.record({ ...turn, ...draft, ...state.base, ...agent } as EventDraft);
}

/** A draft that only adds to who acts, such as the runtime, does not hide the rest of it. */
function agentOf({ base, agent }: State, given: unknown): { readonly agent?: Agent } {
  if (typeof given !== 'object' || given === null) return {};
  const whose = base.agent ?? (Object.hasOwn(given, 'id') ? undefined : agent);
  return { agent: { ...given, ...whose } };
}

/** What is not text is kept as the text of its safe form, not lost. */
function content({ value_chars }: State, text: unknown): string {
  return typeof text === 'string' ? text : (JSON.stringify(safe(text, value_chars)) ?? '');
}

function inherited({ agent, user, channel, task_id }: SessionOptions): SessionOptions {
  return defined({ agent, user, channel, task_id });
}

/** Without the fields that are undefined, which would hide what they are spread over. */
export function defined<T extends object>(
  fields: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
