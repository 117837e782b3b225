/** The contract of governance: the lifecycle from a declared task to its close, each recorded. */
import type { Producer } from '../../event/normalise.ts';
import type {
  Approval,
  CloseTask,
  Decision,
  Declare,
  Enforcement,
  RequestApproval,
  Task,
  Validate,
  Vote,
} from '../../policy/lifecycle.ts';
import type { PolicyFile, PolicySet } from '../../policy/policy.ts';
import type { Difference } from '../../policy/replay.ts';
import type { Own } from '../own.ts';

/** Whoever calls: a credential by its name and id, never its token. */
export type Actor = {
  readonly tenant: string;
  readonly credential_id: string;
  readonly name: string;
  /** What the credential fills in: agent, user, environment. */
  readonly producer: Producer;
};

/** A policy set that was put in force. */
export type PolicyVersion = {
  readonly version: string;
  readonly files: readonly PolicyFile[];
  readonly author: string;
  readonly applied_at: string;
  readonly reason?: string;
  /** By Claw itself or its configuration, not by a tenant. */
  readonly brought?: true;
  /** Id of the event that records it. */
  readonly event_id: string;
};

/** Past decisions that are asked again; the latest first, as many as `limit`. */
export type ReplayRequest = {
  readonly tenant: string;
  /** In the query language; times as a search takes them. */
  readonly query?: string;
  readonly from?: string;
  readonly to?: string;
  readonly zone?: string;
  readonly files: readonly PolicyFile[];
  readonly limit?: number;
  readonly signal?: AbortSignal;
};

export type Replayed = {
  /** Of the set that was tried, and of the one in force. */
  readonly version: string;
  readonly in_force: string;
  readonly decisions: number;
  readonly same: number;
  /** The same outcome, by other policies. */
  readonly otherwise: number;
  readonly different: number;
  /** They hold no request that could be asked again. */
  readonly unreadable: number;
  /** The latest of those that are different, then of those that are otherwise. */
  readonly differences: readonly Difference[];
  /** Whether there are more decisions than were looked at. */
  readonly more: boolean;
};

export type ApprovalsQuery = {
  readonly state?: Approval['state'];
  readonly session_id?: string;
  readonly task_id?: string;
  readonly limit?: number;
};

/**
 * Every method that changes something resolves when its record is durable, and throws where it
 * could not be recorded: nothing was decided then.
 */
export type Govern = {
  /** Throws `task.exists` for an id that was declared with something else. */
  readonly declareTask: (request: Declare, actor: Actor) => Promise<Task>;
  /** Throws `task.not_found`. */
  readonly task: (tenant: string, task_id: string) => Promise<Task>;
  /** The latest first. */
  readonly tasks: (
    tenant: string,
    query: { readonly state?: Task['state']; readonly limit?: number },
  ) => Promise<readonly Task[]>;
  /** Throws `task.not_found`, `task.closed`. */
  readonly closeTask: (task_id: string, request: CloseTask, actor: Actor) => Promise<Task>;
  /**
   * The decision of one action. Where policy escalates it asks for approval, and waits up to
   * `wait_s` for it (less where the signal aborts). Throws `task.not_found`, `task.closed`,
   * `decision.mismatch` for an id that was used for another action.
   */
  readonly validate: (request: Validate, actor: Actor, signal?: AbortSignal) => Promise<Decision>;
  readonly requestApproval: (
    request: RequestApproval,
    actor: Actor,
    signal?: AbortSignal,
  ) => Promise<Approval>;
  /** Throws `approval.not_found`. Waits up to `wait_s` while it is pending. */
  readonly approval: (
    tenant: string,
    approval_id: string,
    wait?: { readonly wait_s: number; readonly signal?: AbortSignal },
  ) => Promise<Approval>;
  /** The latest first. */
  readonly approvals: (tenant: string, query: ApprovalsQuery) => Promise<readonly Approval[]>;
  /** Throws `approval.not_found`, `approval.decided` with its state, `approval.own`. */
  readonly approve: (approval_id: string, vote: Vote, actor: Actor) => Promise<Approval>;
  readonly deny: (
    approval_id: string,
    vote: Omit<Vote, 'scope'>,
    actor: Actor,
  ) => Promise<Approval>;
  /** The policy set in force. */
  readonly policies: (tenant: string) => Promise<{ version: PolicyVersion; set: PolicySet }>;
  /** Puts a policy set in force, recorded with author and diff. Throws `policy.invalid`. */
  readonly applyPolicies: (
    request: { readonly files: readonly PolicyFile[]; readonly reason?: string },
    actor: Actor,
  ) => Promise<PolicyVersion>;
  /** Every set that was in force, the latest first. */
  readonly policyVersions: (tenant: string, limit?: number) => Promise<readonly PolicyVersion[]>;
  /** Throws `policy.not_found`. */
  readonly policyVersion: (tenant: string, version: string) => Promise<PolicyVersion>;
  /** What another set would have said: nothing is changed. Throws `policy.invalid`. */
  readonly replayDecisions: (request: ReplayRequest) => Promise<Replayed>;
  readonly enforcement: (tenant: string) => Promise<Enforcement>;
  readonly setEnforcement: (settings: Enforcement, actor: Actor) => Promise<Enforcement>;
  /** Records what Claw itself says of the lifecycle: its attribute `claw` is nobody else's. */
  readonly recordOwn: (own: Own) => Promise<void>;
};
