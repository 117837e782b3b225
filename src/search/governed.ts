/** What the lifecycle's own events are about: the action that was asked about, the task's goal. */
import type { Event } from '../event/event.ts';
import { isLifecycle, OWN_ATTRIBUTE } from '../event/lifecycle.ts';
import { mainArgument } from './argument.ts';

type Recorded = Partial<Event> & Pick<Event, 'type'>;

export type Asked = {
  readonly tool: string;
  /** The command, path or address that it is about; absent where none is told. */
  readonly about?: string;
};

/** The action that a decision or an approval of Claw is about; undefined for all else. */
export function askedOf(event: Recorded): Asked | undefined {
  if (event.type === 'task' || !isLifecycle(event)) return undefined;
  const tool = own(event.arguments, 'tool');
  if (typeof tool !== 'string' || tool === '') return undefined;
  const { resources } = event;
  const args = own(event.arguments, 'arguments');
  const about = mainArgument({ arguments: args, ...(resources ? { resources } : {}) });
  return about === undefined ? { tool } : { tool, about };
}

/** What a task is for, as Claw recorded it when the task was declared or closed. */
export function goalOf(event: Recorded): string | undefined {
  const goal = own(own(own(event.attributes, OWN_ATTRIBUTE), 'task'), 'goal');
  return typeof goal === 'string' ? goal : undefined;
}

/** What was said at a task's end. */
export function endOf(event: Recorded): { readonly outcome: string; readonly summary: string } {
  const outcome = own(event.arguments, 'outcome');
  const summary = own(event.arguments, 'summary');
  return {
    outcome: typeof outcome === 'string' ? outcome : '',
    summary: typeof summary === 'string' ? summary : '',
  };
}

/** Of a rollback: who planned or took it, and the steps of a plan. */
export function rollbackOf(event: Recorded): { readonly by: string; readonly steps: number } {
  const rollback = own(own(event.attributes, OWN_ATTRIBUTE), 'rollback');
  const by = own(rollback, 'by');
  const steps = own(rollback, 'steps');
  return { by: typeof by === 'string' ? by : '', steps: Array.isArray(steps) ? steps.length : 0 };
}

function own(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}
