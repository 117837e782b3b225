/** Steps after an event: who used what it gave, what became of it, the answer, undoing. */
import { shown, type Told } from './context.ts';
import { openFinder } from './find.ts';
import type { Focus } from './focus.ts';
import {
  before,
  isAct,
  isAnswer,
  isAsked,
  ownState,
  type Place,
  seenAt,
  textIn,
  type WhyRow,
} from './scene.ts';
import { textsOf } from './sight.ts';
import { actName, type Clock, type DraftStep, text, word } from './step.ts';
import { type Value, valuesOf } from './value.ts';

const USES = 5;
const VALUES = 4;
const NEXT = 5;
/** Only what hardly stands anywhere by chance. */
const TELLING = 4;

export function followSteps(focus: Focus, clock: Clock): Told {
  const { subject, scene } = focus;
  const end = subject.type === 'prompt' ? subject : seenAt(subject);
  const later = scene.rows.filter((row) => row !== subject && before(end, row));
  const after: After = { ...focus, later, end, clock };
  const steps = [
    ...usedSteps(after),
    ...touchedSteps(after),
    ...nextSteps(after),
    ...answerSteps(after),
    ...laterSteps(after),
  ];
  return { steps, unknown: [] };
}

type After = Focus & {
  readonly later: readonly WhyRow[];
  readonly end: Place;
  readonly clock: Clock;
};

/** Values that its result brought in, in the arguments of later acts. */
function usedSteps({ subject, scene, later, end, clock }: After): DraftStep[] {
  const given = isAct(subject) ? [subject.result, subject.error?.message] : subject.content;
  const known = isAct(subject) ? valuesOf(subject.arguments) : [];
  const asked = new Set(known.map(({ text: one }) => one.toLowerCase()));
  const values = valuesOf(given).filter(
    ({ text: one, weight, part }) => weight >= TELLING && !part && !asked.has(one.toLowerCase()),
  );
  if (values.length === 0 || subject.type === 'output') return [];
  const finder = finderOf(values);
  const earlier = new Set<Value>();
  for (const row of scene.rows) {
    if (row === subject || !before(row, end)) continue;
    for (const one of textsOf(row)) {
      if (before(one.place, end)) for (const value of finder(one.text)) earlier.add(value);
    }
  }
  const uses = later.filter(isAct).flatMap((row) => {
    const [first] = textsOf(row);
    const found = first?.voice === 'agent' ? finder(first.text) : [];
    return found.length === 0
      ? []
      : [{ row, values: found, fresh: found.every((v) => !earlier.has(v)) }];
  });
  const of = givenAs(subject);
  const ranked = uses.toSorted((a, b) => Number(b.fresh) - Number(a.fresh)).slice(0, USES);
  return ranked.map((use): DraftStep => {
    const { row, fresh } = use;
    const names = use.values.slice(0, VALUES).map(shown);
    const told = { values: names, of, act: actName(row), at: clock(row.time), fresh };
    const evidence = { values: names, fresh };
    return { kind: 'followed', row, say: (words) => words.reused(told), evidence };
  });
}

function givenAs(subject: WhyRow): 'result' | 'prompt' | 'words' {
  if (isAct(subject)) return 'result';
  return subject.type === 'prompt' ? 'prompt' : 'words';
}

function finderOf(values: readonly Value[]): (text: string) => readonly Value[] {
  const forms = values.flatMap((value) => value.forms.map((form) => ({ form, value })));
  const finder = openFinder(forms.map(({ form }) => form));
  return (source) => {
    const hits = finder.find(source.toLowerCase());
    const found = new Set(hits.flatMap(({ which }) => forms[which]?.value ?? []));
    return [...found].filter(
      ({ within }) => within === undefined || !found.has(values[within] as Value),
    );
  };
}

/** What it wrote and somebody then read, ran or sent; what it read and somebody then changed. */
function touchedSteps({ subject, later, clock }: After): DraftStep[] {
  if (!isAct(subject)) return [];
  const mine = new Map((subject.resources ?? []).map(({ id, access }) => [id, access]));
  const steps: DraftStep[] = [];
  const told = new Set<string>();
  for (const row of later) {
    if (!isAct(row) || steps.length >= USES) continue;
    for (const { id, access } of row.resources ?? []) {
      const earlier = mine.get(id);
      const key = `${access} ${id}`;
      if (earlier === undefined || told.has(key) || !isTelling(earlier, access)) continue;
      told.add(key);
      const about = { resource: word(id), earlier, later: access };
      const say = { ...about, act: actName(row), at: clock(row.time) };
      steps.push({ kind: 'followed', row, say: (words) => words.touched(say), evidence: about });
    }
  }
  return steps.slice(0, USES);
}

