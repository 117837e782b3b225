/** Reads what OpenClaw's plugin posts: `{hook, event, ctx, at}`. */
import type { Draft } from '../../event/event.ts';
import type { AdaptContext } from '../adapter.ts';
import { missing, momentIn, nonceIn, objectIn, type Seen } from '../draft.ts';
import { heldBackIn, pluginSession } from '../gap.ts';
import { type Reader, readerOf } from '../reader.ts';
import { given, jsonOf } from '../record.ts';

export const RUNTIME = 'openclaw';

export type Posted = { readonly hook: string; readonly seen: Seen };

/**
 * Throws `event.invalid` where the record is no object or names no hook. The session is the
 * runtime's `sessionId`. Messages and sub-agents name only a `sessionKey`: the conversation's
 * address, the same for years. It stands in for the session unless the plugin put the
 * `sessionId`, and of a sub-agent the `parentSessionId`, beside it in `ctx`.
 */
export function readPosted(record: unknown, context: AdaptContext): Posted {
  const posted = objectIn(record, 'OpenClaw plugin');
  const text = jsonOf(posted);
  const read = readerOf(posted);
  const hook = read.name('hook');
  if (hook === undefined) throw missing('hook', 'OpenClaw plugin');
  const claimed = read.peek('at') ?? read.peek('t');
  if (momentIn(claimed, NEVER) !== 0) read.told(read.peek('at') === undefined ? 't' : 'at');
  const id = firstName(read, ['ctx.sessionId', 'event.sessionId']);
  const key = firstName(read, ['ctx.sessionKey', 'event.sessionKey', 'ctx.requesterSessionKey']);
  const origin = {
    runtime: RUNTIME,
    kind: 'plugin' as const,
    hook,
    text,
    at_ms: momentIn(claimed, context),
    nonce: nonceIn(claimed, context),
    session_id: id ?? key ?? pluginSession(RUNTIME),
    common: commonOf(read),
    attributes: {
      ...given('session_key', key),
      ...given('cwd', read.text('ctx.workspaceDir')),
      ...given('trigger', read.name('ctx.trigger')),
      ...heldBackIn(read),
    },
  };
  return { hook, seen: { origin, read, context } };
}

const NEVER: AdaptContext = { now_ms: 0 };

/** The first of these fields that is there; one that says the same is not kept twice. */
export function firstName(read: Reader, paths: readonly string[]): string | undefined {
  let found: string | undefined;
  for (const path of paths) {
    if (found === undefined) found = read.name(path);
    else if (read.peek(path) === found) read.told(path);
  }
  return found;
}

function commonOf(read: Reader): Partial<Draft> {
  const channel = firstName(read, [
    'ctx.requester.channel',
    'ctx.channel',
    'event.channel',
    'ctx.messageProvider',
    'ctx.channelId',
    'event.channelId',
  ]);
  const sender = firstName(read, [
    'ctx.requester.senderId',
    'event.senderId',
    'ctx.senderId',
    'event.from',
  ]);
  const name = firstName(read, ['event.metadata.senderName', 'ctx.channelContext.sender.name']);
  const user = { ...given('id', sender), ...given('name', name) };
  const trace_id = read.name('ctx.trace.traceId');
  return {
    ...given('parent_session_id', read.name('ctx.parentSessionId')),
    ...given('turn_id', firstName(read, ['ctx.runId', 'event.runId'])),
    agent: given('id', firstName(read, ['ctx.agentId', 'event.agentId'])),
    ...given('channel', channel),
    ...(Object.keys(user).length > 0 ? { user } : {}),
    ...given('trace', trace_id === undefined ? undefined : traceOf(read, trace_id)),
  };
}

function traceOf(read: Reader, trace_id: string): NonNullable<Draft['trace']> {
  return { trace_id, ...given('span_id', read.name('ctx.trace.spanId')) };
}
