/** `clawctl coverage`: which witness saw what of a session, and what nobody saw. */
import type { SessionCoverage, Verdict } from '../../search/coverage.ts';
import type { CoveragesResult } from '../../trail/trail.ts';
import { refuse } from '../problem.ts';
import { findCoverage } from '../reach/resolve.ts';
import { footer } from '../screen/footer.ts';
import type { Piece, Style } from '../screen/piece.ts';
import { shortId } from '../screen/row.ts';
import { type Command, type Context, flag, type Input, option, whole } from './command.ts';

/** Shortfalls and unseen calls that are shown to a person; `--json` lists more. */
const SHOWN = 30;

export const coverage: Command = {
  arguments: [{ name: '[session]', about: 'command.argument.covered' }],
  options: [
    { flags: '--query <query>', about: 'command.option.query' },
    { flags: '--from <time>', about: 'command.option.from' },
    { flags: '--to <time>', about: 'command.option.to' },
    { flags: '--limit <n>', about: 'command.option.limit' },
    { flags: '--cursor <cursor>', about: 'command.option.cursor' },
    { flags: '--check', about: 'command.option.check' },
  ],
  examples: [
    'clawctl coverage',
    'clawctl coverage 3f0a1b2c',
    'clawctl coverage --query "agent.runtime:claude-code" --from -1d --check',
  ],
  run: async (context, input) => {
    const [session] = input.arguments;
    const found = session === undefined ? await many(context, input) : await one(context, session);
    if (flag(input, 'check')) check(found);
  },
};

async function one(context: Context, session: string): Promise<readonly SessionCoverage[]> {
  const client = await context.connect();
  const found = await findCoverage(client, session);
  if (context.format === 'json') context.terminal.json(found);
  else await show(context, found);
  return [found];
}

async function many(context: Context, input: Input): Promise<readonly SessionCoverage[]> {
  const { t, terminal, format, clock } = context;
  const client = await context.connect();
  const answer = await client.get<CoveragesResult>('/v1/coverage', {
    query: option(input, 'query') ?? OTHERS,
    from: option(input, 'from'),
    to: option(input, 'to'),
    zone: clock.zone,
    limit: whole(input, 'limit', { least: 1, most: 100 }),
    cursor: option(input, 'cursor'),
  });
  const { sessions, cursor, read_to } = answer;
  if (format === 'json') terminal.json(answer);
  else if (sessions.length === 0) terminal.line({ text: t('coverage.none'), style: 'dim' });
  else {
    await table(context, sessions);
    const session = shortId(sessions[0]?.session_id ?? '');
    terminal.note({ text: t('coverage.detail', { session }), style: 'dim' });
    footer(context, { read_to, hidden: undefined, cursor });
  }
  return sessions;
}

/** What Claw says of itself, and who read the trail, has no witnesses. */
const OTHERS = '-type:access -type:admin';

function check(sessions: readonly SessionCoverage[]): void {
  const count = (verdict: Verdict) => sessions.filter((one) => one.verdict === verdict).length;
  const [incomplete, unknown] = [count('incomplete'), count('unknown')];
  if (incomplete + unknown === 0) return;
  throw refuse('coverage.incomplete', 'notCovered', { incomplete, unknown });
}

const STYLES: Readonly<Record<Verdict, Style>> = {
  complete: 'good',
  incomplete: 'alarm',
  unknown: 'warn',
};

function table(context: Context, sessions: readonly SessionCoverage[]): Promise<void> {
  const { t, terminal } = context;
  const wide = terminal.columns === Number.POSITIVE_INFINITY;
  const rows = sessions.map((one): readonly Piece[] => [
    { text: wide ? one.session_id : shortId(one.session_id), style: 'name' },
    one.runtimes.join(', '),
    { text: t(`coverage.word.${one.verdict}`), style: STYLES[one.verdict] },
    String(one.calls),
    one.shortfalls.length > 0 ? { text: String(one.shortfalls.length), style: 'alarm' } : '',
    one.witnesses.map(({ kind }) => kind).join(', '),
  ]);
  return terminal.table(
    [
      { title: t('label.session'), most: 15 },
      { title: t('label.agent'), most: 20 },
      { title: t('label.verdict') },
      { title: t('label.calls'), align: 'right' },
      { title: t('label.missing'), align: 'right' },
      { title: t('label.witnesses') },
    ],
    rows,
  );
}

async function show(context: Context, found: SessionCoverage): Promise<void> {
  const { t, terminal } = context;
  const { verdict, runtimes, doubts, calls } = found;
  terminal.line({ text: found.session_id, style: 'name' });
  terminal.line({ text: t(`coverage.verdict.${verdict}`), style: STYLES[verdict] });
  for (const doubt of doubts) terminal.line(`  ${t(`coverage.doubt.${doubt}`)}`);
  if (runtimes.length > 0) {
    terminal.line(t('coverage.runtimes', { runtimes: runtimes.join(', ') }));
  }
  terminal.line(t('coverage.calls', { calls, all: found.seen_by_all }));
  terminal.line();
  await witnesses(context, found);
  const told = [...missing(context, found), ...unseen(context, found)];
  for (const line of told) terminal.line(line);
  if (found.more > 0) terminal.line(t('coverage.more', { count: found.more }));
}

function witnesses({ t, terminal }: Context, { witnesses }: SessionCoverage): Promise<void> {
  const numbers = ['prompts', 'outputs', 'asked', 'answered', 'approvals'] as const;
  const count = (n: number) => (n === 0 ? '' : String(n));
  return terminal.table(
    [
      { title: t('label.witnesses') },
      ...numbers.map((name) => ({ title: t(`coverage.column.${name}`), align: 'right' as const })),
      { title: t('label.apiCalls'), align: 'right' },
      { title: t('label.other'), align: 'right' },
    ],
    witnesses.map((one) => [
      { text: one.kind, style: 'name' },
      ...numbers.map((name) => count(one[name])),
      count(one.api_calls),
      count(one.other),
    ]),
  );
}

function* missing({ t, clock }: Context, { shortfalls }: SessionCoverage): Generator<Piece> {
  if (shortfalls.length === 0) return;
  yield '';
  yield { text: t('coverage.missing'), style: 'bold' };
  for (const { kind, time, tool, detail, call_id } of shortfalls.slice(0, SHOWN)) {
    const told = detail ?? t(`coverage.shortfall.${kind}`, { tool: named(tool, call_id, t) });
    yield { text: `  ${clock.time(time)}  ${told}`, style: 'plain' };
  }
  if (shortfalls.length > SHOWN) {
    yield { text: `  ${t('coverage.more', { count: shortfalls.length - SHOWN })}`, style: 'dim' };
  }
}

function* unseen({ t, clock }: Context, { unseen }: SessionCoverage): Generator<Piece> {
  if (unseen.length === 0) return;
  yield '';
  yield { text: t('coverage.unseen'), style: 'bold' };
  for (const { by, what, tool, call_id, time, seen_by } of unseen.slice(0, SHOWN)) {
    const seen = seen_by.join(', ');
    const told = t(`coverage.unseenBy.${what}`, { tool: named(tool, call_id, t), by, seen });
    yield { text: `  ${clock.time(time)}  ${told}`, style: 'plain' };
  }
  if (unseen.length > SHOWN) {
    yield { text: `  ${t('coverage.more', { count: unseen.length - SHOWN })}`, style: 'dim' };
  }
}

function named(tool: string | undefined, call_id: string | undefined, t: Context['t']): string {
  const name = tool ?? t('coverage.someTool');
  return call_id === undefined ? name : `${name} (${call_id})`;
}
