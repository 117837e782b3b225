/** `clawctl logs show`: one event with everything that is known of it. */
import { sentence } from '../../search/sentence.ts';
import type { Row } from '../../trail/trail.ts';
import { findEvent } from '../reach/resolve.ts';
import { duration } from '../screen/clock.ts';
import type { Key } from '../screen/language.ts';
import type { Piece } from '../screen/piece.ts';
import { statusPiece, statusStyle } from '../screen/row.ts';
import { valueLines } from '../screen/value.ts';
import { displayWidth, pad } from '../screen/width.ts';
import { argument, type Command, type Context } from './command.ts';

type Field = readonly [Extract<Key, `field.${string}`>, unknown];

export const logsShow: Command = {
  arguments: [{ name: '<event>', about: 'command.argument.event' }],
  examples: [
    'clawctl logs show 1042',
    'clawctl logs show 0199a3f2-7c11-7e2a-9d55-3f0a1b2c3d4e --json',
  ],
  run: async (context, input) => {
    const row = await findEvent(await context.connect(), argument(input));
    if (context.format === 'json') return context.terminal.json(row);
    show(context, row);
  },
};

function show(context: Context, row: Row): void {
  const { t, terminal, language } = context;
  terminal.line({ text: sentence(row, language), style: 'bold' });
  if (row.erased) terminal.line({ text: t('show.erased'), style: 'warn' });
  const known = fields(context, row).filter(([, value]) => value !== undefined && value !== '');
  const width = Math.max(...known.map(([key]) => displayWidth(t(key)))) + 2;
  for (const [key, value] of known) {
    const piece: Piece =
      key === 'field.status' ? statusPiece(row.status) : { text: String(value), style: 'plain' };
    terminal.line('  ', { text: pad(t(key), width), style: 'dim' }, piece);
  }
  facts(context, row);
  for (const [key, value] of blocks(row)) block(context, t(key), value);
  for (const { field, size_bytes } of row.overflow ?? []) {
    terminal.note({ text: t('show.overflow', { field, size: size_bytes }), style: 'dim' });
  }
  terminal.note({ text: t('show.prove', { index: row.index }), style: 'dim' });
}

function fields({ clock }: Context, row: Row): readonly Field[] {
  const { agent, user, decision, error, tokens, source } = row;
  const join = (...parts: readonly unknown[]) => parts.filter(Boolean).join(' · ');
  return [
    ['field.time', clock.exact(row.time)],
    ['field.recorded_at', clock.exact(row.recorded_at)],
    ['field.type', row.type],
    ['field.status', row.status],
    ['field.who', join(agent?.name, agent?.id, agent?.runtime, agent?.version)],
    ['field.user', join(user?.name, user?.id)],
    ['field.session', row.session_id],
    ['field.parent', row.parent_session_id],
    ['field.task', row.task_id],
    ['field.call', row.call_id],
    ['field.tool', row.tool],
    ['field.action', row.action],
    ['field.decision', decision && join(decision.outcome, decision.by, decision.approver)],
    ['field.policies', decision?.policy_ids?.join(', ')],
    ['field.reason', decision?.reason],
    ['field.error', error && join(error.code, error.message)],
    ['field.duration', row.duration_ms === undefined ? undefined : duration(row.duration_ms)],
    ['field.tokens', tokens && join(tokens.input, tokens.output, tokens.total)],
    ['field.model', row.model],
    ['field.detail', row.detail],
    ['field.source', source && join(source.kind, source.runtime, source.version)],
    ['field.id', row.id],
  ];
}

function facts({ t, terminal, clock }: Context, row: Row): void {
  terminal.line();
  terminal.line({ text: t('field.facts'), style: 'dim' });
  for (const fact of row.facts) {
    terminal.line(
      { text: `  ${fact.index}  `, style: 'name' },
      { text: clock.exact(fact.time), style: 'dim' },
      `  ${fact.id}  `,
      { text: fact.status ?? '', style: statusStyle(fact.status) },
    );
  }
}

function blocks(row: Row): readonly Field[] {
  const list = row.resources?.map(({ access, kind, id }) => `${access} ${kind} ${id}`).join('\n');
  const all: readonly Field[] = [
    ['field.resources', list || undefined],
    ['field.content', row.content],
    ['field.arguments', row.arguments],
    ['field.result', row.result],
    ['field.attributes', row.attributes],
    ['field.raw', row.raw],
  ];
  return all.filter(([, value]) => value !== undefined);
}

function block({ terminal }: Context, title: string, value: unknown): void {
  terminal.line();
  terminal.line({ text: title, style: 'dim' });
  for (const line of valueLines(value, terminal.columns - 2)) terminal.line(`  ${line}`);
}
