/** The explanation for the person whom it concerns: who decided, on what data, how to contest. */
import { seenRows, tracedOf } from './context.ts';
import type { Focus } from './focus.ts';
import { OF_TASK } from './govern.ts';
import { originsOf } from './origin.ts';
import type { Plain, PlainUnknown } from './plain.ts';
import { isAct, isAsked, ownState, type Scene, textIn, type WhyRow } from './scene.ts';
import { type Clock, type StepKind, text } from './step.ts';
import { valuesOf } from './value.ts';

/** A sentence that names nobody and shows nothing but the person's own words. */
export type PlainStep = {
  readonly kind: StepKind;
  readonly row: WhyRow;
  readonly say: (words: Plain) => string;
};

export type PlainTold = {
  readonly steps: readonly PlainStep[];
  readonly unknown: readonly PlainUnknown[];
};

const TELLING = 3;

export function subjectSteps(focus: Focus, clock: Clock): PlainTold {
  const { scene, event, act } = focus;
  const steps = [
    whatStep(focus, clock),
    askedStep(focus, clock),
    ...dataSteps(focus),
    ...checkSteps(focus, clock),
    ...(act ? [resultStep(act)] : []),
    whoStep(focus),
    rightsStep(event),
  ];
  const { before, after } = scene.left_out;
  const partly = before > 0 || after > 0 || !scene.complete;
  const unknown: PlainUnknown[] = [
    ...(act && !isChecked(focus) ? (['check'] as const) : []),
    ...(act && !OUTCOMES.has(act.status ?? '') ? (['result'] as const) : []),
    ...(scene.rows.some(({ erased }) => erased) ? (['erased'] as const) : []),
    ...(partly ? (['incomplete'] as const) : []),
  ];
  return { steps, unknown };
}

const OUTCOMES: ReadonlySet<string> = new Set(['success', 'error', 'blocked']);

function whatStep({ act, event }: Focus, clock: Clock): PlainStep {
  if (!act) {
    const at = clock(event.time);
    return { kind: 'action', row: event, say: (words) => words.was(event.type, at) };
  }
  const at = clock(act.time);
  return { kind: 'action', row: act, say: (words) => words.did(act.action, at) };
}

/** Their words are shown only where the prompt and the event are recorded as the same person's. */
function askedStep({ prompt, event, subject }: Focus, clock: Clock): PlainStep {
  const row = isAsked(event) ? event : prompt?.row;
  if (!row) return { kind: 'prompt', row: event, say: (words) => words.askedUnknown() };
  if (!isOwn(row, subject)) return { kind: 'prompt', row, say: (words) => words.askedByOther() };
  const [at, said] = [clock(row.time), text(row.content)];
  return { kind: 'prompt', row, say: (words) => words.asked(at, said) };
}

function isOwn(prompt: WhyRow, { user }: WhyRow): boolean {
  return prompt.user?.id !== undefined && prompt.user.id === user?.id;
}

/** How much it looked up, and how much of what it did came from there; never what that was. */
function dataSteps(focus: Focus): readonly PlainStep[] {
  const { subject, prompt, scene } = focus;
  if (isAsked(subject)) return [];
  const seen = seenRows(focus);
  const own = prompt !== undefined && isOwn(prompt.row, subject);
  const used = { own, count: seen.length };
  const step: PlainStep = { kind: 'context', row: subject, say: (words) => words.used(used) };
  const values = valuesOf(tracedOf(subject));
  const { origins } = originsOf(values, { ...focus, event: subject, rows: scene.rows });
  const brought = origins.filter(({ first, prompted, value }) => {
    return first?.voice === 'shown' && !prompted && value.weight >= TELLING;
  });
  const { length } = brought;
  if (length === 0 || !own) return [step];
  return [step, { kind: 'context', row: subject, say: (words) => words.brought(length) }];
}

function isChecked({ decisions, approvals, subject }: Focus): boolean {
  return decisions.length > 0 || approvals.length > 0 || subject.decision?.outcome !== undefined;
}

function checkSteps(focus: Focus, clock: Clock): readonly PlainStep[] {
  const { decisions, approvals, subject } = focus;
  const rows = decisions.map(({ row }) => row);
  const deciding = rows.length > 0 || !subject.decision?.outcome ? rows : [subject];
  return [
    ...deciding.map((row) => checkStep(row, focus, clock)),
    ...approvals.flatMap((group): PlainStep[] => {
      const last = group.at(-1);
      if (!last) return [];
      const state = ownState(last, 'approval');
      const decided_at = textIn(state, 'decided_at');
      const at = decided_at === undefined ? '' : clock(decided_at);
      const name = textIn(state, 'state') ?? '';
      return [{ kind: 'approval', row: last, say: (words) => words.approval(name, at) }];
    }),
  ];
}

/** What policies say of themselves is written for people; other reasons may name others. */
function checkStep(row: WhyRow, { scene }: Focus, clock: Clock): PlainStep {
  const { by, outcome } = row.decision ?? {};
  const told = {
    by: by ?? ('' as const),
    outcome,
    at: clock(row.time),
    reasons: reasonsOf(row, scene),
    task: row.decision?.policy_ids?.some((id) => OF_TASK.has(id)) === true,
    observed: ownState(row, 'decision')['mode'] === 'observe' && outcome !== 'permit',
  };
  return { kind: 'decision', row, say: (words) => words.checked(told) };
}

function reasonsOf({ decision }: WhyRow, { policies }: Scene): readonly string[] {
  const known = policies.get(decision?.policy_version ?? '')?.policies ?? [];
  const ids = new Set(decision?.policy_ids);
  const wanted = decision?.outcome === 'permit' ? 'permit' : 'forbid';
  return known.flatMap(({ id, effect, escalate, annotations }) => {
    const reason = text(escalate ?? annotations['reason']);
    return ids.has(id) && effect === wanted && reason !== '' ? [reason] : [];
  });
}

function resultStep(act: WhyRow): PlainStep {
  return { kind: 'result', row: act, say: (words) => words.result(act.status) };
}

/** Somebody who was asked and did not answer has not taken part. */
function whoStep(focus: Focus): PlainStep {
  const { decisions, approvals, subject, event } = focus;
  const voted = approvals.some((group) =>
    group.some((row) => {
      const { votes } = ownState(row, 'approval');
      return Array.isArray(votes) && votes.length > 0;
    }),
  );
  const human = [...decisions.map(({ row }) => row), subject].some(
    ({ decision }) => decision?.by === 'human',
  );
  const took = voted || human;
  const checked = isChecked(focus);
  const kind = isAct(subject) || decisions.length > 0 ? 'decision' : 'context';
  return { kind, row: event, say: (words) => (took ? words.person() : words.automated(checked)) };
}

function rightsStep(event: WhyRow): PlainStep {
  return { kind: 'rights', row: event, say: (words) => words.contest(event.id) };
}
