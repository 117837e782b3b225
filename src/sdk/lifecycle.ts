/** The lifecycle's calls, from declaring a task to closing it. Each throws the server's Fault. */
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
import type { Rollback, RollbackRequest } from './rollback/rollback.ts';
import type { Wire } from './wire.ts';

export type WaitOptions = {
  /** Ends the wait: the promise rejects with the signal's reason. What was asked stays asked. */
  readonly signal?: AbortSignal | undefined;
};

export type Lifecycle = {
  readonly declare_task: (request: Declare) => Promise<Task>;
  /**
   * May this be done? Act only if the answer is `allowed`. Where policy asks for a person, waits
   * up to `wait_s` for them; the same `call_id` asked again goes on waiting.
   */
  readonly validate_action: (request: Validate, options?: WaitOptions) => Promise<Decision>;
  readonly request_approval: (request: RequestApproval, options?: WaitOptions) => Promise<Approval>;
  readonly approve: (approval_id: string, vote: Vote) => Promise<Approval>;
  readonly deny: (approval_id: string, vote: Omit<Vote, 'scope'>) => Promise<Approval>;
  /** The plan of what would be undone; it changes files only with `apply: true`. */
  readonly rollback: (request: RollbackRequest) => Promise<Rollback>;
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
      const ask = async (wait_s: number) =>
        (await wire.post(
          'v1/actions/validate',
          { ...asked, wait_s },
          held(wait_s, options),
        )) as Decision;
      const pending = ({ approval }: Decision) => approval?.state === 'pending';
      return patiently({ ask, again: ask, pending, wait_s: asked.wait_s, ...options });
    },
    request_approval: async (request, options = {}) => {
      const asked = fixed({ ...defaults, ...request });
      const ask = async (wait_s: number) =>
        (await wire.post('v1/approvals', { ...asked, wait_s }, held(wait_s, options))) as Approval;
      const again = async (wait_s: number, { approval_id }: Approval) => {
        const path = `v1/approvals/${segment(approval_id)}`;
        return (await wire.read(
          path,
          { wait_s: Math.ceil(wait_s) },
          held(wait_s, options),
        )) as Approval;
      };
      const pending = ({ state }: Approval) => state === 'pending';
      return patiently({ ask, again, pending, wait_s: asked.wait_s, ...options });
    },
    approve: async (approval_id, vote) =>
      (await wire.post(voting(approval_id, 'approve'), ballot(vote))) as Approval,
    deny: async (approval_id, vote) =>
      (await wire.post(voting(approval_id, 'deny'), ballot(vote))) as Approval,
    // Few agents undo anything: what does it is loaded for those.
    rollback: async (request) => (await import('./rollback/rollback.ts')).rollBack(wire, request),
    close_task: async (task_id, request = {}) =>
      (await wire.post(`v1/tasks/${segment(task_id)}/close`, request)) as Task,
  };
}

type Asked = { readonly id?: string | undefined; readonly call_id?: string | undefined };

/**
 * The same words at every attempt, however long they wait and whatever becomes of the caller's
 * objects; and an id where there is none, so that what is sent twice is done once.
 */
function fixed<T extends Asked>(request: T): T {
  const own = request.id === undefined && request.call_id === undefined;
  try {
    const text = JSON.stringify(own ? { ...request, id: newId(Date.now()) } : request);
    return JSON.parse(text) as T;
  } catch (cause) {
    const message = 'The arguments are no JSON, so that nobody could decide on them.';
    throw new Fault('usage.invalid', message, { field: 'arguments', cause });
  }
}

type Waiting<Answer> = WaitOptions & {
  readonly ask: (wait_s: number) => Promise<Answer>;
  /** Asks after what was answered before. */
  readonly again: (wait_s: number, before: Answer) => Promise<Answer>;
  readonly pending: (answer: Answer) => boolean;
  readonly wait_s?: number | undefined;
};

/**
 * Asks, and then waits in slices while it is pending and there is time: what was asked and is known
 * to be pending may be asked again, whatever becomes of a connection.
 */
async function patiently<Answer>(waiting: Waiting<Answer>): Promise<Answer> {
  const { ask, again, pending, wait_s = 0, signal } = waiting;
  const end_ms = performance.now() + wait_s * 1000;
  const left_s = () => Math.min(SLICE_S, Math.max(0, (end_ms - performance.now()) / 1000));
  let last = await ask(0);
  while (pending(last) && performance.now() < end_ms) {
    try {
      last = await again(left_s(), last);
    } catch (error) {
      if (!isAway(error) || performance.now() >= end_ms) throw error;
      await pause(AGAIN_MS, undefined, signal === undefined ? {} : { signal }).catch(() => {});
      signal?.throwIfAborted();
    }
  }
  return last;
}

/** A server that restarts has kept the approval. */
function isAway(error: unknown): boolean {
  return (
    error instanceof Fault &&
    (error.code === 'server.unreachable' || error.code === 'server.closing')
  );
}

/** What an answer may take beside the time that it is held. */
const ANSWER_MS = 10_000;

function held(wait_s: number, { signal }: WaitOptions) {
  return { timeout_ms: wait_s * 1000 + ANSWER_MS, signal };
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
