/** `clawctl logs export`: every matching event into a file that says what it covers. */
import type { Coverage } from '../../trail/trail.ts';
import { writeWhole } from '../atomic.ts';
import { refuse } from '../problem.ts';
import type { Client, Query, Streamed } from '../reach/client.ts';
import { type Counter, countEvents } from '../reach/count.ts';
import { jsonText, type Progress } from '../screen/terminal.ts';
import { type Command, type Context, option } from './command.ts';

const FORMATS = ['json', 'csv', 'ndjson'] as const;
type Format = (typeof FORMATS)[number];
const STDOUT = '-';

export const logsExport: Command = {
  options: [
    {
      flags: '--format <format>',
      about: 'command.option.format',
      choices: FORMATS,
      required: true,
    },
    { flags: '--output <file>', about: 'command.option.output', required: true },
    { flags: '--query <query>', about: 'command.option.query' },
    { flags: '--from <time>', about: 'command.option.from' },
    { flags: '--to <time>', about: 'command.option.to' },
    {
      flags: '--order <order>',
      about: 'command.option.order',
      choices: ['newest', 'oldest'],
    },
  ],
  examples: [
    'clawctl logs export --format json --output audit-jan.json',
    'clawctl logs export --format csv --output audit-jan.csv',
    'clawctl logs export --format ndjson --query status:blocked --output - | jq .tool',
  ],
  run: async (context, input) => {
    const format = (option(input, 'format') ?? 'json') as Format;
    const file = option(input, 'output') ?? STDOUT;
    const query = {
      query: option(input, 'query'),
      from: option(input, 'from'),
      to: option(input, 'to'),
      zone: context.clock.zone,
    };
    const signal = context.interruption();
    const client = await context.connect();
    const order = option(input, 'order');
    const progress = await measure(context, client, query);
    try {
      const answer = await client.stream('/v1/export', { ...query, format, order }, signal);
      const coverage = coverageOf(answer);
      const counter = countEvents(format);
      const copying = { answer, counter, progress, coverage, format };
      if (file === STDOUT) await copy(copying, context.terminal.raw);
      else await save(copying, file);
      progress.stop();
      tell(context, { coverage, file, count: counter.count(), format });
    } catch (error) {
      progress.stop();
      throw signal.aborted ? refuse('usage.invalid', 'interrupted') : error;
    }
  },
};

/** The bar needs a total; a terminal alone is worth the question. */
async function measure(context: Context, client: Client, query: Query): Promise<Progress> {
  const { terminal, t } = context;
  if (!process.stderr.isTTY) return terminal.progress(t('export.label'), 0);
  const { count } = await client.get<{ count: number }>('/v1/count', query);
  return terminal.progress(t('export.label'), count);
}

type Copying = {
  readonly answer: Streamed;
  readonly counter: Counter;
  readonly progress: Progress;
  readonly coverage: Coverage;
  readonly format: Format;
};

async function save(copying: Copying, file: string): Promise<void> {
  await writeWhole(file, async (handle) => {
    await copy(copying, async (chunk) => {
      await handle.writeFile(chunk);
    });
  });
  // The others carry their coverage within.
  if (copying.format !== 'csv') return;
  const coverage = { ...copying.coverage, count: copying.counter.count() };
  await writeWhole(besides(file), (handle) => handle.writeFile(`${jsonText(coverage, 2)}\n`));
}

async function copy(
  { answer, counter, progress }: Copying,
  write: (chunk: Uint8Array) => Promise<void>,
): Promise<void> {
  for await (const chunk of answer.chunks) {
    counter.add(chunk);
    progress.at(counter.count());
    await write(chunk);
  }
}

function coverageOf(answer: Streamed): Coverage {
  const text = answer.header('x-claw-coverage');
  try {
    return JSON.parse(Buffer.from(text ?? '', 'base64').toString()) as Coverage;
  } catch {
    throw refuse('server.unreachable', 'foreignAnswer', { status: 200 });
  }
}

type Told = {
  readonly coverage: Coverage;
  readonly file: string;
  readonly count: number;
  readonly format: Format;
};

/** On standard error: standard output may be the export itself. */
function tell(context: Context, { coverage, file, count, format }: Told): void {
  const { t, terminal, clock } = context;
  if (context.format === 'json') {
    if (file !== STDOUT) terminal.json({ file, format, count, coverage });
    return;
  }
  const { query, from, to, tree_size, root } = coverage;
  const shown = { count, file: file === STDOUT ? 'stdout' : file };
  terminal.note({ text: t('export.done', shown), style: 'good' });
  const range = {
    from: from === undefined ? t('export.beginning') : clock.stamp(from),
    to: to === undefined ? t('export.now') : clock.stamp(to),
  };
  terminal.note('  ', t('export.query', { query: query || t('export.everything') }));
  terminal.note('  ', t('export.range', range), ` (${clock.zone})`);
  terminal.note('  ', t('export.tree', { size: tree_size, root }));
  if (file !== STDOUT && format === 'csv') {
    terminal.note('  ', t('export.beside', { file: besides(file) }));
  }
}

function besides(file: string): string {
  return `${file}.coverage.json`;
}
