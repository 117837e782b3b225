/** `clawctl logs search`: one page of matching events. */
import type { Row, SearchResult } from '../../trail/trail.ts';
import { askHidden, withoutNoise } from '../reach/hide.ts';
import { footer } from '../screen/footer.ts';
import { rowCells, rowColumns } from '../screen/row.ts';
import { type Command, type Context, flag, option, whole } from './command.ts';

export const logsSearch: Command = {
  options: [
    { flags: '--query <query>', about: 'command.option.query' },
    { flags: '--from <time>', about: 'command.option.from' },
    { flags: '--to <time>', about: 'command.option.to' },
    { flags: '--limit <n>', about: 'command.option.limit' },
    { flags: '--cursor <cursor>', about: 'command.option.cursor' },
    {
      flags: '--order <order>',
      about: 'command.option.order',
      choices: ['newest', 'oldest'],
    },
    { flags: '--all', about: 'command.option.all' },
  ],
  examples: [
    'clawctl logs search --query "tool:send_email" --from 2026-01-01',
    'clawctl logs search --query "status:blocked -user:bot" --from -2h',
    'clawctl logs search --query "resource:*.pem duration_ms:>1000" --json',
  ],
  run: async (context, input) => {
    const { clock, terminal, format } = context;
    const original = option(input, 'query') ?? '';
    const { query, hidden } = withoutNoise(original, flag(input, 'all') ? 'all' : 'events');
    const limit = whole(input, 'limit', { least: 1, most: 1000 });
    const client = await context.connect();
    const answer = await askHidden(client, { original, hidden }, () =>
      client.get<SearchResult>('/v1/events', {
        query: query || undefined,
        from: option(input, 'from'),
        to: option(input, 'to'),
        zone: clock.zone,
        limit,
        cursor: option(input, 'cursor'),
        order: option(input, 'order'),
      }),
    );
    if (format === 'json') return terminal.json(answer);
    await showRows(context, answer.events);
    const left = hidden ? 'search.hidden' : undefined;
    footer(context, { read_to: answer.read_to, hidden: left, cursor: answer.cursor });
  },
};

async function showRows(context: Context, rows: readonly Row[]): Promise<void> {
  const { t, terminal } = context;
  const [first] = rows;
  if (first === undefined) return terminal.line({ text: t('search.none'), style: 'dim' });
  const cells = rows.map((row) => rowCells(row, context));
  await terminal.table(rowColumns(t), cells);
  terminal.note({ text: t('search.show', { index: first.index }), style: 'dim' });
}
