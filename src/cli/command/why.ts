/** `clawctl why`: how an event came about and what followed, in sentences. */
import { READERS } from '../../search/why.ts';
import type { WhyResult } from '../../trail/trail.ts';
import { findExplained } from '../reach/explained.ts';
import { LANGUAGES, speak } from '../screen/language.ts';
import type { Style } from '../screen/piece.ts';
import { valueLines } from '../screen/value.ts';
import { displayWidth, pad, wrap } from '../screen/width.ts';
import { argument, type Command, type Context, option } from './command.ts';

type Step = WhyResult['steps'][number];

/** Columns that are pleasant to read, and of the time before what is told. */
const READABLE = 110;
const TIME = 10;
const POLICY_LINES = 40;

export const why: Command = {
  arguments: [{ name: '<event>', about: 'command.argument.explained' }],
  options: [
    { flags: '--language <language>', about: 'command.option.language', choices: LANGUAGES },
    { flags: '--for <reader>', about: 'command.option.reader', choices: READERS },
  ],
  examples: [
    'clawctl why 1042',
    'clawctl why toolu_01A9 --lang ja',
    'clawctl why 0199a3f2-7c11-7e2a-9d55-3f0a1b2c3d4e --for subject --language ja',
  ],
  run: async (context, input) => {
    const client = await context.connect();
    const id = await findExplained(client, argument(input));
    const found = await client.get<WhyResult>(`/v1/events/${encodeURIComponent(id)}/why`, {
      language: option(input, 'language') ?? context.language,
      for: option(input, 'for'),
      zone: context.clock.zone,
    });
    if (context.format === 'json') return context.terminal.json(found);
    const { language } = found;
    show({ ...context, language, t: await speak(language) }, found);
  },
};

const STYLES: Readonly<Record<Step['kind'], Style>> = {
  prompt: 'name',
  context: 'plain',
  model: 'dim',
  task: 'plain',
  decision: 'warn',
  policy: 'plain',
  approval: 'warn',
  action: 'bold',
  result: 'plain',
  followed: 'plain',
  gap: 'alarm',
  rights: 'bold',
};

function show(context: Context, found: WhyResult): void {
  const { t, terminal, clock } = context;
  const { event, session_id, task_id, read_to } = found;
  terminal.line({ text: event.sentence ?? t('why.subject'), style: 'bold' });
  const about = [clock.exact(event.time), session_id, task_id].filter(Boolean).join(' · ');
  terminal.line({ text: about, style: 'dim' });
  let last: Step['kind'] | undefined;
  for (const step of found.steps) {
    if (step.kind !== last) heading(context, step.kind);
    last = step.kind;
    tell(context, step);
  }
  if (found.unknown.length > 0) {
    terminal.line();
    terminal.line({ text: t('why.unknown'), style: 'bold' });
    for (const { sentence } of found.unknown) lines(context, '? ', { sentence, style: 'warn' });
  }
  const { indexed, recorded, complete } = read_to;
  if (!complete) {
    terminal.note({ text: t('search.lagging', { indexed, recorded }), style: 'warn' });
  }
}

function heading({ t, terminal }: Context, kind: Step['kind']): void {
  terminal.line();
  terminal.line({ text: t(`why.kind.${kind}`), style: STYLES[kind] });
}

function tell(context: Context, step: Step): void {
  const { clock, terminal } = context;
  const { sentence, kind } = step;
  const injected = kind === 'context' && isInjected(step);
  const style = injected ? 'alarm' : kind === 'gap' ? 'warn' : 'plain';
  lines(context, `${clock.time(step.at)}  `, { sentence, style });
  const policy: unknown = Object(step.evidence['policy']).text;
  if (kind !== 'policy' || typeof policy !== 'string') return;
  for (const line of valueLines(policy.trim(), room(context) - 2).slice(0, POLICY_LINES)) {
    terminal.line(' '.repeat(TIME + 2), { text: `│ ${line}`, style: 'dim' });
  }
}

/** A value that a result brought in, and that no prompt names. */
function isInjected({ evidence }: Step): boolean {
  const { from, prompt } = evidence;
  return (from === 'shown' || from === 'notice' || from === 'elsewhere') && prompt !== 'names';
}

type Line = { readonly sentence: string; readonly style: Style };

function lines(context: Context, lead: string, { sentence, style }: Line): void {
  const [first = '', ...rest] = wrap(sentence, room(context));
  const margin = '  ';
  const before = { text: pad(lead, TIME), style: 'dim' } as const;
  context.terminal.line(margin, before, { text: first, style });
  for (const line of rest) {
    context.terminal.line(margin, ' '.repeat(displayWidth(before.text)), { text: line, style });
  }
}

function room({ terminal }: Context): number {
  return Math.max(Math.min(terminal.columns, READABLE) - TIME - 2, 20);
}
