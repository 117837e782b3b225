/** Codex's log records as events; its spans are steps of its own code. */
import type { Draft, Event } from '../../event/event.ts';
import type { AdaptContext, Adapted } from '../adapter.ts';
import { given, nameIn, textIn } from '../record.ts';
import {
  draftOf,
  type Family,
  type Mapping,
  type Mappings,
  mapped,
  nameOf,
  noted,
  parsedIn,
  type Scene,
} from './draft.ts';
import type { Log, Telemetry } from './telemetry.ts';
import { countIn, type Fields, flagIn } from './value.ts';

const RUNTIME = 'codex';

const BASE = [...['event.name', 'event.timestamp', 'conversation.id', 'app.version', 'slug']];

export const codex: Family = {
  owns: ({ scope, resource, name }) =>
    scope.startsWith('codex_') ||
    name.startsWith('codex.') ||
    /^codex[_-]/.test(nameIn(resource, 'service.name') ?? ''),
  adapt,
};

function adapt(record: Telemetry, context: AdaptContext): Adapted {
  if (record.kind === 'span')
    return { skipped: 'a step of its own code: log records tell of calls' };
  const session_id = nameOf(record, ['conversation.id', 'session.id', 'thread.id']);
  if (session_id === undefined) return { skipped: 'it names no conversation' };
  const { attributes, resource } = record;
  const version = nameIn(attributes, 'app.version') ?? nameIn(resource, 'service.version');
  const scene = { record, context, runtime: RUNTIME, version, session_id, base: BASE };
  return mapped<Log>(scene, LOGS.get(record.name) ?? unknown);
}

const unknown: Mapping<Log> = (scene) =>
  noted(scene, 'A telemetry event that this version of Claw does not know');
const TIMING = 'how long a step of its own took';

/** By `event.name`; codex-rs/otel. */
const LOGS: Mappings<Log> = new Map<string, Mapping<Log>>([
  ['codex.conversation_starts', start],
  ['codex.user_prompt', prompt],
  ['codex.api_request', request],
  ['codex.websocket_request', request],
  ['codex.sse_event', streamed],
  ['codex.websocket_event', streamed],
  ['codex.tool_decision', decision],
  ['codex.tool_result', result],
  ['codex.startup_phase', TIMING],
  ['codex.turn_ttft', TIMING],
  ['codex.turn_ttfm', TIMING],
]);

function start(scene: Scene<Log>): Draft[] {
  return [
    draftOf(scene, {
      type: 'session',
      operation: 'start',
      detail: 'The session starts.',
      ...given('model', nameIn(scene.record.attributes, 'model')),
      used: ['model'],
    }),
  ];
}

function prompt(scene: Scene<Log>): Draft[] {
  const content = textIn(scene.record.attributes, 'prompt');
  return [
    draftOf(scene, {
      type: 'prompt',
      ...given('content', content === '[REDACTED]' ? undefined : content),
      used: ['prompt', 'prompt_length', 'model'],
    }),
  ];
}

/** An answer that began well is told of by the event that ends its stream, with its tokens. */
function request(scene: Scene<Log>): Draft[] | string {
  const { attributes } = scene.record;
  const status_code = countIn(attributes, 'http.response.status_code');
  const message = textIn(attributes, 'error.message');
  if (message === undefined && (status_code === undefined || status_code < 400)) {
    return 'the end of its answer, response.completed, tells of it with its tokens';
  }
  return [
    draftOf(scene, {
      type: 'api_call',
      status: 'error',
      method: 'POST',
      ...given('endpoint', textIn(attributes, 'endpoint')),
      ...given('model', nameIn(attributes, 'model')),
      ...given('status_code', status_code),
      error: given('message', message),
      ...given('duration_ms', countIn(attributes, 'duration_ms')),
      used: ['model', 'endpoint', 'http.response.status_code', 'error.message', 'duration_ms'],
    }),
  ];
}

function streamed(scene: Scene<Log>): Draft[] | string {
  const { attributes } = scene.record;
  const message = textIn(attributes, 'error.message');
  const input = countIn(attributes, 'input_token_count');
  const kind = textIn(attributes, 'event.kind');
  const failed = message !== undefined || kind === 'response.failed';
  if (!failed && input === undefined) return 'a step of a streamed answer; its end is told';
  const output = countIn(attributes, 'output_token_count');
  const tokens = { ...given('input', input), ...given('output', output) };
  return [
    draftOf(scene, {
      type: 'api_call',
      status: failed ? 'error' : 'success',
      ...given('model', nameIn(attributes, 'model')),
      ...(Object.keys(tokens).length > 0 ? { tokens } : {}),
      ...(failed ? { error: given('message', message) } : {}),
      used: ['model', 'input_token_count', 'output_token_count', 'error.message', 'event.kind'],
    }),
  ];
}

