/** `clawctl validate`: asks whether one action may be done, and answers by the exit code too. */
import { randomUUID } from 'node:crypto';
import { ACTIONS } from '../../event/event.ts';
import { type Decision, MODES, WAIT_S } from '../../policy/lifecycle.ts';
import { refuse } from '../problem.ts';
import { showFields } from '../screen/field.ts';
import type { Style } from '../screen/piece.ts';
import { argument, type Command, type Context, type Input, option, whole } from './command.ts';

/** Exit codes beside those that every command has; 0 is allowed. */
export const DENIED = 5;
export const ESCALATED = 6;

/** Where neither session nor task are named. */
const SESSION = 'clawctl';

export const validate: Command = {
  arguments: [
    { name: '<tool>', about: 'command.argument.tool' },
    { name: '[json]', about: 'command.argument.json' },
  ],
  options: [
    { flags: '--session <id>', about: 'command.option.ofSession' },
    { flags: '--task <id>', about: 'command.option.ofTask' },
    { flags: '--agent <id>', about: 'command.option.asAgent' },
    { flags: '--runtime <name>', about: 'command.option.asRuntime' },
    { flags: '--environment <name>', about: 'command.option.asEnvironment' },
    { flags: '--action <action>', about: 'command.option.asAction', choices: ACTIONS },
    { flags: '--cwd <dir>', about: 'command.option.asCwd' },
    { flags: '--mode <mode>', about: 'command.option.heldMode', choices: MODES },
    { flags: '--wait <seconds>', about: 'command.option.waitFor' },
    { flags: '--call <id>', about: 'command.option.asCall' },
  ],
  examples: [
    `clawctl validate Bash '{"command": "rm -rf build"}' --runtime claude-code --cwd /work`,
    `clawctl validate Write '{"file_path": "/prod/app.conf"}' && echo allowed`,
  ],
  run: async (context, input) => {
    const request = requestOf(input);
    const client = await context.connect();
    const answer = await client.post<Decision>('/v1/actions/validate', request);
    const decision = await waited(context, input, { request, answer });
    if (context.format === 'json') context.terminal.json(decision);
    else show(context, decision);
    if (!decision.allowed) process.exitCode = decision.outcome === 'escalate' ? ESCALATED : DENIED;
  },
};

function requestOf(input: Input): Record<string, unknown> {
  const [id, runtime] = [option(input, 'agent'), option(input, 'runtime')];
  const task_id = option(input, 'task');
  const session_id = option(input, 'session') ?? (task_id === undefined ? SESSION : undefined);
  return {
    ...{ tool: argument(input), arguments: parsed(input.arguments[1]), session_id, task_id },
    // With one of its own, so that waiting goes on with the same decision.
    call_id: option(input, 'call') ?? randomUUID(),
    action: option(input, 'action'),
    cwd: option(input, 'cwd'),
    mode: option(input, 'mode'),
    environment: option(input, 'environment'),
    ...(id === undefined && runtime === undefined ? {} : { agent: { id, runtime } }),
  };
}

function parsed(text: string | undefined): unknown {
  if (text === undefined) return {};
  try {
    return JSON.parse(text);
  } catch {
    throw refuse('usage.invalid', 'noJson');
  }
}

/** Seconds that one answer is held: less than a client's patience with a server. */
const SLICE_S = 25;

type Asked = { readonly request: Record<string, unknown>; readonly answer: Decision };

/** Waits for the approval in slices; the same call goes on waiting. */
async function waited(context: Context, input: Input, { request, answer }: Asked) {
  const wait_s = whole(input, 'wait', { least: 0, most: WAIT_S }) ?? 0;
  const end_ms = performance.now() + wait_s * 1000;
  let decision = answer;
  while (decision.approval?.state === 'pending') {
    const left_s = (end_ms - performance.now()) / 1000;
    if (left_s <= 0) break;
    const client = await context.connect();
    const again = { ...request, wait_s: Math.min(SLICE_S, left_s) };
    decision = await client.post<Decision>('/v1/actions/validate', again);
  }
  return decision;
}

const STYLES: Readonly<Record<Decision['outcome'], Style>> = {
  permit: 'good',
  deny: 'alarm',
  escalate: 'warn',
};

function show(context: Context, decision: Decision): void {
  const { t, terminal } = context;
  const { outcome, allowed, policy_ids, approval } = decision;
  const text = t(`validate.outcome.${outcome}`);
  terminal.line({ text, style: STYLES[outcome] }, decision.reason && `  ${decision.reason}`);
  showFields(context, [
    ['validate.field.policies', policy_ids.join(', ')],
    ['validate.field.task', decision.task_id],
    ['validate.field.approval', approval?.approval_id],
    ['validate.field.decision', decision.decision_id],
  ]);
  if (allowed && outcome !== 'permit') {
    terminal.note({ text: t('validate.observed'), style: 'warn' });
  }
  if (approval?.state === 'pending') {
    terminal.note({ text: t('approvals.next', { id: approval.approval_id }), style: 'dim' });
  }
}
