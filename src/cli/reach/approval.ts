/** Finds an approval or a task by its id, or by the beginning of it. */
import type { Approval, Task } from '../../policy/lifecycle.ts';
import { refuse } from '../problem.ts';
import type { Client } from './client.ts';

/** Characters of an id that are enough to look for it. */
const LEAST_PREFIX = 8;

export async function findApproval(client: Client, handle: string): Promise<Approval> {
  const { approvals } = await client.get<{ approvals: readonly Approval[] }>('/v1/approvals', {
    limit: 1000,
  });
  const found = only(approvals, handle, ({ approval_id }) => approval_id);
  return found ?? client.get<Approval>(`/v1/approvals/${encodeURIComponent(handle)}`);
}

export async function findTask(client: Client, handle: string): Promise<Task> {
  const { tasks } = await client.get<{ tasks: readonly Task[] }>('/v1/tasks', { limit: 1000 });
  const found = only(tasks, handle, ({ task_id }) => task_id);
  return found ?? client.get<Task>(`/v1/tasks/${encodeURIComponent(handle)}`);
}

/** The one that is meant; throws where the beginning fits several. */
function only<T>(all: readonly T[], handle: string, idOf: (one: T) => string): T | undefined {
  const exact = all.find((one) => idOf(one) === handle);
  if (exact || handle.length < LEAST_PREFIX) return exact;
  const fitting = all.filter((one) => idOf(one).startsWith(handle));
  if (fitting.length < 2) return fitting[0];
  throw refuse('usage.invalid', 'severalIds', { start: handle, count: fitting.length });
}
