/** `clawctl policy replay`: past decisions asked again of policies that are not yet in force. */
import { compile } from '../../policy/cedar.ts';
import type { Difference } from '../../policy/replay.ts';
import type { Replayed } from '../../trail/govern/govern.ts';
import { policyFiles } from '../policy/files.ts';
import { refuse } from '../problem.ts';
import { type Command, type Context, option, whole } from './command.ts';

export const policyReplay: Command = {
  arguments: [{ name: '[path]', about: 'command.argument.policies' }],
  options: [
    { flags: '--query <query>', about: 'command.option.query' },
    { flags: '--from <time>', about: 'command.option.from' },
    { flags: '--to <time>', about: 'command.option.to' },
    { flags: '--limit <n>', about: 'command.option.replayLimit' },
  ],
  examples: [
    'clawctl policy replay ./policies',
    'clawctl policy replay ./policies --from -7d --query "environment:production"',
  ],
  run: async (context, input) => {
    const { terminal, clock, format } = context;
    const [path = 'policies'] = input.arguments;
    const { files } = compile(await policyFiles(path));
    const client = await context.connect();
    const search = {
      query: option(input, 'query'),
      from: option(input, 'from'),
      to: option(input, 'to'),
      limit: whole(input, 'limit', { least: 1, most: 100_000 }),
      zone: clock.zone,
    };
    const replayed = await client.post<Replayed>('/v1/policies/replay', { files, ...search });
    if (format === 'json') terminal.json(replayed);
    else show(context, replayed);
    const { different, decisions } = replayed;
    if (different > 0) throw refuse('policy.differs', 'replayDiffers', { different, decisions });
  },
};

function show(context: Context, replayed: Replayed): void {
  const { t, terminal } = context;
  const { decisions, same, otherwise, different, unreadable, differences, more } = replayed;
  for (const one of differences) showOne(context, one);
  const counts = { count: decisions, same, otherwise, different };
  terminal.line({
    text: t('policy.replayed', counts),
    style: different === 0 ? 'good' : 'bad',
  });
  const untold = different + otherwise - differences.length;
  if (untold > 0) terminal.note({ text: t('policy.untold', { count: untold }), style: 'dim' });
  if (unreadable > 0) {
    terminal.note({ text: t('policy.unreadable', { count: unreadable }), style: 'warn' });
  }
  if (more) terminal.note({ text: t('policy.older', { count: decisions }), style: 'warn' });
}

function showOne({ t, terminal, clock }: Context, difference: Difference): void {
  const { created_at, tool, input, before, after, decision_id } = difference;
  const said = (one: Difference['after'] | Difference['before']) =>
    one.policy_ids.length === 0 ? one.outcome : `${one.outcome} (${one.policy_ids.join(', ')})`;
  terminal.line(
    { text: `${clock.stamp(created_at)}  `, style: 'dim' },
    { text: tool, style: 'name' },
    `  ${input}`,
  );
  terminal.line({ text: `    ${t('policy.before')} ${said(before)}`, style: 'plain' });
  const style = before.outcome === after.outcome ? 'plain' : 'warn';
  terminal.line({ text: `    ${t('policy.after')} ${said(after)}: ${after.reason}`, style });
  terminal.line({ text: `    ${t('policy.detail', { id: decision_id })}`, style: 'dim' });
}
