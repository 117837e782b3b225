/** What an OpenClaw call's result and error prove of how it ended. */
import type { Draft } from '../../event/event.ts';
import { isObject } from '../../event/name.ts';
import { errorOf } from '../draft.ts';

export type Ended = { readonly result: unknown; readonly error: unknown };

/** `details` is written by the runtime for its own tools; for others only `error` is believed. */
export function outcomeOf(tool: string | undefined, { result, error }: Ended): Partial<Draft> {
  const details = isObject(result) && isObject(result['details']) ? result['details'] : {};
  const { status, exitCode } = details;
  if (typeof error === 'string') {
    if (status === 'blocked') return blocked(details, error);
    const code = typeof exitCode === 'number' ? `exit_${exitCode}` : undefined;
    return { status: 'error', error: errorOf(code, error === '' ? undefined : error) };
  }
  if (error !== undefined && error !== null) return { status: 'error', error: {} };
  if (result === undefined || result === null) return { status: 'unknown' };
  if (tool !== 'exec') return { status: 'success' };
  if (status === 'running') return { status: 'pending' };
  if (exitCode === 0) return { status: 'success' };
  if (Number.isInteger(exitCode)) {
    return { status: 'error', error: errorOf(`exit_${exitCode}`, undefined) };
  }
  const failed = status === 'failed' || status === 'error';
  return failed ? { status: 'error', error: {} } : { status: 'unknown' };
}

/** Why the runtime did not let it run (`deniedReason`), and who that was where it tells. */
const BY: ReadonlyMap<unknown, 'hook' | 'config'> = new Map([
  ['plugin-before-tool-call', 'hook'],
  ['tool-loop', 'config'],
  ['plugin-approval-unavailable', 'config'],
]);

function blocked(details: Record<string, unknown>, reason: string): Partial<Draft> {
  const by = BY.get(details['deniedReason']);
  const decision = { outcome: 'deny', ...(by === undefined ? {} : { by }), reason } as const;
  return { status: 'blocked', decision };
}
