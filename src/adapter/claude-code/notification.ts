/** A `<task-notification>`: how Claude Code tells its agent that a background call has ended. */
import type { Draft } from '../../event/event.ts';
import { given } from '../record.ts';

/** What it says of the call. */
export type TaskEnd = Partial<Draft> & { readonly type: 'tool_call'; readonly call_id: string };

/** The fact of the call that has ended; undefined for any other text. */
export function taskEnd(text: string): TaskEnd | undefined {
  const call_id = tagged(text, 'tool-use-id');
  if (call_id === undefined || call_id === '' || call_id.length > 200) return undefined;
  const state = tagged(text, 'status');
  const exit = /\(exit code (\d{1,10})\)/.exec(tagged(text, 'summary') ?? '')?.[1];
  const success = state === 'completed' && (exit === undefined || exit === '0');
  const unknown = state === undefined || state === 'running';
  const code = exit !== undefined && exit !== '0' ? `exit_${exit}` : state;
  return {
    type: 'tool_call',
    call_id,
    status: unknown ? 'pending' : success ? 'success' : 'error',
    ...(unknown || success ? {} : { error: given('code', code?.slice(0, 100)) }),
    ...given('result', tagged(text, 'result')),
    attributes: { evidence: 'task_notification' },
  };
}

function tagged(text: string, tag: string): string | undefined {
  const start = text.indexOf(`<${tag}>`);
  const end = text.indexOf(`</${tag}>`, start);
  return start < 0 || end < 0 ? undefined : text.slice(start + tag.length + 2, end);
}
