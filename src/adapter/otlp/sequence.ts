/** Which numbers of a producer's own sequence never came: what telemetry lost on its way. */
import type { Draft } from '../../event/event.ts';
import { eventId } from '../identity.ts';
import { nameIn } from '../record.ts';
import { timeOf } from './draft.ts';
import type { Telemetry } from './telemetry.ts';
import { countIn } from './value.ts';

/** A number that a producer gave a record within a session. */
export type Numbered = {
  readonly runtime: string;
  readonly session_id: string;
  readonly number: number;
  /** Unix nanoseconds as digits, as the record says. */
  readonly time_ns: string;
};

/** Numbers that are missing, ends included, and the record by which that was seen. */
export type Hole = {
  readonly from: number;
  readonly to: number;
  /** How many: fewer than lie between the ends where several holes are told as one. */
  readonly count: number;
  /** Unix milliseconds of our clock when it was seen. */
  readonly since_ms: number;
  readonly revealed_ns: string;
};

/** One producer's sequence within one session. */
export type Sequence = {
  /** The first number heard: what came before it is not known. */
  readonly first: number;
  readonly next: number;
  /** When the record with the highest number was made. */
  readonly last_ns: bigint;
  readonly holes: readonly Hole[];
};

/** Claude Code numbers its log records within a session. */
export function numberOf({ scope, attributes, time_ns }: Telemetry): Numbered | undefined {
  if (scope !== 'com.anthropic.claude_code.events') return undefined;
  const session_id = nameIn(attributes, 'session.id');
  const number = countIn(attributes, 'event.sequence');
  if (session_id === undefined || !Number.isSafeInteger(number)) return undefined;
  return { runtime: 'claude-code', session_id, number: number as number, time_ns };
}

/**
 * The sequence after one more number. Numbers may come in any order and more than once. A lower
 * number that is younger than all is of a new process, which counts from the beginning again.
 */
export function heard(
  before: Sequence | undefined,
  { number, time_ns }: Numbered,
  now_ms: number,
): Sequence {
  const at = BigInt(time_ns);
  const hole = (from: number, to: number): Hole[] =>
    from > to ? [] : [{ from, to, count: to - from + 1, since_ms: now_ms, revealed_ns: time_ns }];
  if (!before) return { first: number, next: number + 1, last_ns: at, holes: [] };
  const { first, next, last_ns, holes } = before;
  if (number >= next) {
    return {
      first,
      next: number + 1,
      last_ns: at > last_ns ? at : last_ns,
      holes: [...holes, ...hole(next, number - 1)],
    };
  }
  if (number < first && at <= last_ns) {
    return { ...before, first: number, holes: [...hole(number + 1, first - 1), ...holes] };
  }
  const left = holes.flatMap((one) => without(one, number));
  const filled = left.length !== holes.length || left.some((one, i) => one !== holes[i]);
  if (filled) return { ...before, holes: left };
  return at > last_ns ? { first: number, next: number + 1, last_ns: at, holes } : before;
}

function without(hole: Hole, number: number): Hole[] {
  const { from, to, count } = hole;
  if (number < from || number > to || count !== to - from + 1) return [hole];
  const left = from < number ? [{ ...hole, to: number - 1, count: number - from }] : [];
  return number < to ? [...left, { ...hole, from: number + 1, count: to - number }] : left;
}

/** At most `limit` holes: of more, the oldest two are told as one. */
export function bounded(sequence: Sequence, limit: number): Sequence {
  const { holes } = sequence;
  const [one, other, ...rest] = holes;
  if (holes.length <= limit || !one || !other) return sequence;
  const both = { ...one, to: other.to, count: one.count + other.count };
  return { ...sequence, holes: [both, ...rest] };
}

/** The same hole has the same id, however often it is found. */
export function gapOf(
  { runtime, session_id }: Pick<Numbered, 'runtime' | 'session_id'>,
  { from, to, count, revealed_ns }: Hole,
  now_ms: number,
): Draft {
  const whole = count === to - from + 1 ? 'numbers' : 'among numbers';
  const which = from === to ? `number ${from}` : `${whole} ${from} to ${to}`;
  const records = count === 1 ? '1 telemetry record' : `${count} telemetry records`;
  return {
    id: eventId({
      scheme: 'otlp/gap/v1',
      session_id,
      hook: runtime,
      key: undefined,
      part: `${from}-${to}`,
      nonce: revealed_ns,
      text: '',
    }),
    time: timeOf(revealed_ns, now_ms),
    type: 'gap',
    session_id,
    detail: `${records} never came: ${which}.`,
    agent: { runtime },
    source: { kind: 'otel', runtime },
    attributes: { gap: 'sequence', missing: { from, to }, missing_count: count },
  };
}
