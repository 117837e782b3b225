/** Answers whether an action may be done: once for each call, however often it is asked. */
import { given } from '../../adapter/record.ts';
import { check } from '../../event/check.ts';
import type { Event } from '../../event/event.ts';
import { Fault } from '../../fault/fault.ts';
import { actionHash } from '../../policy/approval.ts';
import {
  type Approval,
  type Decision,
  type Mode,
  requestApprovalSchema,
  validateSchema,
} from '../../policy/lifecycle.ts';
import type { Approvals } from './approval.ts';
import { type Asked, decideNow, decisionOf, eventOf, judge, statusOf } from './decide.ts';
import type { Actor, Govern } from './govern.ts';
import { actingAs, type Ground, ownEvent, timeOf } from './ground.ts';
import { coveringApproval, modeOf, openTaskOf, pendingApproval } from './state.ts';
import { entryOf, within } from './task.ts';
import { approvalFor, type For } from './terms.ts';

export type ValidateOptions = Ground & Pick<Approvals, 'ask' | 'wait'>;

/** Calls whose decision is remembered for a retry, the latest of all tenants. */
const REMEMBERED = 50_000;

/** One call's way from question to final answer. */
type Course = {
  readonly action_hash: string;
  readonly mode: Mode;
  /** The last decision, which may wait for an approval. */
  decided: Promise<Decision>;
  /** What came of the approval. */
  settled?: Promise<Decision> | undefined;
};

export function openValidate(
  ground: ValidateOptions,
): Pick<Govern, 'validate' | 'requestApproval'> {
  const courses = new Map<string, Course>();
  return {
    validate: async (request, actor, signal) => {
      const { wait_s, approval, ...action } = check(validateSchema, request);
      const asked = await askedBy(ground, action, actor);
      const course = await courseOf(ground, courses, { asked, actor, approval });
      const decision = await course.decided;
      if (!waits(decision)) return decision;
      return settle(ground, course, { asked, actor, decision, wait: { wait_s, signal } });
    },
    requestApproval: async (request, actor, signal) => {
      const { wait_s, reason, expires_s, quorum, ...action } = check(
        requestApprovalSchema,
        request,
      );
      const asked = await askedBy(ground, action, actor);
      const { state } = asked;
      const known = pendingApproval(state, sameAs(asked));
      const wish = { reason, expires_s, quorum };
      const made = known ?? (await askFor(ground, { asked, actor, wish }));
      return ground.wait(state, made.approval_id, { wait_s, signal });
    },
  };
}

type Requested = Omit<ReturnType<typeof validateSchema.parse>, 'wait_s' | 'approval'>;

/** The action as an event tells it, with its task and the mode in which it is judged. */
async function askedBy(ground: Ground, action: Requested, actor: Actor): Promise<Asked> {
  const state = await ground.ruledState(actor.tenant);
  const open = action.session_id && openTaskOf(state, { ...action, session_id: action.session_id });
  const task_id = action.task_id || open || undefined;
  const task = task_id ? await entryOf(ground, actor.tenant, task_id) : undefined;
  const session_id = action.session_id ?? task?.task.session_id;
  if (session_id === undefined) {
    throw new Fault('request.invalid', 'session_id: it is needed where no task_id is given.', {
      field: 'session_id',
    });
  }
  const who = actingAs(actor, action);
  const { tool, call_id, channel, cwd, parent_session_id: parent } = action;
  const seen = ground.describe({
    ...who,
    session_id,
    tool,
    ...given('parent_session_id', parent),
    ...given('task_id', task_id),
    ...given('call_id', call_id),
    ...given('channel', channel),
    arguments: action.arguments,
    ...(cwd === undefined ? {} : { attributes: { cwd } }),
  });
  const acting = { ...claimed(seen, action), session_id, tool };
  const { agent, environment } = who;
  const exact = { tool, arguments: action.arguments, cwd, environment };
  const action_hash = actionHash({ ...exact, agent_id: agent?.id, runtime: agent?.runtime });
  const mode = modeOf(state, { agent, environment }, action.mode);
  return { state, task, acting, action_hash, mode, id: action.id };
}

