/** Tool calls in Codex's rollouts: asked by the model, done by the runtime, given back. */
import type { Draft } from '../../event/event.ts';
import { isObject } from '../../event/name.ts';
import { contained, given, nameIn, textIn } from '../record.ts';
import {
  argumentsOf,
  countIn,
  type Fields,
  kept,
  objectAt,
  raw,
  type Said,
  textOf,
} from './row.ts';

export type Call = {
  readonly call_id: string;
  readonly said: Said;
  /** A server of others answers it: none of its words are the runtime's own. */
  readonly foreign: boolean;
  /** The runtime has told what it did. */
  readonly done: boolean;
};

const PASSED = 'internal_chat_message_metadata_passthrough';

/** The tools by which the model runs commands; hooks call all of them `Bash`. */
const SHELLS: ReadonlySet<string> = new Set([
  'exec_command',
  'shell',
  'shell_command',
  'container.exec',
]);

/** A call that the model asks for; undefined where the item is none. */
export function requested(item: Fields, type: string): Call | undefined {
  if (!type.endsWith('_call')) return undefined;
  const call_id = nameIn(item, 'call_id') ?? nameIn(item, 'id');
  if (call_id === undefined) return undefined;
  const space = nameIn(item, 'namespace');
  const foreign = space?.startsWith('mcp__') === true;
  const said = {
    type: 'tool_call',
    call_id,
    ...asked(item, type, foreign ? `${space}__` : ''),
    part: 'asked',
    ...raw(kept(item, USED)),
  } as const;
  return { call_id, said, foreign, done: false };
}

const USED = [...['type', 'call_id', 'name', 'arguments', 'input', 'action', 'query', PASSED]];

function asked(item: Fields, type: string, prefix: string): Partial<Draft> {
  const name = nameIn(item, 'name');
  if (type === 'local_shell_call') return shell(objectAt(item, 'action'), 'local_shell');
  if (type === 'web_search_call') {
    // The provider searches, and its answer is part of the model's.
    const done = nameIn(item, 'status') === 'completed' ? 'success' : 'unknown';
    return { tool: 'web_search', ...argumentsOf(item['action']), status: done };
  }
  if (type === 'custom_tool_call' && typeof item['input'] === 'string') {
    // As its hooks give it.
    return { ...given('tool', name), arguments: { command: item['input'] }, status: 'pending' };
  }
  const { arguments: args } = argumentsOf(item['arguments'] ?? item['input'] ?? item['action']);
  if (name !== undefined && SHELLS.has(name) && isObject(args)) return shell(args, name);
  const tool = name ?? type.slice(0, -'_call'.length);
  return { tool: `${prefix}${tool}`, ...given('arguments', args), status: 'pending' };
}

/** Under the name and with the arguments that the runtime's own hooks report. */
function shell(args: Fields, model_tool: string): Partial<Draft> {
  const command = args['cmd'] ?? args['command'];
  const folder = textIn(args, 'workdir') ?? textIn(args, 'working_directory');
  const cwd = folder?.startsWith('/') === true ? { cwd: folder } : {};
  return {
    tool: 'Bash',
    arguments: contained({ ...kept(args, ['cmd']), ...given('command', command) }),
    status: 'pending',
    attributes: { model_tool, ...cwd },
  };
}

/** What the model was given back. Only words that the runtime writes itself tell an outcome. */
export function returned(item: Fields, call: Call | undefined): readonly Said[] | string {
  const call_id = nameIn(item, 'call_id');
  if (call_id === undefined) return 'an answer without the id of its call';
  const output = item['output'] ?? kept(item, ['type', 'call_id']);
  const text = isObject(output) ? textOf(output['content']) : textOf(output);
  const own = call === undefined || call.foreign ? undefined : outcomeOf(text ?? '', output);
  // The runtime's own account has the bare result; this is how it was worded for the model.
  const worded = call?.done === true;
  const used = ['type', 'call_id', ...(worded ? [] : ['output']), PASSED];
  return [
    {
      type: 'tool_call',
      call_id,
      status: 'unknown',
      ...own,
      ...(worded ? {} : { result: contained(output) }),
      part: 'returned',
      ...raw(kept(item, used)),
    },
  ];
}

type Outcome = Pick<Draft, 'status' | 'error' | 'decision'>;

/** The head that Codex writes before a command's output, from the first character on. */
const HEAD = new RegExp(
  '^(?:Chunk ID: [^\\n]{1,100}\\n)?(?:Exit code: (-?\\d{1,10})\\n)?' +
    'Wall time: [\\d.]{1,20} seconds\\n' +
    '(?:Process exited with code (-?\\d{1,10})\\n|(Process running with session ID ))?',
);
const BLOCKED = /^Command blocked by PreToolUse hook: ([\s\S]*?)(?:\. Command: [\s\S]*)?$/;
const REJECTED = /^(?:exec command|patch|apply_patch) rejected by user\b|^rejected by user\b/;
const CONFIGURED = /^approval policy is \w{1,40}; reject command\b/;
const REFUSED = /^(?:unsupported (?:custom tool )?call: |failed to parse function arguments: )/;

