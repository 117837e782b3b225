/** The lifecycle's calls: declare, validate, approve, roll back, close. Throws the server's Fault. */
import { setTimeout as pause } from 'node:timers/promises';
import { Fault } from '../fault/fault.ts';
import type {
  Approval,
  CloseTask,
  Decision,
  Declare,
  RequestApproval,
  Task,
  Validate,
  Vote,
} from '../policy/lifecycle.ts';
import { newId } from './line.ts';
import type { Wire } from './wire.ts';

export type AskOptions = {
  /** Ends the wait: the promise rejects with the signal's reason. What was asked stays asked. */
  readonly signal?: AbortSignal | undefined;
};

/** What is to be undone: a session, a task, one call or one event. */
export type RollbackRequest = {
  readonly session_id?: string;
  readonly task_id?: string;
  readonly call_id?: string;
  readonly id?: string;
};

export type Lifecycle = {
  readonly declare_task: (request: Declare) => Promise<Task>;
  /**
   * May this be done? Act only if the answer is `allowed`. Where policy asks for a person, waits
   * up to `wait_s` for them; the same `call_id` asked again goes on waiting.
   */
  readonly validate_action: (request: Validate, options?: AskOptions) => Promise<Decision>;
  readonly request_approval: (request: RequestApproval, options?: AskOptions) => Promise<Approval>;
  readonly approve: (approval_id: string, vote: Vote) => Promise<Approval>;
  readonly deny: (approval_id: string, vote: Omit<Vote, 'scope'>) => Promise<Approval>;
  /** The plan of what would be undone; it changes nothing. */
  readonly rollback: (request: RollbackRequest) => Promise<Readonly<Record<string, unknown>>>;
  readonly close_task: (task_id: string, request?: CloseTask) => Promise<Task>;
};

/** Fields that a request gets where it has none: agent, user, environment. */
export type LifecycleDefaults = Pick<Declare, 'agent' | 'user' | 'environment' | 'channel'>;

/** No answer is held for longer: what stands between may cut a silent connection after 60 s. */
const SLICE_S = 30;
/** Between two attempts while a server that an approval was asked of is away. */
const AGAIN_MS = 1000;

export function openLifecycle(wire: Wire, defaults: LifecycleDefaults = {}): Lifecycle {
  return {
    declare_task: async (request) => {
      const task_id = request.task_id ?? newId(Date.now());
      return (await wire.post('v1/tasks', { ...defaults, ...request, task_id })) as Task;
    },
    validate_action: async (request, options = {}) => {
      const asked = fixed({ ...defaults, ...request });
      const path = 'v1/actions/validate';
      const pending = (decision: Decision) => decision.approval?.state === 'pending';
      return (await patiently({ wire, path, asked, pending, ...options })) as Decision;
    },
    request_approval: async (request, options = {}) => {
      const asked = fixed({ ...defaults, ...request });
      const pending = (approval: Approval) => approval.state === 'pending';
      const path = 'v1/approvals';
      return (await patiently({ wire, path, asked, pending, ...options })) as Approval;
    },
    approve: async (approval_id, vote) =>
      (await wire.post(voting(approval_id, 'approve'), ballot(vote))) as Approval,
    deny: async (approval_id, vote) =>
      (await wire.post(voting(approval_id, 'deny'), ballot(vote))) as Approval,
    rollback: async (request) =>
      (await wire.post('v1/rollback', request)) as Readonly<Record<string, unknown>>,
    close_task: async (task_id, request = {}) =>
      (await wire.post(`v1/tasks/${segment(task_id)}/close`, request)) as Task,
  };
}

/**
 * The same words at every attempt, however long they wait and whatever becomes of the caller's
 * objects; and an id, so that what is sent twice is done once.
 */
function fixed<T extends { readonly id?: string | undefined }>(request: T): T {
  let text: string;
  try {
    text = JSON.stringify({ ...request, id: request.id ?? newId(Date.now()) });
  } catch (cause) {
    const message = 'The arguments are no JSON, so that nobody could decide on them.';
    throw new Fault('usage.invalid', message, { field: 'arguments', cause });
  }
  return JSON.parse(text) as T;
}

type Waiting<Answer> = AskOptions & {
  readonly wire: Wire;
  readonly path: string;
  readonly asked: { readonly wait_s?: number | undefined };
  readonly pending: (answer: Answer) => boolean;
};

/** Asks again while it is pending and there is time: each time the same, which is done once. */
async function patiently<Answer>(waiting: Waiting<Answer>): Promise<Answer> {
  const { wire, path, asked, pending, signal } = waiting;
  const end_ms = performance.now() + (asked.wait_s ?? 0) * 1000;
  let last: Answer | undefined;
  for (;;) {
    const left_s = Math.max(0, (end_ms - performance.now()) / 1000);
    const wait_s = Math.min(SLICE_S, left_s);
    try {
      last = (await wire.post(path, { ...asked, wait_s }, { ...timing(wait_s), signal })) as Answer;
      if (!pending(last) || performance.now() >= end_ms) return last;
    } catch (error) {
      const away = error instanceof Fault && error.code === 'server.unreachable';
      // A server that restarts has kept the approval; one that was never asked has none.
      if (!away || last === undefined || performance.now() >= end_ms) throw error;
      await pause(AGAIN_MS, undefined, signal === undefined ? {} : { signal }).catch(() => {});
      signal?.throwIfAborted();
    }
  }
}

/** What an answer may take beside the time that it is held. */
const ANSWER_MS = 10_000;

function timing(wait_s: number): { readonly timeout_ms: number } {
  return { timeout_ms: wait_s * 1000 + ANSWER_MS };
}

function ballot<V extends { readonly id?: string | undefined }>(vote: V): V {
  return { ...vote, id: vote.id ?? newId(Date.now()) };
}

function voting(approval_id: string, vote: 'approve' | 'deny'): string {
  return `v1/approvals/${segment(approval_id)}/${vote}`;
}

function segment(id: string): string {
  return encodeURIComponent(id.toWellFormed()).replaceAll('.', '%2E');
}
