/** What an explanation is made from: an event, the rows around it, and what was in force. */
import type { Event } from '../../event/event.ts';
import type { PolicyInfo } from '../../policy/policy.ts';
import { isNotice } from '../sentence.ts';
import type { SightedFact } from '../sighting.ts';

/** One fact behind a row: when it was told, by whom, where in the trail. */
export type WhyFact = SightedFact & {
  readonly id: string;
  readonly index: number;
  readonly time: string;
};

/** A row as readers get it; one whose content was erased has little more than its type. */
export type WhyRow = Pick<Event, 'id' | 'time' | 'type' | 'session_id'> &
  Partial<Event> & {
    /** Index of its first fact. */
    readonly index: number;
    readonly facts: readonly WhyFact[];
    readonly erased?: true;
  };

export type PolicySaid = Pick<
  PolicyInfo,
  'id' | 'file' | 'effect' | 'text' | 'annotations' | 'escalate'
>;

/** The policies of one version, and who put them in force. */
export type PolicyText = {
  readonly policies: readonly PolicySaid[];
  readonly author?: string;
  readonly applied_at?: string;
};

export type LeftOut = {
  readonly before: number;
  readonly after: number;
  readonly prompts?: true;
};

export type Scene = {
  readonly event: WhyRow;
  /** Of the whole session with its sub-agents, and of its parents: oldest first, each once. */
  readonly rows: readonly WhyRow[];
  /** By version, as far as their text is still known. */
  readonly policies: ReadonlyMap<string, PolicyText>;
  /** Rows before and after these that were not read; of prompts before, whether some were not. */
  readonly left_out: LeftOut;
  /** The index had read everything that was recorded. */
  readonly complete: boolean;
};

/** When something was seen, by place in the trail where the clock does not tell. */
export type Place = { readonly time: string; readonly index: number };

export function before(a: Place, b: Place): boolean {
  return a.time === b.time ? a.index < b.index : a.time < b.time;
}

/** When the first of what is known of a call came, other than that it was asked for. */
export function seenAt(row: WhyRow): Place {
  let first: Place | undefined;
  for (const { status, type, time, index } of row.facts) {
    if (status === 'pending' || status === 'escalated' || type === 'approval') continue;
    if (first === undefined || before({ time, index }, first)) first = { time, index };
  }
  return first ?? { time: row.time, index: row.index };
}

/** Whether something came back of an act that had been asked for. */
export function hasEnded({ status, result, error }: WhyRow): boolean {
  if (result !== undefined || error !== undefined) return true;
  return status !== 'pending' && status !== 'escalated' && status !== undefined;
}

/** An act of an agent on the world: no request to a model, nothing that Claw itself undid. */
export function isAct({ type, model, attributes }: WhyRow): boolean {
  if (attributes?.['claw'] !== undefined) return false;
  if (type === 'api_call') return model === undefined;
  return type === 'tool_call' || type === 'file_operation';
}

/** Words of a person to the agent: no runtime's notice, no sub-agent's order. */
export function isAsked(row: WhyRow): boolean {
  if (row.type !== 'prompt' || isNotice(row)) return false;
  return (
    row.channel !== 'agent' && row.channel !== 'expansion' && row.parent_session_id === undefined
  );
}

/** Words of the agent to its user. */
export function isAnswer({ type, channel }: WhyRow): boolean {
  return type === 'output' && !HIDDEN.has(channel ?? '');
}

const HIDDEN: ReadonlySet<string> = new Set(['reasoning', 'notification', 'local_command']);

/** What Claw's own events say of what they leave behind: `attributes.claw`. */
export function ownState(row: WhyRow, name: string): Readonly<Record<string, unknown>> {
  return fieldsOf(fieldsOf(row.attributes?.['claw'])[name]);
}

export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return value as Readonly<Record<string, unknown>>;
}

export function textIn(fields: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = Object.hasOwn(fields, key) ? fields[key] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}