/** What the caller says may add to what is seen, and settle a guess: never hide anything. */
function claimed(seen: Partial<Event>, { action, resources = [] }: Requested): Partial<Event> {
  const guessed = seen.action === undefined || seen.attributes?.['action_inferred'] !== undefined;
  const known = seen.resources ?? [];
  const others = resources.filter(
    ({ kind, id, access }) =>
      !known.some((one) => one.kind === kind && one.id === id && one.access === access),
  );
  const all = [...known, ...others].slice(0, 256);
  return {
    ...seen,
    ...(guessed && action !== undefined ? { action } : {}),
    ...(all.length === 0 ? {} : { resources: all }),
  };
}

function sameAs({ acting, action_hash }: Asked) {
  return { session_id: acting.session_id, action_hash };
}

type Asking = { readonly asked: Asked; readonly actor: Actor; readonly approval: boolean };

/** The course of a call that was asked before, or a new one. */
async function courseOf(
  ground: ValidateOptions,
  courses: Map<string, Course>,
  asking: Asking,
): Promise<Course> {
  const { asked } = asking;
  const key = keyOf(asked);
  const known = key === undefined ? undefined : courses.get(key);
  const same = known?.action_hash === asked.action_hash && holds(known.mode, asked.mode);
  if (known && same) return known;
  if (known && asked.id !== undefined) throw mismatch();
  const { action_hash, mode } = asked;
  const course: Course = { action_hash, mode, decided: open(ground, asking) };
  const { decided } = course;
  if (key === undefined) return course;
  courses.set(key, course);
  for (const [oldest] of courses) {
    if (courses.size <= REMEMBERED) break;
    courses.delete(oldest);
  }
  // What was not recorded is asked anew.
  const forget = () => {
    if (courses.get(key) === course) courses.delete(key);
  };
  decided.then(({ recorded }) => recorded === false && forget(), forget);
  return course;
}

/** What was only observed says nothing to who is held to decisions. */
function holds(decided: Mode, asked: Mode): boolean {
  return decided === 'enforce' || asked === 'observe';
}

function keyOf({ state, acting, mode, id }: Asked): string | undefined {
  if (id !== undefined) return `${state.tenant} id ${id}`;
  if (acting.call_id === undefined) return undefined;
  return `${state.tenant} ${mode} ${JSON.stringify([acting.session_id, acting.call_id])}`;
}

function mismatch(): Fault {
  return new Fault('decision.mismatch', 'This id was used for another action.', {
    field: 'id',
    hint: 'Ask with a new id, or with none.',
  });
}

/** The first decision; where it waits for an approval, that is asked for. */
async function open(ground: ValidateOptions, { asked, actor, approval }: Asking) {
  if (asked.id !== undefined) {
    const before = await recall(ground, asked, asked.id);
    if (before) return before;
  }
  const first = await decideNow(ground, asked);
  const needed = ({ outcome, mode }: Decision) =>
    outcome === 'escalate' && mode === 'enforce' && approval;
  if (!needed(first)) return first;
  const pending = () => pendingApproval(asked.state, sameAs(asked));
  // An approval that was given while the decision was being recorded is not asked for again.
  const given = !pending() && coveringApproval(asked.state, sameAs(asked), ground.now());
  const decision = given ? await decideNow(ground, { ...asked, id: undefined }) : first;
  if (!needed(decision)) return decision;
  const known = pending();
  const made = known ?? (await askFor(ground, { asked, actor, decision }));
  return { ...decision, approval: made };
}

/** Within its task: one that is closed asks for nothing any more. */
function askFor(ground: ValidateOptions, request: For): Promise<Approval> {
  const { state, task } = request.asked;
  const ask = () => ground.ask(state, approvalFor(ground, request));
  return task ? within(task, ask) : ask();
}