function isTelling(earlier: string, later: string): boolean {
  return earlier === 'write' ? later !== 'write' : later === 'write' || later === 'delete';
}

function nextSteps({ subject, event, later, clock: _ }: After): DraftStep[] {
  if (!isAct(subject) && subject.type !== 'prompt') return [];
  const turn = turnAfter(subject, later);
  const acts = turn.filter(isAct);
  const names = acts.slice(0, NEXT).map(actName);
  const told = { count: acts.length, acts: names };
  const evidence = { count: acts.length, event_ids: acts.slice(0, NEXT).map(({ id }) => id) };
  const row = acts[0] ?? event;
  return [{ kind: 'followed', row, say: (words) => words.next(told), evidence }];
}

/** Until the next prompt of a user. */
function turnAfter({ session_id }: WhyRow, later: readonly WhyRow[]): readonly WhyRow[] {
  const own = later.filter((row) => row.session_id === session_id);
  const next = own.findIndex(isAsked);
  return next < 0 ? own : own.slice(0, next);
}

/** The answer of the turn, and whether it says a word of what was done. */
function answerSteps({ subject, event, later, clock }: After): DraftStep[] {
  if (subject.type === 'output' || event.type === 'gap') return [];
  const answer = turnAfter(subject, later).findLast((row) => isAnswer(row) && row.content);
  if (!answer) return [];
  const told = { at: clock(answer.time), text: text(answer.content) };
  const evidence = { text: told.text };
  const step: DraftStep = {
    kind: 'followed',
    row: answer,
    say: (words) => words.answered(told),
    evidence,
  };
  const values = isAct(subject)
    ? valuesOf(subject.arguments).filter(({ weight, part }) => weight > TELLING && !part)
    : [];
  const named = new Set(finderOf(values)(answer.content ?? ''));
  const missing = values.filter((value) => !named.has(value)).slice(0, VALUES);
  if (values.length === 0 || named.size > 0) return [step];
  const names = missing.map(shown);
  const silent: DraftStep['say'] = (words) => words.unmentioned(names);
  return [step, { kind: 'followed', row: answer, say: silent, evidence: { values: names } }];
}

/** Rollbacks, findings, gaps, the end of task and session. */
function laterSteps(after: After): DraftStep[] {
  const steps = after.later.flatMap((row) => laterStep(row, after));
  return [
    ...steps.filter(({ kind }) => kind !== 'gap').slice(0, USES * 2),
    ...steps.filter(({ kind }) => kind === 'gap').slice(0, USES),
  ];
}

function laterStep(row: WhyRow, { subject, event, clock }: After): DraftStep[] {
  const at = clock(row.time);
  const told = { at, text: text(row.detail ?? row.content) };
  const evidence = { text: told.text };
  const about = isAbout(row, subject) || isAbout(row, event);
  if (row.tool === 'rollback' && about) {
    const { detail, operation, path = '', status = '' } = row;
    const undone = { at, text: text(detail ?? `${operation} ${path} (${status})`) };
    return [{ kind: 'followed', row, say: (words) => words.undone(undone), evidence: undone }];
  }
  if (row.type === 'finding' && about) {
    return [{ kind: 'followed', row, say: (words) => words.found(told), evidence }];
  }
  if (row.type === 'gap' && isNear(row, subject)) {
    return [{ kind: 'gap', row, say: (words) => words.lost(told), evidence }];
  }
  if (row.type === 'task' && row.operation === 'close' && row.task_id === subject.task_id) {
    if (row.task_id === undefined) return [];
    const outcome = word(textIn(ownState(row, 'task'), 'outcome'));
    const close = { ...told, outcome };
    return [{ kind: 'followed', row, say: (words) => words.closed(close), evidence: close }];
  }
  const ended = row.type === 'session' && row.operation === 'end';
  if (!ended || row.session_id !== subject.session_id) return [];
  return [{ kind: 'followed', row, say: (words) => words.ended(at), evidence: {} }];
}

/** A gap of this call, or of its session where it names none. */
function isNear(gap: WhyRow, { session_id, call_id }: WhyRow): boolean {
  if (gap.session_id !== session_id) return false;
  const about = Object(gap.attributes?.['coverage']).call_id ?? gap.call_id;
  return about === undefined || about === call_id;
}

const ABOUT_CHARS = 65_536;

/** Whether a record names an event or its call. */
function isAbout(row: WhyRow, { id, call_id, facts, session_id }: WhyRow): boolean {
  if (call_id !== undefined && row.call_id === call_id && row.session_id === session_id)
    return true;
  const said = JSON.stringify([row.arguments, row.attributes, row.result]).slice(0, ABOUT_CHARS);
  const ids = [id, ...facts.map((fact) => fact.id), ...(call_id === undefined ? [] : [call_id])];
  return ids.some((one) => said.includes(JSON.stringify(one)));
}
