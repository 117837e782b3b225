/** Finds what belongs to an event: its act, its prompt, the decisions and approvals about it. */
import { isLifecycle } from '../../event/lifecycle.ts';
import { wholeOf } from '../../event/part.ts';
import {
  before,
  fieldsOf,
  isAct,
  isAsked,
  ownState,
  type Place,
  type Scene,
  seenAt,
  textIn,
  type WhyRow,
} from './scene.ts';
import { type Sight, sightOf } from './sight.ts';

/** A decision, and whether an id joins it with the act. */
export type Verdict = { readonly row: WhyRow; readonly matched: boolean };

export type Focus = {
  readonly scene: Scene;
  /** What was asked about. */
  readonly event: WhyRow;
  /** The act that it is or is about. */
  readonly act: WhyRow | undefined;
  /** What is traced: the act, else the event. */
  readonly subject: WhyRow;
  readonly decisions: readonly Verdict[];
  /** By approval, the rows of each oldest first. */
  readonly approvals: readonly (readonly WhyRow[])[];
  readonly prompt: Prompt | undefined;
  readonly sight: Sight;
};

export type Prompt = {
  readonly row: WhyRow;
  /** `turn`: it has the act's turn; `last`: the last one before; `above`: of a parent session. */
  readonly how: 'turn' | 'last' | 'above';
};

export function focusOn(scene: Scene): Focus {
  const { event, rows } = scene;
  const act = actOf(event, rows);
  const subject = act ?? event;
  const sight = sightOf(subject, rows);
  const decisions = decisionsOf(event, act, rows);
  const approvals = approvalsOf(event, act, { rows, decisions });
  const prompt = promptOf(subject, rows, sight);
  return { scene, event, act, subject, decisions, approvals, prompt, sight };
}

/** What a decision or an approval was about: the tool and its arguments. */
export function requestOf(row: WhyRow): { tool: string | undefined; arguments: unknown } {
  const asked = fieldsOf(row.arguments);
  return { tool: textIn(asked, 'tool'), arguments: asked['arguments'] };
}

function actOf(event: WhyRow, rows: readonly WhyRow[]): WhyRow | undefined {
  if (isAct(event)) return event;
  if (event.type !== 'decision' && event.type !== 'approval') return undefined;
  const acts = rows.filter((row) => isAct(row) && isSameSession(row, event));
  if (event.call_id !== undefined) return acts.find(({ call_id }) => call_id === event.call_id);
  return acts.find((row) => before(event, row) && isRequest(event, row));
}

function isSameSession(a: WhyRow, b: WhyRow): boolean {
  return a.session_id === b.session_id || wholeOf(a) === wholeOf(b);
}

/** Whether an act is the very one that was asked about. */
function isRequest(asking: WhyRow, act: WhyRow): boolean {
  const asked = requestOf(asking);
  return (
    asked.tool !== undefined && asked.tool === act.tool && isEqual(asked.arguments, act.arguments)
  );
}

function isEqual(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

function decisionsOf(
  event: WhyRow,
  act: WhyRow | undefined,
  rows: readonly WhyRow[],
): readonly Verdict[] {
  const own = event.type === 'decision' ? [event] : [];
  const call_id = act?.call_id ?? event.call_id;
  const all = rows.filter((row) => row.type === 'decision' && isSameSession(row, act ?? event));
  const joined = all.filter((row) => call_id !== undefined && row.call_id === call_id);
  const found = [...new Set([...own, ...joined])].map((row) => ({ row, matched: false }));
  if (found.length > 0 || act === undefined) return found;
  const end = seenAt(act);
  const like = all.filter(
    (row) => row.call_id === undefined && before(row, end) && isRequest(row, act),
  );
  return like.slice(-1).map((row) => ({ row, matched: true }));
}

type Known = { readonly rows: readonly WhyRow[]; readonly decisions: readonly Verdict[] };

function approvalsOf(
  event: WhyRow,
  act: WhyRow | undefined,
  { rows, decisions }: Known,
): readonly (readonly WhyRow[])[] {
  const call_id = act?.call_id ?? event.call_id;
  const decided = new Set(decisions.map(({ row }) => row.id));
  const named = new Set(
    decisions.flatMap(({ row }) => textIn(ownState(row, 'decision'), 'approval_id') ?? []),
  );
  const asked = rows.filter((row) => row.type === 'approval' && isLifecycle(row));
  const groups = Map.groupBy(asked, approvalId);
  return [...groups].flatMap(([id, group]) => {
    const mine = group.some((row) => {
      const { decision_id } = ownState(row, 'approval');
      const joined = call_id !== undefined && row.call_id === call_id;
      const told = typeof decision_id === 'string' && decided.has(decision_id);
      return row === event || ((joined || told) && isSameSession(row, act ?? event));
    });
    return mine || named.has(id) ? [group.toSorted(byPlace)] : [];
  });
}

function approvalId(row: WhyRow): string {
  return textIn(ownState(row, 'approval'), 'approval_id') ?? row.id;
}

function byPlace(a: Place, b: Place): number {
  return before(a, b) ? -1 : 1;
}

/** The user's prompt that set it going: of its turn, else the last before it, else a parent's. */
function promptOf(subject: WhyRow, rows: readonly WhyRow[], sight: Sight): Prompt | undefined {
  const asked = rows.filter((row) => isAsked(row) && row !== subject && sight(row, row));
  const own = asked.filter((row) => row.session_id === subject.session_id);
  const { turn_id } = subject;
  const turn = turn_id === undefined ? undefined : own.find((row) => row.turn_id === turn_id);
  if (turn) return { row: turn, how: 'turn' };
  const last = own.at(-1);
  if (last) return { row: last, how: 'last' };
  const above = asked.at(-1);
  return above && { row: above, how: 'above' };
}
