/** What was said in Claude Code's transcripts: prompts, outputs, attachments, notes. */
import { RESOURCE_CHARS } from '../../event/event.ts';
import { isObject } from '../../event/name.ts';
import { taskEnd } from '../claude-code/notification.ts';
import { contained, given, nameIn, textIn } from '../record.ts';
import { blocksOf, type Row } from './claude-code-row.ts';
import { countIn, type Fields, note, objectAt, type Said, textOf } from './row.ts';

/** The words of a user's row, if they are a user's: the runtime writes rows of that type too. */
export function prompted(row: Row): readonly Said[] {
  const { fields } = row;
  const words = textOf(objectAt(fields, 'message')['content']);
  const media = blocksOf(row, (type) => type === 'image' || type === 'document');
  if (fields['isMeta'] === true || (words === undefined && media.length === 0)) return [];
  const text = words ?? '';
  if (fields['isCompactSummary'] === true) {
    return [note('The conversation was compacted.', { content: text })];
  }
  if (text.startsWith('[Request interrupted by user')) {
    return [note('The user interrupted the agent.', { content: text })];
  }
  if (text.startsWith('<local-command-stdout>')) {
    return [{ type: 'output', channel: 'local_command', content: text }];
  }
  const told = spoken(text, { notice: isNotice(fields), part: row.part });
  if (media.length === 0) return told;
  return told.map((one) => ({ ...one, raw: contained({ ...row.rest, media }) }));
}

type Circumstances = {
  /** The runtime wrote it. */
  readonly notice: boolean;
  /** It was said within a sub-agent, by the agent that started it. */
  readonly part: boolean;
};

function spoken(content: string, { notice, part }: Circumstances): readonly Said[] {
  if (!notice) {
    const channel = part ? 'agent' : content.startsWith('<command-') ? 'command' : undefined;
    return [{ type: 'prompt', content, ...given('channel', channel) }];
  }
  const detail = 'Claude Code reports on a background task; no user wrote this.';
  const end = taskEnd(content);
  return [
    { type: 'prompt', content, channel: 'task_notification', detail },
    ...(end === undefined ? [] : [{ ...end, part: 'task' }]),
  ];
}

/** The runtime says who wrote a prompt; older versions do not, and then the text has to tell. */
function isNotice(fields: Fields): boolean {
  if (nameIn(objectAt(fields, 'origin'), 'kind') === 'task-notification') return true;
  const unsigned = fields['origin'] === undefined && fields['promptSource'] === undefined;
  const text = textOf(objectAt(fields, 'message')['content']) ?? '';
  return unsigned && text.startsWith('<task-notification>');
}

/** What the model wrote: its answer, or its reasoning where it shows that. */
export function said(row: Row): readonly Said[] {
  const message = objectAt(row.fields, 'message');
  const failed = row.fields['isApiErrorMessage'] === true;
  const model = nameIn(message, 'model');
  const facts = {
    type: 'output',
    ...(model === '<synthetic>' ? {} : given('model', model)),
    ...(failed ? { status: 'error' as const } : {}),
  } as const;
  const words = blocksOf(row, (type) => type === 'text').flatMap((block, i): Said[] => {
    const content = textIn(block, 'text') ?? '';
    const error = failed ? { error: { code: 'model_api', message: content } } : {};
    return content === '' ? [] : [{ ...facts, content, ...error, part: `text ${i}` }];
  });
  const thoughts = blocksOf(row, (type) => type === 'thinking').flatMap((block, i): Said[] => {
    const content = textIn(block, 'thinking') ?? '';
    return content === '' ? [] : [{ ...facts, content, channel: 'reasoning', part: `mind ${i}` }];
  });
  return [...thoughts, ...words];
}

/** Attachments that tell what happened; all others are context that the runtime gives the model. */
export function attached(row: Row): readonly Said[] {
  const attachment = objectAt(row.fields, 'attachment');
  const type = nameIn(attachment, 'type') ?? '';
  const raw = contained({ ...row.rest, attachment });
  if (type === 'queued_command') {
    const content = textOf(attachment['prompt']) ?? '';
    const notice = nameIn(attachment, 'commandMode') === 'task-notification';
    return spoken(content, { notice, part: row.part });
  }
  if (FILES.has(type)) {
    const path = textIn(attachment, 'filename') ?? textIn(attachment, 'path');
    if (path === undefined || path === '') return [];
    const id = path.slice(0, RESOURCE_CHARS);
    const kind = type === 'directory' ? 'directory' : 'file';
    return [
      {
        type: 'file_operation',
        action: 'read',
        operation: 'read',
        status: 'success',
        path: id,
        resources: [{ kind, id, access: 'read' }],
        detail: 'The runtime gave the model this file.',
        raw,
      },
    ];
  }
  if (!type.startsWith('hook_') || type === 'hook_success' || type === 'hook_progress') return [];
  const name = nameIn(attachment, 'hookName') ?? nameIn(attachment, 'hookEvent') ?? '';
  return [{ ...note(`A hook did more than run: ${type} (${name}).`), raw }];
}

const FILES: ReadonlySet<string> = new Set([
  ...['file', 'directory', 'edited_text_file', 'nested_memory', 'pdf_reference'],
]);

/** `system`: what the runtime tells its user. */
export function noted(row: Row): readonly Said[] {
  const { fields } = row;
  const subtype = nameIn(fields, 'subtype') ?? '';
  if (subtype === 'compact_boundary') return [note('The conversation was compacted.')];
  const quiet = SUMMARY.has(subtype) && fields['preventedContinuation'] !== true;
  const errors = fields['hookErrors'];
  if (quiet && !(Array.isArray(errors) && errors.length > 0)) return [];
  const content = textIn(fields, 'content');
  const duration = given('duration_ms', countIn(fields, 'durationMs'));
  return [note(`Claude Code notes: ${subtype}.`, { ...given('content', content), ...duration })];
}

const SUMMARY: ReadonlySet<string> = new Set(['stop_hook_summary', 'turn_duration']);

/** What a message of the model cost; its rows all repeat it, so the first one alone counts. */
export function costOf({ fields, opens }: Row): Pick<Said, 'tokens'> {
  const { usage } = objectAt(fields, 'message');
  if (!opens || !isObject(usage)) return {};
  const read = ['input_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens'];
  const counts = read.flatMap((key) => countIn(usage, key) ?? []);
  const input = counts.length === 0 ? undefined : counts.reduce((sum, count) => sum + count);
  const tokens = { ...given('input', input), ...given('output', countIn(usage, 'output_tokens')) };
  return Object.keys(tokens).length === 0 ? {} : { tokens };
}