function outcomeOf(text: string, output: unknown): Outcome | undefined {
  const [head, exit, exited, running] = HEAD.exec(text) ?? [];
  const code = exit ?? exited ?? exitIn(output, text);
  if (code !== undefined) return ended(Number(code));
  if (running !== undefined) return { status: 'pending' };
  if (head !== undefined) return undefined;
  const blocked = BLOCKED.exec(text);
  if (blocked) return denied('hook', blocked[1]);
  if (REJECTED.test(text)) return denied('human', text);
  if (CONFIGURED.test(text)) return denied('config', text);
  if (REFUSED.test(text)) return { status: 'error', error: { code: 'refused', message: text } };
  return undefined;
}

function denied(by: 'hook' | 'human' | 'config', reason: string | undefined): Outcome {
  return { status: 'blocked', decision: { outcome: 'deny', by, ...given('reason', reason) } };
}

/** Older rollouts hold the output and `metadata.exit_code` as JSON text. */
function exitIn(output: unknown, text: string): string | undefined {
  if (typeof output !== 'string' || !text.startsWith('{"output":')) return undefined;
  try {
    const code = objectAt(JSON.parse(text) as Fields, 'metadata')['exit_code'];
    return Number.isSafeInteger(code) ? String(code) : undefined;
  } catch {
    return undefined;
  }
}

function ended(exit: number): Outcome {
  return exit === 0 ? { status: 'success' } : { status: 'error', error: { code: `exit_${exit}` } };
}

/** `item_completed`: what the runtime itself did; the best witness of an outcome. */
export function itemDone(event: Fields, type: string): readonly Said[] | string | undefined {
  if (type !== 'item_completed' && type !== 'item_started') return undefined;
  const item = objectAt(event, 'item');
  const kind = nameIn(item, 'type') ?? '';
  if (ECHOES.has(kind)) return 'a response item tells the same';
  const call_id = nameIn(item, 'id');
  if (call_id === undefined || type === 'item_started') return 'its completion is told';
  const duration = objectAt(item, 'duration');
  return [
    {
      type: 'tool_call',
      call_id,
      ...statusOf(item),
      ...resultOf(item),
      ...given('duration_ms', milliseconds(duration)),
      part: 'done',
      attributes: { item_type: kind, ...given('exit_code', countIn(item, 'exit_code')) },
      raw: contained(kept(item, ['id', 'duration', 'result', 'aggregated_output'])),
    },
  ];
}

const ECHOES: ReadonlySet<string> = new Set(['UserMessage', 'AgentMessage', 'Reasoning', 'Plan']);

function statusOf(item: Fields): Outcome {
  const { exit_code } = item;
  const error = objectAt(item, 'error');
  const message = textIn(error, 'message') ?? textIn(item, 'stderr');
  switch (nameIn(item, 'status')) {
    case 'completed': {
      const failed = objectAt(item, 'result')['isError'] === true;
      if (typeof exit_code === 'number') return ended(exit_code);
      return failed ? { status: 'error', error: { code: 'tool_error' } } : { status: 'success' };
    }
    case 'failed': {
      const code = typeof exit_code === 'number' ? `exit_${exit_code}` : undefined;
      const told = message === '' ? undefined : message;
      return { status: 'error', error: { ...given('code', code), ...given('message', told) } };
    }
    case 'declined':
      return { status: 'blocked', decision: { outcome: 'deny' } };
    case 'in_progress':
      return { status: 'pending' };
    default:
      return { status: 'unknown' };
  }
}

function resultOf(item: Fields): Pick<Draft, 'result'> {
  const whole = item['result'] ?? item['aggregated_output'] ?? item['stdout'];
  return given('result', contained(whole));
}

function milliseconds(duration: Fields): number | undefined {
  const secs = countIn(duration, 'secs');
  const nanos = countIn(duration, 'nanos') ?? 0;
  return secs === undefined ? undefined : Math.round(secs * 1000 + nanos / 1e6);
}

/** `exec_command_end` and its like: what `item_completed` was in versions before. */
export function legacyEnd(
  event: Fields,
  type: string,
  calls: ReadonlyMap<string, Call>,
): readonly Said[] | string | undefined {
  const call_id = nameIn(event, 'call_id');
  if (call_id === undefined || !/_(?:begin|end|delta|update)$/.test(type)) return undefined;
  if (!type.endsWith('_end')) return 'the end of the call is told';
  const { result } = event;
  const answer = isObject(result) ? (result['Ok'] ?? result['Err'] ?? result) : result;
  const failed = isObject(result) && (result['Err'] !== undefined || isErrorOf(answer));
  const exit = event['exit_code'];
  const success = event['success'] ?? (result === undefined ? undefined : !failed);
  const outcome: Outcome =
    typeof exit === 'number'
      ? ended(exit)
      : { status: success === true ? 'success' : success === false ? 'error' : 'unknown' };
  const whole = answer ?? event['aggregated_output'] ?? event['stdout'];
  return [
    {
      type: 'tool_call',
      call_id,
      ...given('tool', calls.get(call_id)?.said.tool),
      ...outcome,
      ...given('result', contained(whole)),
      ...given('duration_ms', milliseconds(objectAt(event, 'duration'))),
      part: 'done',
      attributes: { item_type: type },
      raw: contained(kept(event, ['call_id', 'duration', 'result', 'aggregated_output'])),
    },
  ];
}

function isErrorOf(answer: unknown): boolean {
  return isObject(answer) && (answer['isError'] === true || answer['is_error'] === true);
}
