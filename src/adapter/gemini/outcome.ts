/** What Gemini CLI's `tool_response` proves of how a call ended. */
import type { Draft } from '../../event/event.ts';
import { isObject } from '../../event/name.ts';
import { errorOf } from '../draft.ts';

/** The runtime sets `error` itself; a shell command that failed has none. */
export function outcomeOf(tool: string, response: unknown): Partial<Draft> {
  if (!isObject(response)) return { status: 'unknown' };
  const { error, llmContent, returnDisplay } = response;
  if (isObject(error)) return failed(textOf(error['type']), textOf(error['message']));
  if (typeof error === 'string') return failed(undefined, error);
  if (tool !== 'run_shell_command') return { status: 'success' };
  return shellOutcome(textOf(llmContent), textOf(returnDisplay));
}

const OPENING = '<untrusted_context>\n';
const CLOSING = '\n</untrusted_context>';

/** What the runtime writes instead of the output. */
const INSTEAD: readonly (readonly [string, Partial<Draft>])[] = [
  ['Command was cancelled by user before it could complete.', failed('interrupted', undefined)],
  ['Command was automatically cancelled because it exceeded', failed('timeout', undefined)],
  ['Command moved to background (PID: ', { status: 'pending' }],
];

/**
 * Below the output stand the runtime's own lines: `Exit Code: N` only where N is not 0, and last
 * `Process Group PGID: N`. `returnDisplay` repeats the output where it is shown as text: cut off
 * by it, nothing that the command wrote can be taken for such a line. Where it is not, a command
 * can claim a failure by its last line, but never hide one.
 */
function shellOutcome(content: string | undefined, display: string | undefined): Partial<Draft> {
  if (content === undefined) return { status: 'unknown' };
  const wrapped = content.startsWith(OPENING) && content.endsWith(CLOSING);
  const text = wrapped ? content.slice(OPENING.length, -CLOSING.length) : content;
  const instead = INSTEAD.find(([words]) => text.startsWith(words));
  if (instead) return instead[1];
  if (!text.startsWith('Output: ')) return { status: 'unknown' };
  const output = display === undefined || display === '' ? undefined : `Output: ${display}\n`;
  const cut = output !== undefined && text.startsWith(output);
  const trailer = trailerOf(cut ? text.slice(output.length) : text.slice('Output: '.length));
  if (!trailer.has('Process Group PGID')) return { status: 'unknown' };
  const exit = trailer.get('Exit Code');
  const signal = trailer.get('Signal');
  if (exit !== undefined) return failed(`exit_${exit}`, undefined);
  if (signal !== undefined) return failed(`signal_${signal}`, undefined);
  return { status: 'success' };
}

const LINE = /^(Exit Code|Signal|Background PIDs|Process Group PGID): ([\w, -]{1,200})$/;

/** The runtime's lines at the end of the text, from the last one up; there are four at most. */
function trailerOf(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let end = text.length;
  for (let line = 0; line < 4 && end > 0; line++) {
    const start = text.lastIndexOf('\n', end - 1) + 1;
    const match = end - start > 300 ? null : LINE.exec(text.slice(start, end));
    const [, name = '', value = ''] = match ?? [];
    if (!match || found.has(name)) break;
    found.set(name, value);
    end = start - 1;
  }
  return found;
}

function failed(code: string | undefined, message: string | undefined): Partial<Draft> {
  return { status: 'error', error: errorOf(code, message) };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
