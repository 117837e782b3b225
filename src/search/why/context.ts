/** Steps before an act: who asked, what the agent was shown, where its values come from. */
import { starterOf } from '../timeline.ts';
import type { Focus } from './focus.ts';
import { type Origin, originsOf } from './origin.ts';
import { before, hasEnded, isAct, isAsked, seenAt, type WhyRow } from './scene.ts';
import { isPartly } from './sight.ts';
import {
  actName,
  type Clock,
  type DraftStep,
  type DraftUnknown,
  nameOf,
  text,
  word,
} from './step.ts';
import { type Value, valuesOf } from './value.ts';
import type { Group, Traced } from './wording.ts';

export type Told = {
  readonly steps: readonly DraftStep[];
  readonly unknown: readonly DraftUnknown[];
};

/** Names in a sentence, values of a sentence, sentences about values. */
const NAMES = 4;
const VALUES = 4;
const ORIGINS = 8;
/** Less telling values are passed over. */
const TELLING = 3;
const VALUE_CHARS = 120;
const IDS = 50;

/** The prompt that started it; for a sub-agent, also what it was asked and by which call. */
export function promptSteps(focus: Focus, clock: Clock): Told {
  const { prompt, subject, scene } = focus;
  const steps: DraftStep[] = [];
  const unknown: DraftUnknown[] = [];
  if (prompt) steps.push(askedStep(prompt.row, prompt.how, clock));
  else if (subject.type !== 'prompt') unknown.push({ code: 'prompt', detail: '' });
  const parent = subject.parent_session_id;
  if (parent !== undefined) {
    const above = scene.rows.some((row) => row.session_id === parent);
    if (!above) unknown.push({ code: 'parent', detail: word(parent) });
    steps.push(...delegationSteps(focus, parent, clock));
  }
  return { steps, unknown };
}

export function askedStep(
  row: WhyRow,
  how: 'turn' | 'last' | 'above' | 'itself',
  clock: Clock,
): DraftStep {
  const told = {
    who: nameOf(row.user),
    at: clock(row.time),
    channel: word(row.channel),
    behalf: word(row.on_behalf_of),
    text: text(row.content),
    erased: row.erased === true,
    how,
  };
  const evidence = { user: told.who, channel: told.channel, text: told.text, how };
  return { kind: 'prompt', row, say: (words) => words.asked(told), evidence };
}

function delegationSteps({ subject, scene }: Focus, parent: string, clock: Clock): DraftStep[] {
  const own = scene.rows.filter(({ session_id }) => session_id === subject.session_id);
  const above = scene.rows.filter(({ session_id }) => session_id === parent);
  const call = starterOf(own, above);
  const order = own.find((row) => row.type === 'prompt' && row.content !== undefined);
  const told = {
    at: call ? clock(call.time) : '',
    act: call ? actName(call) : '',
    session: word(parent),
  };
  const delegated: DraftStep = {
    kind: 'prompt',
    row: call ?? subject,
    say: (words) => words.delegated(told),
    evidence: { parent_session_id: told.session, act: told.act },
  };
  if (!order || order === subject) return [delegated];
  const words = { at: clock(order.time), text: text(order.content) };
  return [
    delegated,
    {
      kind: 'prompt',
      row: order,
      say: (say) => say.ordered(words),
      evidence: { text: words.text },
    },
  ];
}

/** What it was shown between the prompt and the act, and where the act's values stood first. */
export function contextSteps(focus: Focus, clock: Clock): Told {
  const { subject, scene } = focus;
  const seen = seenRows(focus);
  const values = valuesOf(tracedOf(subject));
  const { origins, cut } = originsOf(values, { ...focus, event: subject, rows: scene.rows });
  const partly = seen.filter(isPartly).length;
  const erased = scene.rows.filter((row) => row.erased && !before(subject, row)).length;
  return {
    steps: [
      seenStep(focus, seen),
      ...originSteps(origins, focus, clock),
      ...saidSteps(focus, clock),
    ],
    unknown: [
      ...nowhere(origins),
      ...(partly > 0 || cut
        ? [{ code: 'partly_read' as const, detail: String(partly || '?') }]
        : []),
      ...(erased > 0 ? [{ code: 'erased' as const, detail: String(erased) }] : []),
    ],
  };
}

/** What of an event may come from elsewhere: what was asked for, or what was said. */
export function tracedOf(row: WhyRow): unknown {
  const { arguments: args, path, destination, endpoint, content } = row;
  if (row.type === 'decision' || row.type === 'approval') return args;
  return isAct(row) ? [args, path, destination, endpoint] : content;
}

export function seenRows({ prompt, subject, scene, sight }: Focus): readonly WhyRow[] {
  return scene.rows.filter((row) => {
    if (row === subject || !isSeen(row)) return false;
    const place = seenAt(row);
    return sight(row, place) && (prompt === undefined || before(prompt.row, place));
  });
}

function isSeen(row: WhyRow): boolean {
  return isAct(row) ? hasEnded(row) : row.type === 'prompt' && row.channel === 'task_notification';
}

function seenStep({ prompt, subject }: Focus, seen: readonly WhyRow[]): DraftStep {
  const groups = [...Map.groupBy(seen, kindOf)].map(([kind, rows]): Group => {
    const names = [...new Set(rows.map((row) => seenName(row, kind)))].filter(
      (name) => name !== '',
    );
    return { kind, count: rows.length, names: names.slice(0, NAMES) };
  });
  const row = seen.at(-1) ?? prompt?.row ?? subject;
  const event_ids = seen.slice(-IDS).map(({ id }) => id);
  return {
    kind: 'context',
    row,
    say: (words) => (groups.length === 0 ? words.sawNothing() : words.saw(groups)),
    evidence: { count: seen.length, event_ids, groups },
  };
}

