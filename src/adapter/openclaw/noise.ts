/** Hooks of OpenClaw that add nothing to the trail, and why: data. */

const PROMPT = 'before the run; before_agent_run and llm_input tell the prompt';
const SENDING = 'a message on its way out; message_sent tells what came of it';

const QUIET: ReadonlyMap<string, string> = new Map([
  ['register', 'the plugin was loaded'],
  ['before_model_resolve', PROMPT],
  ['agent_turn_prepare', PROMPT],
  ['before_prompt_build', PROMPT],
  ['before_agent_reply', PROMPT],
  ['heartbeat_prompt_contribution', PROMPT],
  ['inbound_claim', 'message_received tells the same message'],
  ['before_dispatch', 'message_received tells the same message'],
  ['before_agent_finalize', 'llm_output tells the same words, with what they cost'],
  ['reply_dispatch', SENDING],
  ['reply_payload_sending', SENDING],
  ['message_sending', SENDING],
  ['before_message_write', 'a line of the transcript; other hooks tell what it says'],
  ['subagent_progress', 'subagent_spawned and subagent_ended tell it'],
  ['subagent_delivery_target', 'where a sub-agent would answer; message_sent tells what was sent'],
  ['resolve_exec_env', 'the environment of a command; before_tool_call tells the command'],
  ['cron_reconciled', 'the list of jobs was read; cron_changed tells what became of each'],
  ['skill_proposal_evaluate', 'a skill is looked at; skill_changed tells what changed'],
  ['skill_proposal_changed', 'a proposal; skill_changed tells what changed'],
]);

/** Why a hook is left out; undefined where it is not. */
export function quietReason(hook: string): string | undefined {
  return QUIET.get(hook);
}
