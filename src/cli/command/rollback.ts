/** `clawctl rollback`: undoes what an agent did to files, where they are; a dry run by default. */
import { relative } from 'node:path';
import { Fault } from '../../fault/fault.ts';
import {
  type Applied,
  applyPlan,
  isRefused,
  reportable,
  type StepResult,
} from '../../sdk/rollback/apply.ts';
import { named } from '../../sdk/rollback/compensate.ts';
import { type Plan, readPlan } from '../../sdk/rollback/plan.ts';
import { advice } from '../../search/rollback/word.ts';
import { loadCompensations } from '../compensation.ts';
import { refuse } from '../problem.ts';
import type { Client } from '../reach/client.ts';
import { findTimeline } from '../reach/resolve.ts';
import type { Piece, Style } from '../screen/piece.ts';
import { type Command, type Context, flag, type Input, option } from './command.ts';

export const rollback: Command = {
  options: [
    { flags: '--session <id>', about: 'command.option.rollbackSession' },
    { flags: '--task <id>', about: 'command.option.rollbackTask' },
    { flags: '--call <id>', about: 'command.option.rollbackCall' },
    { flags: '--id <rollback>', about: 'command.option.rollbackId' },
    { flags: '--apply', about: 'command.option.rollbackApply' },
    { flags: '--root <dir>', about: 'command.option.rollbackRoot' },
    { flags: '--path <glob>', about: 'command.option.rollbackPath' },
    { flags: '--compensate [file]', about: 'command.option.rollbackCompensate' },
  ],
  examples: [
    'clawctl rollback --session 3f0a1b2c',
    'clawctl rollback --session 3f0a1b2c --apply',
    'clawctl rollback --task task-7 --root ~/project --path "src/*" --json',
  ],
  run: async (context, input) => {
    const client = await context.connect();
    const root = option(input, 'root') ?? process.cwd();
    const compensate = await compensationsOf(context, { input, root });
    const body = await planned(client, input);
    const plan = readPlan(body);
    const apply = flag(input, 'apply');
    if (apply && !isComplete(body)) throw refuse('request.timeout', 'rollbackBehind');
    const only = option(input, 'path');
    const applied = await applyPlan(plan, {
      ...{ roots: [root], apply },
      ...(only === undefined ? {} : { only: (path) => isMeant(only, path, root) }),
      ...(compensate === undefined ? {} : { compensate }),
    });
    if (apply) await report(client, plan, applied);
    if (context.format === 'json') context.terminal.json(told(plan, { applied, apply, root }));
    else await show(context, plan, { applied, apply, root });
    if (applied.results.some(isRefused)) process.exitCode = 1;
  },
};

type Done = { readonly applied: Applied; readonly apply: boolean; readonly root: string };

async function compensationsOf(
  { env }: Context,
  { input, root }: { readonly input: Input; readonly root: string },
) {
  const given = input.options['compensate'];
  if (given === undefined) return undefined;
  const file = typeof given === 'string' ? { file: given } : {};
  return loadCompensations({ env, root, ...file });
}

/** A session may be named by the start of its id, where the token may read. */
async function planned(client: Client, input: Input): Promise<unknown> {
  const id = option(input, 'id');
  const session_id = option(input, 'session');
  const [task_id, call_id] = [option(input, 'task'), option(input, 'call')];
  if (id !== undefined) return client.get(`/v1/rollback/${encodeURIComponent(id)}`);
  if (session_id === undefined && task_id === undefined && call_id === undefined) {
    throw refuse('usage.invalid', 'rollbackWhat');
  }
  const ask = (session?: string) =>
    client.post<unknown>('/v1/rollback', { session_id: session, task_id, call_id });
  try {
    return await ask(session_id);
  } catch (error) {
    const unknown = error instanceof Fault && error.code === 'session.not_found';
    if (!unknown || session_id === undefined) throw error;
    const { session } = await findTimeline(client, session_id, { limit: 1 });
    return ask(session.session_id);
  }
}

