/** Codex's hooks about tool calls: asked, ended, awaiting approval. */
import type { Draft } from '../../event/event.ts';
import { isObject } from '../../event/name.ts';
import { wholeOf } from '../../event/part.ts';
import { draftOf, type Seen, type Told } from '../draft.ts';
import { given } from '../record.ts';

/** PreToolUse: the call is announced, its outcome still unseen. */
export function asked(hook: Seen): Told {
  return [draftOf(hook, { ...callFacts(hook), status: 'pending' })];
}

/** PostToolUse: the call ended; a denied or refused call never gets one. */
export function answered(hook: Seen): Told {
  const facts = callFacts(hook);
  const response = hook.read.value('tool_response');
  return [draftOf(hook, { ...facts, ...outcomeOf(facts.tool, response), result: response })];
}

/**
 * PermissionRequest: the runtime asks for approval. The record has no `tool_use_id`, so the call
 * is the last one asked with the same tool and arguments, where that is known. Codex adds why it
 * asks to the arguments as `description`.
 */
export function approval(hook: Seen): Told {
  const facts = callFacts(hook);
  const call_id = given('call_id', facts.call_id ?? aboutCall(hook, facts));
  const escalated = { status: 'escalated', decision: { outcome: 'escalate' } } as const;
  return [draftOf(hook, { ...facts, ...call_id, ...escalated, type: 'approval' })];
}

/** The shell's hook hands over the command's own output, without the runtime's head. */
const SHELL: ReadonlySet<string> = new Set([
  'Bash',
  'exec_command',
  'local_shell',
  'shell',
  'shell_command',
  'write_stdin',
]);

/** What Codex writes above the output of a patch: its own lines, from the very start. */
const HEAD = new RegExp(
  [
    /^(?:Chunk ID: \w{1,64}\n)?(?:Exit code: (-?\d{1,10})\n)?/,
    /Wall time: [\d.]{1,20} seconds\n(?:Process exited with code (-?\d{1,10})\n)?/,
    /(?:[A-Z][\w ]{0,40}: \d{1,20}\n){0,4}Output:(?:\n|$)/,
  ]
    .map(({ source }) => source)
    .join(''),
);

/**
 * Codex runs this hook only for what it counts as a success itself, and a command that exits
 * with an error counts as one: a shell call's outcome is not in its hook. Whatever its output
 * says of exit codes was said by the command.
 */
function outcomeOf(tool: string | undefined, response: unknown): Partial<Draft> {
  if (tool === undefined || SHELL.has(tool)) {
    const failed = isObject(response) && structured(response).status === 'error';
    if (failed) return structured(response);
    return { status: 'unknown', detail: 'The hook does not tell how the command exited.' };
  }
  if (isObject(response)) return structured(response);
  if (tool !== 'apply_patch') return { status: 'success' };
  const head = typeof response === 'string' ? HEAD.exec(response) : null;
  const exit = head?.[1] ?? head?.[2];
  if (exit === undefined) return { status: 'unknown' };
  if (Number(exit) === 0) return { status: 'success' };
  return { status: 'error', error: { code: `exit_${exit}` } };
}

/** An MCP server's answer, and whatever else names its own failure. */
function structured(response: Record<string, unknown>): Partial<Draft> {
  const failed = response['isError'] === true || response['success'] === false;
  return failed ? { status: 'error', error: { code: 'tool_error' } } : { status: 'success' };
}

function aboutCall(hook: Seen, { tool, arguments: args }: Partial<Draft>): string | undefined {
  const { calls } = hook.context;
  if (tool === undefined || calls === undefined) return undefined;
  const session_id = wholeOf({ ...hook.origin.common, session_id: hook.origin.session_id });
  const same = calls.asked(session_id, tool, args);
  if (same !== undefined || !isObject(args)) return same;
  const { description: _, ...plain } = args;
  return calls.asked(session_id, tool, plain);
}

function callFacts({ read }: Seen) {
  const call_id = read.name('tool_use_id');
  return {
    type: 'tool_call',
    ...given('call_id', call_id),
    ...given('key', call_id),
    ...given('tool', read.name('tool_name')),
    ...given('arguments', read.value('tool_input')),
  } as const;
}
