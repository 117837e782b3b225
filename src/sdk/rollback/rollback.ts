/** `claw.rollback`: asks for the plan and, where told to, applies it to files of this machine. */

import { Fault } from '../../fault/fault.ts';
import type { Step } from '../../search/rollback/plan.ts';
import type { Wire } from '../wire.ts';
import { type ApplyOptions, applyPlan, reportable, type StepResult } from './apply.ts';
import { type Call, type Compensate, named } from './compensate.ts';
import { type Plan, readPlan } from './plan.ts';

/** What is to be undone: a session, a task, or one call; and whether to do it here and now. */
export type RollbackRequest = {
  readonly session_id?: string;
  readonly task_id?: string;
  readonly call_id?: string;
  /** Becomes `rollback_id`: what is asked twice is planned once. */
  readonly id?: string;
  /** Undoes it on this machine; false looks and compares only; absent: the plan alone. */
  readonly apply?: boolean;
  /** Files below these folders may be touched; the present folder where absent. */
  readonly roots?: readonly string[];
  /** Where replaced files are kept; `~/.claw/rollback`. */
  readonly state?: string;
  /** Whether a file takes part. */
  readonly only?: (path: string) => boolean;
  /** By the name of a tool (`*` for any text): what makes up for a call. What it throws fails. */
  readonly compensations?: Readonly<Record<string, (call: Call) => unknown>>;
};

export type Rollback = Plan & {
  readonly session_id: string;
  readonly steps: readonly (Step & { readonly advice?: string })[];
  /** What came of each step, where it was applied or tried. */
  readonly results?: readonly StepResult[];
  /** The folder that keeps what was replaced. */
  readonly backup?: string;
};

/** Never throws for a file that is refused or fails: its result says so. */
export async function rollBack(wire: Wire, request: RollbackRequest): Promise<Rollback> {
  const { apply, roots = [process.cwd()], state, only, compensations, ...scope } = request;
  const body = (await wire.post('v1/rollback', scope)) as Rollback & Lagging;
  const plan = readPlan(body);
  if (apply === undefined) return body;
  if (apply && body.read_to?.complete !== true) throw behind();
  const options: ApplyOptions = {
    ...{ roots, apply },
    ...(state === undefined ? {} : { state }),
    ...(only === undefined ? {} : { only }),
    ...(compensations === undefined ? {} : { compensate: registered(compensations) }),
  };
  const applied = await applyPlan(plan, options);
  if (apply) {
    for (const results of reportable(applied)) {
      await wire.post(`v1/rollback/${plan.rollback_id}/steps`, { results });
    }
  }
  return { ...body, ...applied };
}

type Lagging = { readonly read_to?: { readonly complete?: unknown } };

function behind(): Fault {
  return new Fault('request.timeout', 'The index lags behind: the plan may miss calls.', {
    retry_after_s: 1,
    hint: 'Ask again; nothing was changed.',
  });
}

function registered(compensations: Readonly<Record<string, (call: Call) => unknown>>): Compensate {
  const all = Object.entries(compensations);
  return (tool) => all.find(([pattern]) => named(pattern, tool))?.[1];
}