/** A decision that an earlier process recorded under this id. */
async function recall(ground: Ground, asked: Asked, id: string): Promise<Decision | undefined> {
  const event = await ground.past.event(asked.state.tenant, id);
  if (!event) return undefined;
  const own = Object(event.attributes?.['claw']).decision as
    | { action_hash?: unknown; mode?: Asked['mode']; request?: never }
    | undefined;
  if (own?.action_hash !== asked.action_hash) throw mismatch();
  if (!holds(own.mode ?? 'observe', asked.mode)) throw mismatch();
  const {
    outcome = 'deny',
    policy_ids = [],
    policy_version = 'none',
    reason = '',
  } = event.decision ?? {};
  const verdict = { outcome, policy_ids, policy_version, reason, escalated: [] };
  const made = { decision_id: event.id, created_at: event.time };
  const before = { ...asked, mode: own.mode ?? asked.mode };
  return decisionOf(before, { verdict, request: own.request as never }, made);
}

function waits({ outcome, mode, approval }: Decision): boolean {
  return outcome === 'escalate' && mode === 'enforce' && approval !== undefined;
}

type Waiting = {
  readonly asked: Asked;
  readonly actor: Actor;
  readonly decision: Decision;
  readonly wait: { readonly wait_s: number; readonly signal: AbortSignal | undefined };
};

/** Waits for the approval; the answer that follows from it is made once for the call. */
async function settle(ground: ValidateOptions, course: Course, waiting: Waiting) {
  const { asked, decision, wait } = waiting;
  const asking = decision.approval as Approval;
  const approval = await ground.wait(asked.state, asking.approval_id, wait);
  if (approval.state === 'pending') return { ...decision, approval };
  const before = course.settled;
  const settled = before ?? conclude(ground, waiting, approval);
  course.settled = settled;
  const again = () => {
    if (course.settled === settled) course.settled = undefined;
  };
  if (!before) settled.then(({ recorded }) => recorded === false && again(), again);
  return settled;
}

/** An approval that was given is used by deciding again; what was refused is denied. */
async function conclude(
  ground: ValidateOptions,
  { asked, decision }: Waiting,
  approval: Approval,
): Promise<Decision> {
  const { mode } = decision;
  const anew = { ...asked, mode, id: undefined };
  if (approval.state === 'approved') return decideNow(ground, anew);
  const made = { decision_id: ground.newId(), created_at: timeOf(ground) };
  const { reason, by } = refusalIn(approval);
  const verdict = {
    outcome: 'deny' as const,
    policy_ids: decision.policy_ids,
    policy_version: decision.policy_version,
    reason: `${decision.reason} ${reason}`.trim(),
    escalated: [],
  };
  const { request } = judge(ground, anew);
  const final = decisionOf(anew, { verdict, request }, made);
  const { policy_ids, policy_version, outcome } = verdict;
  await ground.record(
    ownEvent(asked.state.tenant, {
      ...eventOf(anew),
      id: made.decision_id,
      time: made.created_at,
      decision: {
        ...{ outcome, policy_ids: policy_ids.slice(0, 64), policy_version },
        by: by === undefined ? 'config' : 'human',
        reason: verdict.reason,
        ...(by === undefined ? {} : { approver: by }),
      },
      ...statusOf(outcome, mode),
      own: {
        decision: {
          ...{ request, mode, allowed: final.allowed, action_hash: asked.action_hash },
          approval_id: approval.approval_id,
        },
      },
    }),
  );
  return { ...final, approval };
}

function refusalIn(approval: Approval): { readonly reason: string; readonly by?: string } {
  const denial = approval.votes.find(({ vote }) => vote === 'deny');
  if (denial) return { reason: `${denial.by} denied it: ${denial.reason}`, by: denial.by };
  if (approval.state === 'used') return { reason: 'Its approval was used by another run.' };
  if (approval.state === 'expired') return { reason: 'Nobody approved it in time.' };
  return { reason: 'The approval was withdrawn, as its task was closed.' };
}
