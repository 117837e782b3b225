/** Answers whether an action may be done: once for each call, however often it is asked. */
import { given } from '../../adapter/record.ts';
import { check } from '../../event/check.ts';
import { type Event, RESOURCES } from '../../event/event.ts';
import { Fault } from '../../fault/fault.ts';
import { actionHash } from '../../policy/approval.ts';
import {
  type Decision,
  type Mode,
  requestApprovalSchema,
  validateSchema,
} from '../../policy/lifecycle.ts';
import { refuseOwnSession } from '../own.ts';
import { type Asked, decideNow, decisionOf } from './decide.ts';
import type { Actor, Govern } from './govern.ts';
import { actingAs, type Ground } from './ground.ts';
import { type Asking, askFor, type Course, type SettleOptions, settle } from './settle.ts';
import { modeOf, openTaskOf } from './state.ts';
import { entryOf } from './task.ts';

/** Calls whose decision is remembered for a retry, the latest of all tenants. */
const REMEMBERED = 50_000;
/** Characters of the approvals in them: each may hold arguments and many resources. */
const REMEMBERED_CHARS = 64 * 1024 * 1024;

type Courses = { readonly known: Map<string, Course>; chars: number };

export function openValidate(ground: SettleOptions): Pick<Govern, 'validate' | 'requestApproval'> {
  const courses: Courses = { known: new Map(), chars: 0 };
  return {
    validate: async (request, actor, signal) => {
      const { wait_s, approval, ...action } = check(validateSchema, request);
      const asked = await askedBy(ground, action, actor);
      const asking = { asked, actor, approval };
      const course = courseOf(ground, courses, asking);
      const decision = await course.decided;
      const until_ms = performance.now() + wait_s * 1000;
      const answer = await settle(ground, course, { asking, decision, wait: { until_ms, signal } });
      if (answer.outcome !== 'escalate') course.answered_ms ??= ground.now();
      weigh(courses, course, { key: keyOf(asked), answer });
      return answer;
    },
    requestApproval: async (request, actor, signal) => {
      const { wait_s, reason, expires_s, quorum, ...action } = check(
        requestApprovalSchema,
        request,
      );
      const asked = await askedBy(ground, action, actor);
      const wish = { reason, expires_s, quorum };
      const { approval_id } = await askFor(ground, { asked, actor, wish });
      return ground.wait(asked.state, approval_id, { wait_s, signal });
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
  refuseOwnSession(session_id);
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
  const all = [...known, ...others];
  const effects_inferred = { confidence: 0, reason: `more than ${RESOURCES} resources` };
  const cut = all.length > RESOURCES;
  return {
    ...seen,
    ...(guessed && action !== undefined ? { action } : {}),
    ...(all.length === 0 ? {} : { resources: all.slice(0, RESOURCES) }),
    ...(cut ? { attributes: { ...seen.attributes, effects_inferred } } : {}),
  };
}

/** The course of a call that was asked before, or a new one. */
function courseOf(ground: SettleOptions, courses: Courses, asking: Asking): Course {
  const { asked } = asking;
  const key = keyOf(asked);
  const known = key === undefined ? undefined : courses.known.get(key);
  const same =
    known?.action_hash === asked.action_hash &&
    holds(known.mode, asked.mode) &&
    !isOld(known, asked, ground.now());
  if (known && same) return known;
  if (known && asked.id !== undefined) throw mismatch();
  const { action_hash, mode } = asked;
  const course: Course = { action_hash, mode, chars: 0, decided: open(ground, asking) };
  if (key === undefined) return course;
  forget(courses, key);
  courses.known.set(key, course);
  // What was not recorded is asked anew.
  const undo = () => {
    if (courses.known.get(key) === course) forget(courses, key);
  };
  course.decided.then(({ recorded }) => recorded === false && undo(), undo);
  return course;
}

/** Milliseconds in which a call that was answered may be asked again as the same call. */
const RETRY_MS = 60_000;

/** Some runtimes number calls anew (`call_0`): much later it is another run of the same action. */
function isOld({ answered_ms }: Course, { id }: Asked, now_ms: number): boolean {
  return id === undefined && answered_ms !== undefined && now_ms - answered_ms > RETRY_MS;
}

type Weighed = { readonly key: string | undefined; readonly answer: Decision };

/** Lets go of the oldest where all that is remembered is too much. */
function weigh(courses: Courses, course: Course, { key, answer: { approval } }: Weighed): void {
  if (key === undefined || courses.known.get(key) !== course) return;
  if (approval && course.chars === 0) {
    course.chars = JSON.stringify(approval).length;
    courses.chars += course.chars;
  }
  for (const [oldest] of courses.known) {
    if (courses.known.size <= REMEMBERED && courses.chars <= REMEMBERED_CHARS) break;
    forget(courses, oldest);
  }
}

function forget(courses: Courses, key: string): void {
  courses.chars -= courses.known.get(key)?.chars ?? 0;
  courses.known.delete(key);
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

async function open(ground: SettleOptions, { asked }: Asking): Promise<Decision> {
  const before = asked.id === undefined ? undefined : await recall(ground, asked, asked.id);
  return before ?? decideNow(ground, asked);
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
