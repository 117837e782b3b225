/** Gemini CLI's hooks about tool calls, which name no call: each is joined or gets an id here. */
import { createHash } from 'node:crypto';
import { canonicalText } from '../../event/canonical.ts';
import { unseenBy } from '../adapter.ts';
import { draftOf, type Seen, type Told } from '../draft.ts';
import { given } from '../record.ts';
import { outcomeOf } from './outcome.ts';

/**
 * BeforeTool: the call is announced. Another witness may have reported it under the model's id;
 * else it gets one made of the session, the tool, its arguments and the moment. A denied call
 * gets no AfterTool.
 */
export function asked(hook: Seen): Told {
  const facts = callFacts(hook);
  const { tool = '', arguments: args } = facts;
  const question = { session_id: hook.origin.session_id, tool, arguments: args };
  const known = unseenBy(hook.context.calls, question, 'hook');
  return [draftOf(hook, { ...named(hook, facts, known), status: 'pending' })];
}

/** AfterTool: the last open call with the same tool and arguments ended. */
export function answered(hook: Seen): Told {
  const facts = callFacts(hook);
  const { tool = '', arguments: args } = facts;
  const known = hook.context.calls?.asked(hook.origin.session_id, tool, args);
  const outcome = outcomeOf(tool, hook.read.peek('tool_response'));
  const result = hook.read.value('tool_response');
  return [draftOf(hook, { ...named(hook, facts, known), ...outcome, ...given('result', result) })];
}

type CallFacts = ReturnType<typeof callFacts>;

function callFacts({ read }: Seen) {
  const server = read.name('mcp_context.server_name');
  return {
    type: 'tool_call',
    ...given('tool', read.name('tool_name')),
    ...given('arguments', read.value('tool_input')),
    ...(server === undefined ? {} : { attributes: { mcp_server: server } }),
  } as const;
}

/**
 * With the id of the call. The event's own id is of the record alone: delivered again, when
 * what is known of calls is another, it is the same event still.
 */
function named({ origin }: Seen, facts: CallFacts, known: string | undefined) {
  const { session_id, nonce } = origin;
  const text = canonicalText([session_id, facts.tool ?? null, facts.arguments ?? null, nonce]);
  const key = `gemini-${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;
  if (known !== undefined) return { ...facts, key, call_id: known };
  return { ...facts, key, call_id: key, attributes: { ...facts.attributes, call_id_made: true } };
}
