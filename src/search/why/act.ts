/** Steps of the act itself: what was called, who saw it, what came of it. */
import { halfOf, missedBy, sidesOf } from '../side.ts';
import { sightingOf } from '../sighting.ts';
import type { Told } from './context.ts';
import type { Focus } from './focus.ts';
import { hasEnded, isAct, seenAt, type WhyRow } from './scene.ts';
import {
  actName,
  type Clock,
  type DraftStep,
  type DraftUnknown,
  lengthOf,
  text,
  textOf,
  word,
} from './step.ts';

const RESOURCES = 6;
const ARGUMENT_CHARS = 2000;

export function actSteps(focus: Focus, clock: Clock): Told {
  const { act, event } = focus;
  if (!act) {
    const about = event.type === 'decision' || event.type === 'approval';
    return { steps: [], unknown: about ? [{ code: 'call', detail: '' }] : [] };
  }
  const witnesses = witnessesOf(act);
  const resources = (act.resources ?? [])
    .slice(0, RESOURCES)
    .map(
      ({ access, kind, id }) =>
        `${kind === 'other' ? '' : `${word(kind)} `}${word(id)} (${access})`,
    );
  const told = { at: clock(act.time), act: actName(act), resources, witnesses };
  const evidence = {
    ...{
      tool: word(act.tool),
      call_id: word(act.call_id),
      action: act.action,
      witnesses,
      resources,
    },
    arguments: textOf(act.arguments, ARGUMENT_CHARS),
  };
  const did: DraftStep = { kind: 'action', row: act, say: (words) => words.acted(told), evidence };
  const { steps, unknown } = resultSteps(act, clock);
  const unseen = unseenSteps(focus, act);
  const alone = witnesses.length === 1 ? [{ code: 'witness' as const, detail: '' }] : [];
  return { steps: [did, ...steps, ...unseen], unknown: [...unknown, ...alone] };
}

function witnessesOf({ facts }: WhyRow): readonly string[] {
  return [...new Set(facts.map(({ source }) => source?.kind ?? 'api'))].sort();
}

function resultSteps(act: WhyRow, clock: Clock): Told {
  const { status, duration_ms, error, decision, result } = act;
  const answered = act.type === 'api_call' && act.status_code !== undefined;
  const told = {
    status: status ?? (answered ? codeStatus(act) : undefined),
    took: duration_ms === undefined ? '' : lengthOf(duration_ms),
    text: status === 'blocked' ? '' : textOf(result),
    reason: text(error?.message ?? error?.code ?? decision?.reason),
    answered: result !== undefined,
  };
  const at = seenAt(act).time;
  const evidence = {
    ...{ status: told.status ?? 'unknown', result: told.text },
    ...{ reason: told.reason, duration_ms, at: clock(at) },
  };
  const step: DraftStep = {
    kind: 'result',
    row: act,
    at,
    say: (words) => words.result(told),
    evidence,
  };
  return { steps: [step], unknown: openOf(act, told.status) };
}

function codeStatus({ status_code = 0 }: WhyRow) {
  return status_code < 400 ? ('success' as const) : ('error' as const);
}

function openOf(act: WhyRow, status: WhyRow['status']): readonly DraftUnknown[] {
  if (status === 'pending') return [{ code: 'running', detail: '' }];
  const unseen = (status === undefined || status === 'unknown') && !(hasEnded(act) && act.result);
  return unseen ? [{ code: 'result', detail: '' }] : [];
}

/** Which of the witnesses that show such calls did not show this one, or a half of it. */
function unseenSteps({ scene }: Focus, act: WhyRow): readonly DraftStep[] {
  if (act.type !== 'tool_call') return [];
  const sightings = scene.rows.flatMap((row) =>
    isAct(row) && row.type === 'tool_call' ? [{ row, seen: sightingOf(row) }] : [],
  );
  const sides = sidesOf(sightings.map(({ seen }) => seen));
  const mine = sightings.find(({ row }) => row === act)?.seen;
  if (!mine) return [];
  return [...sides.active].sort().flatMap((by): DraftStep[] => {
    const what = missedBy(by, mine, sides);
    const seen = what === undefined ? [] : [...halfOf(mine, what)].sort();
    if (what === undefined || seen.length === 0) return [];
    const told = { by: word(by), what, seen: seen.map(word) };
    return [{ kind: 'gap', row: act, say: (words) => words.unshown(told), evidence: told }];
  });
}
