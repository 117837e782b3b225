/** Reads a plan that a server sent: only steps of the known forms come through. */
import { Fault } from '../../fault/fault.ts';
import type { Step } from '../../search/rollback/plan.ts';

export type Plan = {
  readonly rollback_id: string;
  readonly steps: readonly Step[];
};

/** Steps of one plan. */
const STEPS = 10_000;
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const HASH = /^[0-9a-f]{64}$/;
const KINDS: readonly unknown[] = ['restore', 'delete', 'create', 'manual'];

/** Throws `server.unreachable` for what is no plan: nothing of it is applied then. */
export function readPlan(body: unknown): Plan {
  const { rollback_id, steps } = fieldsOf(body);
  const numbers = new Set<unknown>();
  const isPlan =
    typeof rollback_id === 'string' &&
    ID.test(rollback_id) &&
    Array.isArray(steps) &&
    steps.length <= STEPS &&
    steps.every((step) => isStep(step) && !numbers.has(step.n) && numbers.add(step.n));
  if (isPlan) return { rollback_id, steps };
  throw new Fault('server.unreachable', 'What the server sent is no plan of a rollback.');
}

function isStep(value: unknown): value is Step {
  const { n, kind, path, tool, event_id, expect, to, content } = fieldsOf(value);
  if (!Number.isSafeInteger(n) || Number(n) < 1 || !KINDS.includes(kind)) return false;
  if (typeof tool !== 'string' || typeof event_id !== 'string') return false;
  if (kind === 'manual') return path === undefined || typeof path === 'string';
  if (typeof path !== 'string') return false;
  if (kind === 'delete') return isHashed(expect);
  const expected = kind === 'create' ? expect === 'absent' : isHashed(expect);
  return expected && isHashed(to) && typeof content === 'string';
}

function isHashed(value: unknown): boolean {
  const { sha256, bytes } = fieldsOf(value);
  return typeof sha256 === 'string' && HASH.test(sha256) && Number.isSafeInteger(bytes);
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
