/** Tool calls in Gemini CLI's session logs: asked and answered stand in one message. */
import type { Draft } from '../../event/event.ts';
import { utc } from '../../event/instant.ts';
import { isObject } from '../../event/name.ts';
import { contained, given, nameIn, textIn } from '../record.ts';
import { type Fields, kept, listAt, objectAt, raw, type Said, textOf } from './row.ts';

/** The facts of a message's calls; the first bears its tokens where it has no words. */
export function callFacts(message: Fields, tokens: Pick<Said, 'tokens'>): readonly Said[] {
  const model = given('model', nameIn(message, 'model'));
  const calls = listAt(message, 'toolCalls').filter(isObject);
  return calls.flatMap((call, i) => {
    const call_id = nameIn(call, 'id');
    if (call_id === undefined) return [];
    const tool = given('tool', nameIn(call, 'name'));
    const shared = { type: 'tool_call', call_id, ...tool } as const;
    const args = given('arguments', contained(call['args']));
    const asked: Said = {
      ...shared,
      ...args,
      ...model,
      ...(i === 0 ? tokens : {}),
      status: 'pending',
      part: `asked ${call_id}`,
    };
    const outcome = outcomeOf(call);
    if (outcome === undefined) return [asked];
    const answered: Said = {
      ...shared,
      ...outcome,
      ...timeOf(call),
      ...given('result', contained(call['result'])),
      part: `answered ${call_id} ${nameIn(call, 'status') ?? ''}`,
      ...raw(kept(call, ['id', 'name', 'args', 'result', 'timestamp', 'description'])),
    };
    return [asked, answered];
  });
}

function timeOf(call: Fields): Partial<Draft> {
  const read = utc(call['timestamp']);
  return 'time' in read ? read : {};
}

type Outcome = Pick<Draft, 'status' | 'error' | 'decision'>;

/** Undefined while the call is under way. */
function outcomeOf(call: Fields): Outcome | undefined {
  const response = responseOf(call);
  const failure = textOf(response['error']);
  switch (nameIn(call, 'status')) {
    case 'success':
      return nameIn(call, 'name') === 'run_shell_command' ? exitOf(call, response) : SUCCESS;
    case 'error':
      return failureOf(call, failure ?? displayOf(call));
    case 'cancelled':
      return { status: 'error', error: { code: 'cancelled', ...given('message', failure) } };
    case undefined:
      return call['result'] === undefined ? undefined : { status: 'unknown' };
    default:
      return undefined;
  }
}

const SUCCESS: Outcome = { status: 'success' };

/** A server's tools may word their errors as they like: only the runtime's own say who denied. */
function failureOf(call: Fields, message: string | undefined): Outcome {
  const own = nameIn(call, 'name')?.startsWith('mcp_') !== true;
  const hook = own ? /^Tool execution blocked: ([\s\S]*)/.exec(message ?? '')?.[1] : undefined;
  if (hook !== undefined) {
    return { status: 'blocked', decision: { outcome: 'deny', by: 'hook', reason: hook } };
  }
  if (own && /^Tool execution denied by policy\b/.test(message ?? '')) {
    const decision = { outcome: 'deny', by: 'config', ...given('reason', message) } as const;
    return { status: 'blocked', decision };
  }
  return { status: 'error', error: given('message', message) };
}

/**
 * A failed command counts as a success here. Its exit code stands behind the output, in the same
 * text, where a command could write one too: it is the runtime's own only right after the output
 * as the log shows it apart. A code elsewhere leaves the outcome unknown.
 */
function exitOf(call: Fields, response: Fields): Outcome {
  const text = (textIn(response, 'output') ?? '').replace(/^<untrusted_context>\n/, '');
  if (!text.startsWith('Output: ')) return insteadOf(text);
  const shown = [displayOf(call) ?? '', '(empty)'].find((output) =>
    text.startsWith(`Output: ${output}\n`),
  );
  const behind = shown === undefined ? text : text.slice(`Output: ${shown}\n`.length);
  const code = shown === undefined ? undefined : /^Exit Code: (-?\d{1,10})\n/.exec(behind)?.[1];
  if (code !== undefined && code !== '0')
    return { status: 'error', error: { code: `exit_${code}` } };
  if (/^(?:Exit Code|Signal|Error): /m.test(behind)) return { status: 'unknown' };
  return SUCCESS;
}

/** What the runtime writes instead of an output. */
function insteadOf(text: string): Outcome {
  if (text.startsWith('Command moved to background (PID: ')) return { status: 'pending' };
  if (text.startsWith('Command was cancelled by user before it could complete.')) {
    return { status: 'error', error: { code: 'interrupted' } };
  }
  const late = text.startsWith('Command was automatically cancelled because it exceeded');
  return late ? { status: 'error', error: { code: 'timeout' } } : { status: 'unknown' };
}

function displayOf(call: Fields): string | undefined {
  return textIn(call, 'resultDisplay');
}

function responseOf(call: Fields): Fields {
  const [first] = listAt(call, 'result').filter(isObject);
  return first === undefined ? {} : objectAt(objectAt(first, 'functionResponse'), 'response');
}
