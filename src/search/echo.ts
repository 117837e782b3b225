/** Finds the rows in which several witnesses tell the same words, so that they are told once. */
import type { Event } from '../event/event.ts';
import { wholeOf } from '../event/part.ts';

/** What a row must tell of itself; a call's facts tell who saw it. */
export type EchoRow = Pick<Event, 'time' | 'type' | 'session_id'> &
  Partial<Event> & {
    readonly facts?: readonly { readonly source?: Event['source'] }[];
  };

/** A row with every kind of source that told it; `echoes` are the rows that it stands for too. */
export type Told<R> = {
  readonly row: R;
  readonly witnesses: readonly string[];
  readonly echoes: readonly R[];
};

export type Echoes<R> = {
  /** Takes the next row, oldest first, and gives back those that nothing can echo any more. */
  readonly take: (row: R) => readonly Told<R>[];
  /** Gives back all that is left. */
  readonly end: () => readonly Told<R>[];
};

/** How far apart two witnesses may tell the same: clocks differ, and some tell at a turn's end. */
export const ECHO_MS = 60_000;
/** Rows that are held at most; beyond that the oldest goes out unechoed. */
const HELD = 20_000;
/** Rows of the same words that still wait for an echo: whoever repeats himself costs no more. */
const ALIKE = 64;

type Held<R> = {
  readonly row: R;
  readonly time_ms: number;
  readonly kinds: Set<string>;
  readonly echoes: R[];
};

/**
 * A prompt or an output that a witness of another kind told before, in the same whole session,
 * with the same words and near in time, is an echo of that row; so is a session's start or end.
 * Each kind counts once: what one witness tells twice was said twice. Rows without a source
 * echo nothing. Calls need none of this, for their facts are folded by their id.
 */
export function openEchoes<R extends EchoRow>(window_ms = ECHO_MS): Echoes<R> {
  const held = new Set<Held<R>>();
  const open = new Map<string, Held<R>[]>();
  const release = (before_ms: number): Told<R>[] => {
    const out: Told<R>[] = [];
    for (const one of held) {
      if (one.time_ms >= before_ms && held.size <= HELD) break;
      held.delete(one);
      const key = keyOf(one.row);
      const left = key === undefined ? [] : (open.get(key) ?? []).filter((other) => other !== one);
      if (key !== undefined && left.length === 0) open.delete(key);
      else if (key !== undefined) open.set(key, left);
      out.push({ row: one.row, witnesses: [...one.kinds], echoes: one.echoes });
    }
    return out;
  };
  return {
    take: (row) => {
      const time_ms = Date.parse(row.time);
      const out = release(time_ms - window_ms);
      const key = keyOf(row);
      const kind = row.source?.kind;
      const first = key === undefined ? undefined : open.get(key)?.find((one) => isNew(one, kind));
      if (first !== undefined && kind !== undefined) {
        first.kinds.add(kind);
        first.echoes.push(row);
        return out;
      }
      const one: Held<R> = { row, time_ms, kinds: new Set(kindsOf(row)), echoes: [] };
      held.add(one);
      if (key !== undefined) open.set(key, [...(open.get(key) ?? []).slice(1 - ALIKE), one]);
      return out;
    },
    end: () => release(Number.POSITIVE_INFINITY),
  };
}

function isNew<R>({ kinds }: Held<R>, kind: string | undefined): boolean {
  return kind !== undefined && kinds.size > 0 && !kinds.has(kind);
}

function kindsOf({ source, facts = [] }: EchoRow): readonly string[] {
  return [source, ...facts.map((fact) => fact.source)].flatMap((one) => one?.kind ?? []);
}

/** What rows have in common that tell the same; undefined for rows that echo nothing. */
function keyOf(row: EchoRow): string | undefined {
  const { type, content, channel, operation, session_id, call_id } = row;
  if (call_id !== undefined) return undefined;
  if (type === 'session') {
    const edge = operation === 'start' || operation === 'end';
    return edge ? JSON.stringify([type, session_id, operation]) : undefined;
  }
  const words = content?.trim() ?? '';
  if ((type !== 'prompt' && type !== 'output') || words === '') return undefined;
  // What a model thinks and then says in the same words, it does twice.
  return JSON.stringify([type, wholeOf(row), channel === 'reasoning', words]);
}
