/** OpenClaw's plugin hooks, of the 42 of version 2026.9.6 those that say something, as events. */
import type { Adapter } from '../adapter.ts';
import { adaptedOf, type Handler, type Told, unknownKind } from '../draft.ts';
import { DROPPED, droppedOf, HELD_BACK } from '../gap.ts';
import { pluginGate } from '../plugin-gate.ts';
import { approvalAsked, approvalResolved } from './approval.ts';
import { answered, asked, heldBack, persisted } from './call.ts';
import { cron, noted as notedGateway, pairing, skill } from './gateway.ts';
import { modelAnswer, modelEnded, modelStarted } from './model.ts';
import { quietReason } from './noise.ts';
import { type Posted, RUNTIME, readPosted } from './record.ts';
import {
  agentEnd,
  messageReceived,
  messageSent,
  noted,
  prompt,
  sessionEnd,
  sessionStart,
  subagentEnded,
  subagentSpawned,
} from './turn.ts';

/** By `hook`; the last three are what Claw's own plugin says: of approvals, and what it blocked. */
const HOOKS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['before_agent_run', prompt],
  ['llm_input', prompt],
  ['llm_output', modelAnswer],
  ['model_call_started', modelStarted],
  ['model_call_ended', modelEnded],
  ['before_tool_call', asked],
  ['after_tool_call', answered],
  ['tool_result_persist', persisted],
  ['message_received', messageReceived],
  ['message_sent', messageSent],
  ['agent_end', agentEnd],
  ['session_start', sessionStart],
  ['session_end', sessionEnd],
  ['before_compaction', noted('The conversation is about to be compacted')],
  ['after_compaction', noted('The conversation was compacted')],
  ['before_reset', noted('The conversation is about to be reset')],
  ['subagent_spawned', subagentSpawned],
  ['subagent_ended', subagentEnded],
  ['gateway_start', notedGateway('The gateway starts')],
  ['gateway_stop', notedGateway('The gateway stops')],
  ['cron_changed', cron],
  ['skill_changed', skill],
  ['before_install', notedGateway('A plugin or skill is about to be installed')],
  ['channel_pairing_requested', pairing],
  ['approval_requested', approvalAsked],
  ['approval_resolved', approvalResolved],
  [HELD_BACK, heldBack],
]);

/** The names that this adapter knows and maps. */
export const OPENCLAW_HOOKS: readonly string[] = [...HOOKS.keys()];

export const openclaw: Adapter = {
  runtime: RUNTIME,
  gate: pluginGate('before_tool_call'),
  adapt: (record, context) => {
    const posted = readPosted(record, context);
    return posted.hook === DROPPED
      ? droppedOf(record, RUNTIME, context)
      : adaptedOf(toldOf(posted));
  },
};

function toldOf({ hook, seen }: Posted): Told {
  return quietReason(hook) ?? (HOOKS.get(hook) ?? unknownKind)(seen);
}