type Decided = NonNullable<Event['decision']>;

function outcomeOf(said: string): Decided['outcome'] {
  if (said.startsWith('approved')) return 'permit';
  return ['denied', 'abort', 'timed_out', 'rejected'].includes(said) ? 'deny' : undefined;
}

function decision(scene: Scene<Log>): Draft[] {
  const { attributes } = scene.record;
  const said = textIn(attributes, 'decision') ?? '';
  const outcome = outcomeOf(said);
  return [
    draftOf(scene, {
      ...callOf(attributes),
      status: outcome === 'deny' ? 'blocked' : 'pending',
      decision: {
        ...given('outcome', outcome),
        ...given('by', deciderIn(attributes)),
      },
      attributes: { decided: said, ...given('decision_source', textIn(attributes, 'source')) },
      used: [...CALL, 'decision', 'source'],
    }),
  ];
}

/** Without a terminal nobody can be asked: then `User` is no person's decision. */
function deciderIn(attributes: Fields): Decided['by'] {
  const source = textIn(attributes, 'source')?.toLowerCase();
  if (source === 'config') return 'config';
  const headless = textIn(attributes, 'originator') === 'codex_exec';
  return source === 'user' && !headless ? 'human' : undefined;
}

const CALL = ['tool_name', 'tool_namespace', 'call_id', 'model'];

function callOf(attributes: Fields) {
  const name = nameIn(attributes, 'tool_name');
  const space = nameIn(attributes, 'tool_namespace');
  const mcp = space?.startsWith('mcp__') === true && !name?.startsWith('mcp__');
  const tool = mcp && name !== undefined ? `${space}__${name}` : name;
  const call_id = nameIn(attributes, 'call_id');
  return { type: 'tool_call', ...given('tool', tool), ...given('call_id', call_id) } as const;
}

function result(scene: Scene<Log>): Draft[] {
  const { attributes } = scene.record;
  const call = callOf(attributes);
  const output = textIn(attributes, 'output');
  const end = endOf(call.tool, output, flagIn(attributes, 'success'));
  const { failure, ...facts } = end;
  return [
    draftOf(scene, {
      ...call,
      ...given('arguments', parsedIn(attributes, 'arguments')),
      ...given('duration_ms', countIn(attributes, 'duration_ms')),
      ...(output === undefined || failure ? {} : { result: output }),
      ...facts,
      attributes: given('output_truncated', flagIn(attributes, 'output_truncated') || undefined),
      used: [...CALL, 'arguments', 'output', 'duration_ms', 'success', 'output_truncated'],
    }),
  ];
}

type End = Pick<Draft, 'status' | 'error' | 'decision'> & {
  /** The output is the runtime's own word on why, not what the tool gave. */
  readonly failure?: true;
};

const SHELLS = ['exec_command', 'write_stdin', 'shell', 'shell_command', 'local_shell', 'Bash'];

/**
 * The head that Codex itself writes, before anything a command printed: `success` is true for a
 * command that ran and failed.
 */
const HEAD = '^(?:Chunk ID: [^\\n]{0,80}\\n)?(?:Wall time: [^\\n]{0,80}\\n)?';
const EXIT = new RegExp(`${HEAD}(?:Process exited with code|Exit code:) (-?\\d{1,10})\\n`);

function endOf(tool: string | undefined, output = '', success: boolean | undefined): End {
  if (success === false) return refused(tool, output);
  const exit = EXIT.exec(output)?.[1];
  const shell = tool !== undefined && SHELLS.includes(tool);
  const headed = shell || tool === 'apply_patch';
  if (headed && exit !== undefined) {
    return exit === '0' ? { status: 'success' } : failedWith(exit);
  }
  // A command that goes on, or a head that this version does not write.
  if (shell || success === undefined) return { status: 'unknown' };
  return { status: 'success' };
}

function failedWith(exit: string): End {
  return { status: 'error', error: { code: `exit_${exit}` } };
}

/** Sentences of the runtime's own, told only where the command never ran. */
const REFUSALS: readonly (readonly [RegExp, Decided['by']])[] = [
  [/^approval policy is \w+; reject command\b/, 'config'],
  [/^(?:exec command|patch) rejected by user\b/, 'human'],
  [/^Command blocked by (?:PreToolUse )?hook\b/, 'hook'],
];

function refused(tool: string | undefined, message: string): End {
  const own = tool !== undefined && (SHELLS.includes(tool) || tool === 'apply_patch');
  const refusal = own ? REFUSALS.find(([sentence]) => sentence.test(message)) : undefined;
  if (!refusal) return { status: 'error', error: { message }, failure: true };
  const by = given('by', refusal[1]);
  return {
    status: 'blocked',
    decision: { outcome: 'deny', ...by, reason: message },
    failure: true,
  };
}
