/** Messages of a query of the Claude Agent SDK: words, models and tokens that no hook tells. */
import type { Agents } from './claude-agent-sdk-hook.ts';
import { at, contentText, countOf, given, listAt, nameOf, textOf, tokensOf } from './witness.ts';

/** Results of tools are left to the hooks, and so is all that is no message of these kinds. */
export function recordMessage(agents: Agents, message: unknown): void {
  const session_id = nameOf(at(message, 'session_id'));
  if (session_id === undefined) return;
  const type = at(message, 'type');
  if (type === 'assistant') spoke(agents, session_id, message);
  else if (type === 'result') ended(agents, session_id, message);
  else if (type === 'system' && at(message, 'subtype') === 'init') {
    began(agents, session_id, message);
  }
}

function began(agents: Agents, session_id: string, message: unknown): void {
  agents.sessionOf(session_id).record({
    type: 'session',
    operation: 'init',
    detail: 'The query began.',
    ...given('model', nameOf(at(message, 'model'))),
    attributes: {
      ...given('cwd', textOf(at(message, 'cwd'))),
      ...given('permission_mode', nameOf(at(message, 'permissionMode'))),
      ...given('version', nameOf(at(message, 'claude_code_version'))),
      tools: listAt(message, 'tools').map(nameOf).filter(Boolean).slice(0, 1000),
    },
  });
}

/** One message of the model comes in parts of the same id. Its tokens are told by the result. */
function spoke(agents: Agents, session_id: string, message: unknown): void {
  const said = at(message, 'message');
  const session = agents.sessionOf(session_id);
  const model = given('model', nameOf(at(said, 'model')));
  const response_id = nameOf(at(said, 'id'));
  const inside = nameOf(at(message, 'parent_tool_use_id'));
  const attributes = {
    ...given('response_id', response_id),
    ...given('parent_tool_use_id', inside),
  };
  if (response_id !== undefined && agents.isNew(response_id)) {
    session.record({ type: 'api_call', status: 'success', ...model, attributes });
  }
  const words = listAt(said, 'content').filter((part) => at(part, 'type') === 'text');
  if (words.length === 0) return;
  if (inside === undefined) agents.hear(session_id);
  session.output(contentText(words), { ...model, attributes });
}

function ended(agents: Agents, session_id: string, message: unknown): void {
  const usage = at(message, 'usage');
  const failed = at(message, 'is_error') === true;
  const text = textOf(at(message, 'result'));
  agents.sessionOf(session_id).record({
    type: 'session',
    operation: 'result',
    status: failed ? 'error' : 'success',
    detail: `The query ended: ${nameOf(at(message, 'subtype')) ?? 'unknown'}.`,
    ...tokensOf(at(usage, 'input_tokens'), at(usage, 'output_tokens')),
    ...given('duration_ms', countOf(at(message, 'duration_ms'))),
    ...(failed && text !== undefined ? { error: { message: text } } : {}),
    attributes: {
      ...given('cost_usd', countOf(at(message, 'total_cost_usd'))),
      ...given('turns', countOf(at(message, 'num_turns'))),
    },
  });
}