function kindOf(row: WhyRow): Group['kind'] {
  if (row.type === 'prompt') return 'notices';
  const [first] = row.resources ?? [];
  if (row.action === 'delegate') return 'agents';
  if (row.action === 'execute') return 'commands';
  const kind = first?.kind ?? '';
  if (row.action === 'read' && kind === 'file') return 'files';
  return kind === 'url' || kind === 'host' || row.type === 'api_call' ? 'pages' : 'results';
}

function seenName(row: WhyRow, kind: Group['kind']): string {
  if (kind === 'notices') return '';
  if (kind === 'files' || kind === 'pages') return word(row.resources?.[0]?.id) || actName(row);
  return kind === 'results' ? word(row.tool ?? row.operation) : actName(row);
}

/** First what a result brought in and no prompt named: what an injected instruction looks like. */
function originSteps(origins: readonly Origin[], focus: Focus, clock: Clock): DraftStep[] {
  const found = origins.filter(({ first, value }) => first && value.weight >= TELLING);
  const groups = [...Map.groupBy(found, ({ first, prompted }) => keyOf(first, prompted)).values()];
  const ranked = groups.toSorted((a, b) => rank(b) - rank(a)).slice(0, ORIGINS);
  const prompts = promptsOf(focus);
  return ranked.map((group) => originStep(group, { clock, prompts }));
}

function keyOf(first: Origin['first'], prompted: boolean): string {
  return `${first?.row.index} ${first?.voice} ${prompted}`;
}

function rank(group: readonly Origin[]): number {
  const [one] = group;
  const weight = Math.max(...group.map(({ value }) => value.weight));
  const shown = one?.first?.voice === 'shown' ? 20 : 0;
  return weight + shown + (one?.prompted ? 0 : 10);
}

/** What may be said of the prompts where none of them names a value. */
function promptsOf({ scene, sight }: Focus): Traced['prompt'] {
  const asked = scene.rows.filter((row) => isAsked(row) && sight(row, row));
  if (asked.length === 0) return 'none';
  const unread = asked.some((row) => row.erased || row.content === undefined || isPartly(row));
  if (unread || scene.left_out.prompts) return 'unread';
  return asked.length === 1 ? 'silent' : 'silent_all';
}

type Telling = { readonly clock: Clock; readonly prompts: Traced['prompt'] };

function originStep(group: readonly Origin[], { clock, prompts }: Telling): DraftStep {
  const [one] = group;
  const values = group.slice(0, VALUES).map(written);
  const first = one?.first;
  const from = first ? sourceOf(first) : 'agent';
  const prompt = one?.prompted ? 'names' : prompts;
  const told: Traced = {
    ...{ values, from, prompt, steps: one?.steps ?? 0 },
    act: first && isAct(first.row) ? actName(first.row) : '',
    session: word(first?.row.session_id),
    at: first ? clock(first.place.time) : '',
  };
  const byPrompt = first?.voice === 'prompt';
  return {
    kind: 'context',
    row: first?.row,
    ...(first ? { at: first.place.time } : {}),
    say: (words) => (byPrompt ? words.prompted(told) : words.origin(told)),
    evidence: {
      ...{ values, from: byPrompt ? 'prompt' : from, steps: told.steps },
      ...{ prompt: byPrompt ? 'names' : prompt, around: first?.around ?? '' },
    },
  };
}

/** With the form that it had there, where that was another. */
function written({ value, first }: Origin): string {
  const form = first?.form ?? value.text;
  return form === value.text ? shown(value) : `${shown(value)} (${text(form, VALUE_CHARS)})`;
}

function sourceOf({ row, voice, elsewhere }: NonNullable<Origin['first']>): Traced['from'] {
  if (elsewhere) return 'elsewhere';
  if (voice === 'shown') return row.type === 'prompt' ? 'notice' : 'shown';
  return voice === 'instructions' ? 'instructions' : 'agent';
}

export function shown({ text: value }: Value): string {
  return text(value, VALUE_CHARS);
}

/** Addresses, hosts, paths and ids that nothing before explains; that words are new says little. */
function nowhere(origins: readonly Origin[]): DraftUnknown[] {
  const lost = origins.filter(({ first, value }) => {
    return first === undefined && value.weight > TELLING && !/\s/.test(value.text);
  });
  if (lost.length === 0) return [];
  const detail = lost.slice(0, VALUES).map(({ value }) => shown(value));
  return [{ code: 'origin', detail: detail.join(', ') }];
}

/** The model, and the last that the agent said or thought before it. */
function saidSteps({ subject, scene, prompt, sight }: Focus, clock: Clock): DraftStep[] {
  const own = scene.rows.filter((row) => {
    const here = row.session_id === subject.session_id && sight(row, row);
    return here && (prompt === undefined || before(prompt.row, row));
  });
  const said = own.findLast((row) => row.type === 'output' && row.content !== undefined);
  const model = word(subject.model ?? own.findLast((row) => row.model !== undefined)?.model);
  const steps: DraftStep[] = [];
  if (model) {
    const evidence = { model };
    steps.push({ kind: 'model', row: subject, say: (words) => words.model(model), evidence });
  }
  if (!said || said === subject) return steps;
  const thought = said.channel === 'reasoning';
  const told = { at: clock(said.time), text: text(said.content), thought };
  const evidence = { text: told.text };
  return [...steps, { kind: 'model', row: said, say: (words) => words.said(told), evidence }];
}
