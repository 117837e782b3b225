/** What Claw's own plugins say of themselves: what was lost, and which calls they held back. */

import type { AdaptContext, Adapted } from './adapter.ts';
import { draftFrom, momentIn, objectIn } from './draft.ts';
import { type Reader, readerOf } from './reader.ts';
import { given, jsonOf } from './record.ts';

/** The `hook` of such a record: `{hook, count, from, to}`, the times in Unix milliseconds. */
export const DROPPED = 'claw.dropped';

/**
 * The `hook` of a plugin's word that it held a call back by itself, as nothing came that allows
 * it: the record of the call with `{of, reason}`, where `of` is the hook that was held back.
 */
export const HELD_BACK = 'claw.blocked';

/**
 * Whether Claw's plugin says that it was itself which held this call back (`claw: 'blocked'`):
 * who decided so, and why, is told by the decision.
 */
export function heldBackIn(read: Reader): { readonly blocked_by?: 'claw' } {
  if (read.peek('claw') !== 'blocked') return {};
  read.told('claw');
  return { blocked_by: 'claw' };
}

/** Where a record names no session, the gap stands in one named after the runtime's plugin. */
export function droppedOf(record: unknown, runtime: string, context: AdaptContext): Adapted {
  const fields = objectIn(record, runtime);
  const read = readerOf(fields);
  const dropped = read.count('count');
  const [from, to] = [read.count('from'), read.count('to')];
  read.told('hook');
  const origin = {
    runtime,
    kind: 'plugin' as const,
    hook: DROPPED,
    text: jsonOf(fields),
    at_ms: momentIn(to ?? from, context),
    nonce: context.nonce ?? String(context.now_ms),
    session_id: read.name('session_id') ?? pluginSession(runtime),
  };
  const many = dropped === 1 ? 'One record was' : `${dropped ?? 'Some'} records were`;
  const draft = draftFrom(origin, {
    type: 'gap',
    detail: `${many} lost before Claw received them.`,
    // Without a time, as many may be lost again: the moment of capture tells the two apart.
    ...(from === undefined && to === undefined
      ? {}
      : { key: JSON.stringify([dropped ?? null, from ?? null, to ?? null]) }),
    attributes: { ...given('dropped', dropped), ...given('from_ms', from), ...given('to_ms', to) },
    rest: read.rest(),
  });
  return { drafts: [draft] };
}

/** Facts of the runtime that belong to no conversation. */
export function pluginSession(runtime: string): string {
  return `${runtime}:plugin`;
}
