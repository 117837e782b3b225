/** `clawctl import`: transcripts of runtimes, and runs in chat format, into the trail. */

import { TRANSCRIPT_FORMATS, transcriptOf } from '../../adapter/transcript/menu.ts';
import type { Reader } from '../../adapter/transcript/transcript.ts';
import { wholeOf } from '../../event/part.ts';
import { asFault } from '../../fault/fault.ts';
import { parseTime } from '../../search/time.ts';
import { type Finding, findFiles, originOf, ownFolder, reasonOf } from '../intake/file.ts';
import { recordsOf } from '../intake/record.ts';
import { openSender, type Sender } from '../intake/send.ts';
import { openTally, type Summary, type Tally } from '../intake/tally.ts';
import { refuse } from '../problem.ts';
import type { Progress } from '../screen/terminal.ts';
import { argument, type Command, type Context, flag, type Input, option } from './command.ts';

/** Problems and reasons that are shown to a person; `--json` lists more. */
const SHOWN = 20;

export const importTranscripts: Command = {
  arguments: [
    { name: '<format>', about: 'command.argument.transcript', choices: TRANSCRIPT_FORMATS },
    { name: '[files...]', about: 'command.argument.transcripts' },
  ],
  options: [
    { flags: '--session <id>', about: 'command.option.onlySession' },
    { flags: '--from <time>', about: 'command.option.baseTime' },
    { flags: '--dry-run', about: 'command.option.dryRun' },
  ],
  examples: [
    'clawctl import claude-code',
    'clawctl import codex ~/.codex/sessions/2026/11 --dry-run',
    'clawctl import openai-chat runs.jsonl --from 2026-01-31T09:00',
    'clawctl import jsonl audit-jan.ndjson --json',
  ],
  run: async (context, input) => {
    const format = argument(input);
    const from_ms = baseOf(context, input);
    const finding = await findFiles(placesOf(context, input, format), format);
    const tally = openTally();
    for (const { file, message } of finding.problems) {
      const missing = message === 'ENOENT' ? context.t('import.missing') : message;
      tally.problem({ file, message: missing });
    }
    const signal = context.interruption();
    const sender = flag(input, 'dryRun') ? undefined : await openOut(context, tally, signal);
    const progress = await context.terminal.progress(
      context.t('import.label'),
      sizeOf(finding.files),
    );
    const intake = { format, from_ms, input, context, tally, sender, progress, signal };
    try {
      await takeIn(finding, intake);
    } catch (error) {
      progress.stop();
      tell(context, tally.summary(), sender === undefined ? 'dry' : 'sent');
      throw signal.aborted ? refuse('usage.invalid', 'importBroken') : error;
    }
    progress.stop();
    const summary = tally.summary();
    tell(context, summary, sender === undefined ? 'dry' : 'sent');
    if (summary.problem_count > 0) process.exitCode = 1;
  },
};

/** Where times begin in files that have none; throws for what is no time. */
function baseOf({ clock: { zone } }: Context, input: Input): number | undefined {
  const from = option(input, 'from');
  return from === undefined ? undefined : parseTime(from, { now_ms: Date.now(), zone });
}

/** What is named, or the folder where the runtime keeps its transcripts. */
function placesOf({ env }: Context, input: Input, format: string): readonly string[] {
  const named = input.arguments.slice(1).flatMap((place) => place ?? []);
  if (named.length > 0) return named;
  const own = ownFolder(format, env);
  if (own !== undefined) return [own];
  throw refuse('usage.invalid', 'argument', { name: 'FILES' });
}

async function openOut(context: Context, tally: Tally, signal: AbortSignal): Promise<Sender> {
  return openSender({
    client: await context.connect(),
    signal,
    onReceipt: (receipt, { file, place }) => {
      if (receipt.status === 'accepted') tally.count('recorded');
      else if (receipt.status === 'duplicate') tally.count('known');
      else tally.problem({ file, place, message: receipt.error.message });
    },
  });
}

function sizeOf(files: Finding['files']): number {
  return files.reduce((sum, { size_bytes }) => sum + size_bytes, 0);
}

