/** Makes a rollback's plan out of the trail, records it, and records what came of its steps. */
import { randomBytes } from 'node:crypto';
import { canonicalText } from '../../event/canonical.ts';
import type { Draft, Status } from '../../event/event.ts';
import { uuidv7 } from '../../event/id.ts';
import { OWN_ATTRIBUTE } from '../../event/lifecycle.ts';
import { isObject } from '../../event/name.ts';
import { Fault } from '../../fault/fault.ts';
import { type Deed, type Outline, outlineOf, planRollback } from '../../search/rollback/plan.ts';
import { advice } from '../../search/rollback/word.ts';
import type { Language } from '../../search/sentence.ts';
import type { Actor } from '../../trail/govern/govern.ts';
import { ownEvent } from '../../trail/govern/ground.ts';
import type { Trail } from '../../trail/trail.ts';
import { type Gathered, gather } from './gather.ts';
import type { Results, RollbackRequest } from './request.ts';

type Rollbacks = {
  readonly trail: Trail;
  readonly actor: Actor;
  /** An admin may roll back what any agent did. */
  readonly role: string | undefined;
  readonly signal: AbortSignal;
  readonly language: Language;
};

/** Recorded before it is answered. Throws `rollback.conflict` for an id used for another. */
export async function newRollback(rollbacks: Rollbacks, request: RollbackRequest) {
  const { trail, actor, signal } = rollbacks;
  const { id, ...scope } = request;
  const known = id === undefined ? undefined : await recordedOf(rollbacks, id);
  if (known !== undefined) {
    if (canonicalText(known.scope) === canonicalText(scope)) return again(rollbacks, known);
    throw new Fault('rollback.conflict', 'This id is of another rollback.', { field: 'id' });
  }
  const gathered = await gather({ trail, tenant: actor.tenant, scope, signal });
  mayRollBack(rollbacks, gathered.deeds);
  const steps = planRollback(gathered);
  const rollback_id = id ?? uuidv7(Date.now(), randomBytes);
  const rollback = { scope, upto: gathered.upto, steps: outlineOf(steps), by: actor.name };
  await trail.govern.recordOwn({
    ...ownEvent(actor.tenant, {
      type: 'task',
      tool: 'rollback',
      own: { rollback },
      session_id: gathered.session_id,
      ...named(scope),
    }),
    ...{ id: rollback_id, operation: 'plan', action: 'plan', status: 'success' },
    ...whose(actor, gathered.deeds),
    arguments: scope,
    detail: `${actor.name} planned a rollback of ${steps.length} steps.`,
  });
  return answerOf({ rollback_id, gathered, scope }, { steps, language: rollbacks.language });
}

/** Throws `rollback.not_found`, and `rollback.conflict` where the plan is another now. */
export async function sameRollback(rollbacks: Rollbacks, id: string) {
  return again(rollbacks, (await recordedOf(rollbacks, id)) ?? notFound());
}

async function again(rollbacks: Rollbacks, { rollback_id, scope, upto, steps: known }: Recorded) {
  const { trail, actor, signal } = rollbacks;
  const gathered = await gather({ trail, tenant: actor.tenant, scope, signal, upto });
  mayRollBack(rollbacks, gathered.deeds);
  const steps = planRollback(gathered);
  if (canonicalText(known) !== canonicalText(outlineOf(steps))) {
    throw new Fault('rollback.conflict', 'More is known of these calls than when it was planned.', {
      field: 'id',
      hint: 'Make a new plan.',
    });
  }
  return answerOf({ rollback_id, gathered, scope }, { steps, language: rollbacks.language });
}

/** One event a result. Throws `rollback.not_found`, `request.invalid` for a step it has not. */
export async function recordResults(rollbacks: Rollbacks, id: string, results: Results) {
  const { trail, actor } = rollbacks;
  const recorded = (await recordedOf(rollbacks, id)) ?? notFound();
  const steps = new Map(recorded.steps.map((step) => [step.n, step]));
  const drafts = results.map((result) => {
    const step = steps.get(result.n);
    if (step !== undefined) return resultEvent({ recorded, step, result, actor });
    throw new Fault('request.invalid', `The plan has no step ${result.n}.`, { field: 'results' });
  });
  // In order, so that the trail tells it as it was done; together they share a sync.
  await Promise.all(drafts.map((draft) => trail.govern.recordOwn(draft)));
  return { rollback_id: recorded.rollback_id, recorded: drafts.length };
}