function isComplete(body: unknown): boolean {
  const { read_to } = body as { readonly read_to?: { readonly complete?: unknown } };
  return read_to?.complete === true;
}

function isMeant(pattern: string, path: string, root: string): boolean {
  return named(pattern, path) || named(pattern, relative(root, path));
}

async function report(client: Client, { rollback_id }: Plan, applied: Applied): Promise<void> {
  for (const results of reportable(applied)) {
    await client.post(`/v1/rollback/${rollback_id}/steps`, { results });
  }
}

/** Without contents: those are in the plan that the server gives. */
function told(plan: Plan, { applied, apply, root }: Done) {
  const results = new Map(applied.results.map((result) => [result.n, result]));
  const steps = plan.steps.map(({ content: _c, encoding: _e, call: _a, ...step }) => ({
    ...step,
    ...results.get(step.n),
  }));
  return { rollback_id: plan.rollback_id, apply, root, backup: applied.backup, steps };
}

const STYLES: Readonly<Record<StepResult['status'], Style>> = {
  ready: 'plain',
  restored: 'good',
  already: 'dim',
  conflict: 'alarm',
  failed: 'alarm',
  skipped: 'warn',
  done: 'good',
  manual: 'warn',
};

async function show(context: Context, plan: Plan, done: Done): Promise<void> {
  const { t, terminal } = context;
  if (plan.steps.length === 0) return terminal.line({ text: t('rollback.nothing'), style: 'dim' });
  const results = new Map(done.applied.results.map((result) => [result.n, result]));
  const rows = plan.steps.map((step): readonly Piece[] => {
    const { status, why, detail } = results.get(step.n) ?? { status: 'manual' };
    const note = why === undefined ? '' : t(`rollback.why.${why}`, { detail: detail ?? '' });
    const kind = step.kind === 'manual' && status !== 'manual' ? 'compensate' : step.kind;
    return [
      { text: String(step.n), style: 'name' },
      t(`rollback.kind.${kind}`),
      { text: t(`rollback.status.${status}`), style: STYLES[status] },
      step.path ?? `${step.tool} ${step.what ?? ''}`.trim().slice(0, WHAT_CHARS),
      { text: note, style: 'dim' },
    ];
  });
  const heads = [
    { title: t('label.index') },
    { title: t('rollback.column.kind') },
    { title: t('label.status') },
    { title: t('label.what'), most: 72 },
    { title: '' },
  ];
  await terminal.table(heads, rows);
  byHand(context, plan, done);
  footer(context, plan, done);
}

const WHAT_CHARS = 120;

function byHand({ t, terminal, language }: Context, plan: Plan, { applied }: Done): void {
  const manual = new Set(
    applied.results.filter(({ status }) => status === 'manual').map(({ n }) => n),
  );
  const left = plan.steps.filter(({ n }) => manual.has(n));
  if (left.length === 0) return;
  terminal.line();
  terminal.line({ text: t('rollback.byHand'), style: 'bold' });
  for (const step of left) {
    const { n, reason } = step;
    if (reason === undefined) continue;
    terminal.line({ text: `  ${n}  `, style: 'name' }, advice({ ...step, reason }, language));
  }
}

function footer({ t, terminal }: Context, plan: Plan, { applied, apply, root }: Done): void {
  const count = (wanted: StepResult['status']) =>
    applied.results.filter(({ status }) => status === wanted).length;
  const texts = plan.steps.filter(({ exact }) => exact === false).length;
  if (texts > 0) terminal.note({ text: t('rollback.asText', { count: texts }), style: 'dim' });
  if (!apply) {
    const ready = { count: count('ready'), root };
    terminal.note({ text: t('rollback.dry', ready), style: 'warn' });
    return;
  }
  terminal.note({ text: t('rollback.done', { count: count('restored') }), style: 'good' });
  if (count('restored') > 0) {
    terminal.note({ text: t('rollback.backup', { folder: applied.backup }), style: 'dim' });
  }
}
