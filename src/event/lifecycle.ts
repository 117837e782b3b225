/** The calls of the lifecycle, as events name them, and which events record them. */
import type { Event } from './event.ts';

/** `tool` of the events that record a task, a decision, an approval or a rollback. */
export const LIFECYCLE = [
  'declare_task',
  'validate_action',
  'request_approval',
  'approve',
  'deny',
  'rollback',
  'close_task',
] as const;
export type LifecycleTool = (typeof LIFECYCLE)[number];

/**
 * Whether an event records a step of the lifecycle. Such an event is a row of its own, also where
 * its `call_id` says which call it is about.
 */
export function isLifecycle({ type, tool }: Pick<Event, 'type' | 'tool'>): boolean {
  const types: readonly string[] = LIFECYCLE_TYPES;
  const tools: readonly (string | undefined)[] = LIFECYCLE;
  return types.includes(type) && tools.includes(tool);
}

export const LIFECYCLE_TYPES = ['decision', 'approval', 'task'] as const;

/** The attribute that only Claw itself may write: the state that an event leaves behind. */
export const OWN_ATTRIBUTE = 'claw';
