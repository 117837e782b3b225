/** Runs what a user registered to make up for calls that no file undoes: each call once. */
import type { Step } from '../../search/rollback/plan.ts';
import type { Backup } from './backup.ts';

/** The recorded call: every word of it is an agent's, and so is data alone. */
export type Call = {
  readonly tool: string;
  readonly arguments: unknown;
  readonly result?: unknown;
  readonly call_id?: string;
  readonly session_id: string;
  readonly event_id: string;
};

/** What is registered for a tool, if anything is; it throws where it fails. */
export type Compensate = (tool: string) => ((call: Call) => unknown) | undefined;

type Compensating = {
  readonly compensate?: Compensate;
  readonly apply: boolean;
  readonly backup: Pick<Backup, 'marks'>;
};

/** One that began and was cut off is not run again: nobody knows how far it came. */
export async function compensated(step: Step, { compensate, apply, backup }: Compensating) {
  const { tool, call_id, session_id, event_id, call } = step;
  const run = call === undefined ? undefined : compensate?.(tool);
  if (run === undefined || call === undefined) return { status: 'manual' } as const;
  const { marks } = backup;
  const state = marks.stateOf(event_id);
  if (state === 'done') return { status: 'already' } as const;
  if (state === 'begun') return { status: 'failed', why: 'unfinished' } as const;
  if (!apply) return { status: 'ready' } as const;
  marks.set(event_id, 'begun');
  const about = call_id === undefined ? {} : { call_id };
  await run({ tool, ...call, ...about, session_id, event_id });
  marks.set(event_id, 'done');
  return { status: 'done' } as const;
}

/** Whether a name fits a pattern in which `*` stands for any text. */
export function named(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return pattern === name;
  const last = rest.pop() ?? '';
  if (!name.startsWith(first) || !name.endsWith(last)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= name.length - last.length;
}