type Intake = {
  readonly format: string;
  /** Unix milliseconds. */
  readonly from_ms: number | undefined;
  readonly input: Input;
  readonly context: Context;
  readonly tally: Tally;
  /** Absent where nothing is to be sent. */
  readonly sender: Sender | undefined;
  readonly progress: Progress;
  readonly signal: AbortSignal;
};

async function takeIn({ files }: Finding, intake: Intake): Promise<void> {
  const { tally, sender, from_ms } = intake;
  let before = 0;
  for (const { path, size_bytes } of files) {
    tally.count('files');
    try {
      const origin = await originOf(path, from_ms);
      const reader = transcriptOf(intake.format)?.open(origin);
      if (reader !== undefined) await takeFile({ path, before, reader }, intake);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (typeof code !== 'string' || !/^E[A-Z]+$/.test(code)) throw error;
      tally.problem({ file: path, message: reasonOf(error) });
    }
    before += size_bytes;
  }
  await sender?.flush();
}

type File = {
  readonly path: string;
  /** Bytes of the files before it. */
  readonly before: number;
  readonly reader: Reader;
};

async function takeFile({ path, before, reader }: File, intake: Intake): Promise<void> {
  const { context, tally, progress, signal } = intake;
  let shown = -1;
  for await (const record of recordsOf(path)) {
    signal.throwIfAborted();
    if (record.read !== shown) progress.at(before + record.read);
    shown = record.read;
    tally.count('records');
    const { place } = record;
    if ('trouble' in record) {
      // A last line that is not whole may still be under way; the next import finds it.
      if (record.trouble === 'cut') tally.skip(context.t('import.cut'));
      else tally.problem({ file: path, place, message: context.t(TROUBLES[record.trouble]) });
      continue;
    }
    await takeRecord({ path, place, value: record.value, reader }, intake);
  }
}

const TROUBLES = {
  json: 'import.json',
  utf8: 'import.utf8',
  large: 'import.large',
} as const;

type Taken = Omit<File, 'before'> & { readonly place: number; readonly value: unknown };

async function takeRecord({ path, place, value, reader }: Taken, intake: Intake): Promise<void> {
  const { context, input, tally, sender } = intake;
  const wanted = option(input, 'session');
  let left = 0;
  try {
    const adapted = reader(value, place);
    if ('skipped' in adapted) return tally.skip(adapted.skipped);
    for (const draft of adapted.drafts) {
      const whole = wholeOf(draft);
      if (wanted !== undefined && !whole.startsWith(wanted)) continue;
      left++;
      tally.count('events');
      tally.session(draft.session_id);
      await sender?.add({ draft, from: { file: path, place } });
    }
    if (left === 0) tally.skip(context.t('import.other'));
  } catch (error) {
    const fault = asFault(error);
    if (fault.code !== 'event.invalid') throw error;
    tally.problem({ file: path, place, message: fault.message });
  }
}

/** On standard error but for the counts: those are the answer. */
function tell(context: Context, summary: Summary, how: 'dry' | 'sent'): void {
  const { t, terminal, format } = context;
  if (format === 'json') {
    terminal.json({ ...summary, dry_run: how === 'dry' });
    return;
  }
  const { files, records, events, sessions, recorded, known, skipped, problems } = summary;
  terminal.line(t('import.read', { count: files, records, events, sessions }));
  if (how === 'dry') terminal.line({ text: t('import.dry'), style: 'warn' });
  else terminal.line({ text: t('import.done', { count: recorded, known }), style: 'good' });
  const reasons = Object.entries(skipped);
  const silent = reasons.reduce((sum, [, count]) => sum + count, 0);
  if (silent > 0) terminal.note({ text: t('import.skipped', { count: silent }), style: 'dim' });
  for (const [reason, count] of reasons.slice(0, SHOWN)) {
    terminal.note('  ', { text: `${String(count).padStart(6)}  ${reason}`, style: 'dim' });
  }
  for (const { file, place, message } of problems.slice(0, SHOWN)) {
    const where = place === undefined ? file : `${file}:${place}`;
    terminal.note({ text: '✗ ', style: 'bad' }, `${where}: ${message}`);
  }
  const more = summary.problem_count - SHOWN;
  if (more > 0) terminal.note({ text: t('import.more', { count: more }), style: 'warn' });
}
