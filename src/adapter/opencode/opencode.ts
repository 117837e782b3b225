/** OpenCode's plugin hooks and bus events, of version 1.18.33, as events. */
import type { Adapter } from '../adapter.ts';
import { adaptedOf, type Handler, type Told, unknownKind } from '../draft.ts';
import { DROPPED, droppedOf, HELD_BACK } from '../gap.ts';
import { pluginGate } from '../plugin-gate.ts';
import { answered, asked, heldBack, permissionAsked, permissionReplied } from './call.ts';
import { quietReason } from './noise.ts';
import { part } from './part.ts';
import { type Posted, RUNTIME, readPosted } from './record.ts';
import {
  command,
  message,
  noted,
  prompt,
  sessionCreated,
  sessionDeleted,
  sessionError,
  sessionStatus,
} from './turn.ts';

/** By `hook`, and by `type` for the bus events that come through the hook `event`. */
const KINDS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['tool.execute.before', asked],
  ['tool.execute.after', answered],
  [HELD_BACK, heldBack],
  ['chat.message', prompt],
  ['command.execute.before', command],
  ['message.part.updated', part],
  ['message.updated', message],
  ['permission.asked', permissionAsked],
  ['permission.updated', permissionAsked],
  ['permission.replied', permissionReplied],
  ['session.created', sessionCreated],
  ['session.deleted', sessionDeleted],
  ['session.error', sessionError],
  ['session.status', sessionStatus],
  ['session.compacted', noted('The conversation was compacted')],
  ['message.removed', noted('A message was removed from the conversation')],
  ['message.part.removed', noted('A part of a message was removed from the conversation')],
]);

/** The names that this adapter knows and maps. */
export const OPENCODE_KINDS: readonly string[] = [...KINDS.keys()];

export const opencode: Adapter = {
  runtime: RUNTIME,
  gate: pluginGate('tool.execute.before'),
  adapt: (record, context) => {
    const posted = readPosted(record, context);
    if (posted.kind === DROPPED) return droppedOf(record, RUNTIME, context);
    return adaptedOf(toldOf(posted));
  },
};

function toldOf({ kind, seen }: Posted): Told {
  const quiet = quietReason(kind);
  if (quiet !== undefined) return quiet;
  if (seen === undefined) return 'it belongs to no session';
  return (KINDS.get(kind) ?? unknownKind)(seen);
}
