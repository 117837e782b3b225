/** `clawctl logs tail`: every event as soon as it is durable. */
import { printable } from '../../search/safe.ts';
import type { Row } from '../../trail/trail.ts';
import { refuse } from '../problem.ts';
import { askHidden, withoutNoise } from '../reach/hide.ts';
import { serverEvents } from '../reach/sse.ts';
import { duration } from '../screen/clock.ts';
import { deed, shortId, statusPiece, who } from '../screen/row.ts';
import { displayWidth, pad, truncate } from '../screen/width.ts';
import { type Command, type Context, flag, option } from './command.ts';

export const logsTail: Command = {
  options: [
    { flags: '--query <query>', about: 'command.option.query' },
    { flags: '--all', about: 'command.option.all' },
  ],
  examples: [
    'clawctl logs tail',
    'clawctl logs tail --query "status:blocked OR status:error"',
    'clawctl logs tail --json | jq .tool',
  ],
  run: async (context, input) => {
    const original = option(input, 'query') ?? '';
    const { query, hidden } = withoutNoise(original, flag(input, 'all') ? 'all' : 'events');
    const signal = context.interruption();
    const client = await context.connect();
    const wanted = { query: query || undefined };
    try {
      const { chunks } = await askHidden(client, { original, hidden }, () =>
        client.stream('/v1/tail', wanted, signal),
      );
      greet(context, hidden);
      for await (const { event, data } of serverEvents(chunks)) {
        if (event === 'row') tell(context, JSON.parse(data) as Row);
        else if (event === 'gap') warn(context, data);
      }
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    if (!signal.aborted) throw refuse('server.unreachable', 'tailEnded');
  },
};

function greet({ t, terminal, format }: Context, hidden: boolean): void {
  if (format === 'json') return;
  terminal.note({ text: t('tail.waiting'), style: 'dim' });
  if (hidden) terminal.note({ text: t('search.hidden'), style: 'dim' });
}

/** The server says what it did not send. */
function warn({ terminal, format }: Context, data: string): void {
  const gap = JSON.parse(data) as { message?: unknown };
  if (format === 'json') terminal.json({ gap });
  else terminal.note({ text: String(gap.message), style: 'warn' });
}

function tell(context: Context, row: Row): void {
  if (context.format === 'json') context.terminal.json(row);
  else show(context, row);
}

function show({ terminal, clock, language }: Context, row: Row): void {
  const { columns } = terminal;
  const status = statusPiece(row.status);
  const text = typeof status === 'string' ? status : status.text;
  const head = [
    clock.time(row.time),
    pad(shortId(row.session_id), 13),
    pad(truncate(printable(who(row)), 16), 16),
  ].join('  ');
  const took = row.duration_ms === undefined ? '' : `  ${duration(row.duration_ms)}`;
  const room = Math.max(20, columns - displayWidth(head) - 11 - 2 - took.length);
  terminal.line(
    { text: `${head}  `, style: 'dim' },
    typeof status === 'string' ? text : { text: text.padEnd(10), style: status.style },
    truncate(deed(row, language), room),
    { text: took, style: 'dim' },
  );
}