type Recorded = {
  readonly rollback_id: string;
  readonly session_id: string;
  readonly scope: Omit<RollbackRequest, 'id'>;
  readonly upto: number;
  readonly steps: readonly Outline[];
  readonly user: Draft['user'];
};

/** Claw's own attribute: nobody else can have written a plan. */
async function recordedOf({ trail, actor }: Rollbacks, id: string): Promise<Recorded | undefined> {
  try {
    const row = await trail.event(actor.tenant, id);
    const own = row.attributes?.[OWN_ATTRIBUTE];
    const rollback = isObject(own) ? own['rollback'] : undefined;
    if (!isObject(rollback) || row.operation !== 'plan') return undefined;
    const { scope, upto, steps } = rollback as Pick<Recorded, 'scope' | 'upto' | 'steps'>;
    const { session_id, user } = row;
    return { rollback_id: row.id, session_id, scope, upto, steps, user };
  } catch (error) {
    if (error instanceof Fault && error.code === 'event.not_found') return undefined;
    throw error;
  }
}

function notFound(): never {
  throw new Fault('rollback.not_found', 'No rollback of that id was planned.', { field: 'id' });
}

/**
 * A plan holds what files held. A recorder whose token names an agent or a user gets plans of
 * theirs alone; one that names none, like an admin, of all in its tenant.
 */
function mayRollBack({ actor, role }: Rollbacks, deeds: readonly Deed[]): void {
  const { agent, user } = actor.producer;
  if (role === 'admin') return;
  const foreign = deeds.some(
    (deed) =>
      (user?.id !== undefined && deed.user?.id !== user.id) ||
      (agent?.id !== undefined && !deed.parent_session_id && deed.agent?.id !== agent.id),
  );
  if (!foreign) return;
  throw new Fault('request.forbidden', "Some of it was done by others than this token's agent.", {
    field: 'session_id',
    hint: 'An admin may roll it back.',
  });
}

type About = {
  readonly rollback_id: string;
  readonly gathered: Pick<Gathered, 'session_id' | 'read_to'>;
  readonly scope: Omit<RollbackRequest, 'id'>;
};
type Told = { readonly steps: ReturnType<typeof planRollback>; readonly language: Language };

function answerOf({ rollback_id, gathered, scope }: About, { steps, language }: Told) {
  const { session_id, read_to } = gathered;
  const told = steps.map((step) => {
    const { reason } = step;
    return reason === undefined ? step : { ...step, advice: advice({ ...step, reason }, language) };
  });
  return { rollback_id, session_id, ...named(scope), steps: told, read_to };
}

function named({ task_id, call_id }: Omit<RollbackRequest, 'id'>) {
  return {
    ...(task_id === undefined ? {} : { task_id }),
    ...(call_id === undefined ? {} : { call_id }),
  };
}

/** Sealed under the key of the same data subject as what it is about. */
function whose({ producer }: Actor, deeds: readonly Deed[]): Pick<Draft, 'user'> {
  const user = deeds.find((deed) => deed.user)?.user ?? producer.user;
  return user === undefined ? {} : { user };
}

const STATUS: Readonly<Record<Results[number]['status'], Status>> = {
  restored: 'success',
  already: 'success',
  done: 'success',
  conflict: 'blocked',
  skipped: 'blocked',
  failed: 'error',
};

type Resulting = {
  readonly recorded: Recorded;
  readonly step: Outline;
  readonly result: Results[number];
  readonly actor: Actor;
};

/** Without `call_id`, which would make it a fact of the call that it undoes. */
function resultEvent({ recorded, step, result, actor }: Resulting) {
  const { rollback_id, session_id, scope, user } = recorded;
  const { n, path, event_id, call_id, kind } = step;
  const about = { event_id, ...(call_id === undefined ? {} : { undoes: call_id }) };
  const own = { rollback: { rollback_id, n, result: result.status, by: actor.name, ...about } };
  const { call_id: _, ...task } = named(scope);
  const file = kind !== 'manual' && path !== undefined;
  const said = { tool: 'rollback', session_id, own, ...task } as const;
  return {
    ...ownEvent(actor.tenant, { type: file ? 'file_operation' : 'task', ...said }),
    status: STATUS[result.status],
    operation: file ? kind : 'compensate',
    ...(file ? { path } : {}),
    ...(user === undefined ? {} : { user }),
    ...(result.detail === undefined ? {} : { detail: result.detail }),
  };
}
