/** Explains an event: prompt, what was shown, decision, approval, act, result, what followed. */

import { excerpt } from './safe.ts';
import { type Language, sentence } from './sentence.ts';
import { actSteps } from './why/act.ts';
import { approvalSteps } from './why/approval.ts';
import { askedStep, contextSteps, promptSteps, type Told } from './why/context.ts';
import { ENGLISH } from './why/english.ts';
import { type Focus, focusOn } from './why/focus.ts';
import { followSteps } from './why/follow.ts';
import { decisionSteps, taskSteps } from './why/govern.ts';
import { JAPANESE } from './why/japanese.ts';
import { missingOf } from './why/missing.ts';
import { PLAIN_ENGLISH, PLAIN_JAPANESE, type PlainUnknown } from './why/plain.ts';
import { isAct, isAsked, type Scene, type WhyRow } from './why/scene.ts';
import {
  type Clock,
  type DraftStep,
  type DraftUnknown,
  type Evidence,
  type StepKind,
  text,
} from './why/step.ts';
import { subjectSteps } from './why/subject.ts';
import type { UnknownCode } from './why/wording.ts';

/** `responder`: everything; `subject`: for the person concerned, without internals and others. */
export const READERS = ['responder', 'subject'] as const;
export type Reader = (typeof READERS)[number];

export type WhyOptions = {
  readonly language: Language;
  readonly for: Reader;
  /** Writes a time for the reader. */
  readonly clock: Clock;
};

export type WhyStep = {
  readonly kind: StepKind;
  readonly at: string;
  readonly event_id: string;
  /** One printable line. */
  readonly sentence: string;
  readonly evidence: Evidence;
};

export type WhyUnknown = { readonly code: UnknownCode | PlainUnknown; readonly sentence: string };

export type Explanation = {
  readonly event: {
    readonly id: string;
    readonly type: WhyRow['type'];
    readonly time: string;
    readonly sentence?: string;
  };
  readonly session_id?: string;
  readonly parent_session_id?: string;
  readonly task_id?: string;
  readonly language: Language;
  readonly for: Reader;
  readonly steps: readonly WhyStep[];
  readonly unknown: readonly WhyUnknown[];
};

/** Characters of a sentence. */
export const WHY_CHARS = 1200;
/** Steps of an explanation. */
export const WHY_STEPS = 100;

/** Pure, and the same for the same scene; recorded text in it is printable and cut. */
export function explainEvent(scene: Scene, options: WhyOptions): Explanation {
  const focus = focusOn(scene);
  const { id, type, time, session_id, parent_session_id } = scene.event;
  const { language } = options;
  const said = { language, for: options.for };
  if (options.for === 'subject')
    return { event: { id, type, time }, ...said, ...forSubject(focus, options) };
  const task_id = focus.subject.task_id ?? scene.event.task_id;
  return {
    event: { id, type, time, sentence: sentence(scene.event, language) },
    session_id,
    ...(parent_session_id === undefined ? {} : { parent_session_id }),
    ...(task_id === undefined ? {} : { task_id }),
    ...said,
    ...forResponder(focus, options),
  };
}

function forResponder(focus: Focus, { language, clock }: WhyOptions) {
  const words = language === 'ja' ? JAPANESE : ENGLISH;
  const parts = partsOf(focus, clock, language);
  const drafts = parts.flatMap(({ steps }) => steps).slice(0, WHY_STEPS);
  const steps = drafts.map((step) => stepOf(step, focus, step.say(words)));
  const all = [...parts.flatMap(({ unknown }) => unknown), ...unreadOf(focus.scene)];
  const unknown = distinct(all).map(({ code, detail }) => ({
    code,
    sentence: excerpt(words.unknown[code](detail), WHY_CHARS),
  }));
  return { steps, unknown };
}

/** In the order of the chain; a prompt begins it, so nothing stands before. */
function partsOf(focus: Focus, clock: Clock, language: Language): readonly Told[] {
  const { event } = focus;
  if (isAsked(event)) {
    const steps = [askedStep(event, 'itself', clock)];
    return [{ steps, unknown: [] }, taskSteps(focus, clock), followSteps(focus, clock)];
  }
  const decided = decisionSteps(focus, clock);
  const asked = approvalSteps(focus, clock);
  return [
    promptSteps(focus, clock),
    taskSteps(focus, clock),
    contextSteps(focus, clock),
    { steps: inTime([...decided.steps, ...asked.steps]), unknown: decided.unknown },
    itself(focus, clock, language),
    actSteps(focus, clock),
    followSteps(focus, clock),
    missingOf(focus),
  ];
}

/** Asked, voted on, asked again: as it went. */
function inTime(steps: readonly DraftStep[]): readonly DraftStep[] {
  const at = (step: DraftStep) => step.at ?? step.row?.time ?? '';
  return steps.toSorted((a, b) => {
    if (at(a) !== at(b)) return at(a) < at(b) ? -1 : 1;
    return (a.row?.index ?? 0) - (b.row?.index ?? 0);
  });
}

/** What is neither an act nor told by another step tells itself. */
function itself({ event, act }: Focus, clock: Clock, language: Language): Told {
  const told = act !== undefined || event.type === 'decision' || event.type === 'approval';
  if (told || isAct(event)) return { steps: [], unknown: [] };
  const said = { at: clock(event.time), text: text(sentence(event, language)) };
  const kind = event.type === 'gap' ? 'gap' : event.type === 'task' ? 'task' : 'action';
  const step: DraftStep = { kind, row: event, say: (words) => words.noted(said) };
  return { steps: [step], unknown: [] };
}

function stepOf(
  { kind, row, at, evidence }: Omit<DraftStep, 'say'>,
  { event }: Focus,
  said: string,
): WhyStep {
  const { id, time } = row ?? event;
  return {
    kind,
    at: at ?? time,
    event_id: id,
    sentence: excerpt(said, WHY_CHARS),
    evidence: evidence ?? {},
  };
}

function unreadOf({ left_out, complete }: Scene): readonly DraftUnknown[] {
  const { before, after } = left_out;
  return [
    ...(before > 0 ? [{ code: 'left_out_before' as const, detail: String(before) }] : []),
    ...(after > 0 ? [{ code: 'left_out_after' as const, detail: String(after) }] : []),
    ...(complete ? [] : [{ code: 'lagging' as const, detail: '' }]),
  ];
}

function distinct(all: readonly DraftUnknown[]): readonly DraftUnknown[] {
  return [...new Map(all.map((one) => [`${one.code} ${one.detail}`, one])).values()];
}

function forSubject(focus: Focus, { language, clock }: WhyOptions) {
  const words = language === 'ja' ? PLAIN_JAPANESE : PLAIN_ENGLISH;
  const told = subjectSteps(focus, clock);
  const steps = told.steps.map(({ kind, row, say }) => ({
    ...stepOf({ kind, row }, focus, say(words)),
    // Events of others are none of the reader's.
    event_id: focus.event.id,
  }));
  const unknown = told.unknown.map((code) => ({ code, sentence: words.unknown[code]() }));
  return { steps, unknown };
}
