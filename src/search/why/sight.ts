/** What an agent had before it: the texts of rows, whose they are, and when it saw them. */
import { before, hasEnded, isAsked, type Place, seenAt, type WhyRow } from './scene.ts';
import { leavesOf } from './value.ts';

/**
 * Whose words a text is: a person's to the agent, the instructions to the model, the agent's own,
 * or what it was shown: a result, a notice.
 */
export type Voice = 'prompt' | 'instructions' | 'agent' | 'shown';

export type Text = {
  readonly row: WhyRow;
  readonly voice: Voice;
  /** When the agent could know it. */
  readonly place: Place;
  readonly text: string;
};

/** Characters of one row's text that are read. */
export const ROW_CHARS = 262_144;

/** The texts of a row; what was moved out of it is not there: see `isPartly`. */
export function* textsOf(row: WhyRow): Generator<Text> {
  if (SILENT.has(row.type)) return;
  const start = { time: row.time, index: row.index };
  const asked = joined([row.arguments, row.path, row.destination, row.endpoint]);
  if (asked !== '') yield { row, voice: 'agent', place: start, text: asked };
  const voice = voiceOf(row);
  if (row.content) yield { row, voice, place: start, text: normal(row.content) };
  if (!hasEnded(row)) return;
  const came = joined([row.result, row.error?.message]);
  if (came !== '') yield { row, voice: 'shown', place: seenAt(row), text: came };
}

/** What is told of acts, not to the agent. */
const SILENT: ReadonlySet<string> = new Set([
  ...['decision', 'approval', 'access', 'admin', 'finding', 'gap'],
]);

/** Whether some of what it was shown is not in the row, or is longer than what is read. */
export function isPartly(row: WhyRow): boolean {
  const moved = row.overflow?.some(({ field }) => field === 'result' || field === 'content');
  return moved === true || (typeof row.result === 'string' && row.result.length > ROW_CHARS);
}

function voiceOf(row: WhyRow): Voice {
  if (isAsked(row)) return 'prompt';
  if (row.type === 'prompt') return row.channel === 'agent' || isOrder(row) ? 'agent' : 'shown';
  return row.type === 'session' || row.type === 'task' ? 'instructions' : 'agent';
}

/** What a sub-agent was asked are the words of the agent that started it. */
function isOrder({ parent_session_id, channel }: WhyRow): boolean {
  return parent_session_id !== undefined && channel !== 'task_notification';
}

function joined(values: readonly unknown[]): string {
  const bounds = { leaves: 20_000, chars: ROW_CHARS };
  return normal(values.flatMap((value) => leavesOf(value, bounds)).join('\n'));
}

/** As it reads, not as it is written in JSON or HTML. */
function normal(text: string): string {
  const cut = text.slice(0, ROW_CHARS);
  const plain = cut.includes('\\/') ? cut.replaceAll('\\/', '/') : cut;
  return plain.includes('&amp;') ? plain.replaceAll('&amp;', '&') : plain;
}

/** Which rows an agent can have seen before something: its own, and its parents' until it began. */
export type Sight = (row: WhyRow, place: Place) => boolean;

/** Levels of parents that are followed. */
const PARENTS = 16;

export function sightOf(event: WhyRow, rows: readonly WhyRow[]): Sight {
  const until = new Map<string, Place>([[event.session_id, event]]);
  const starts = new Map<string, WhyRow>();
  for (const row of rows) if (!starts.has(row.session_id)) starts.set(row.session_id, row);
  let { session_id, parent_session_id: parent } = event;
  for (let level = 0; level < PARENTS && parent !== undefined && !until.has(parent); level++) {
    until.set(parent, starts.get(session_id) ?? event);
    session_id = parent;
    parent = starts.get(parent)?.parent_session_id;
  }
  return (row, place) => {
    const end = until.get(row.session_id);
    return end !== undefined && before(place, end);
  };
}
