/** What producers send, made ready for the journal: complete, described, canonical, in limits. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { callKey } from '../engine/fold.ts';
import { canonicalBytes } from '../event/canonical.ts';
import { DEFAULT_TENANT, type Event } from '../event/event.ts';
import { normalise, type Producer } from '../event/normalise.ts';
import { asFault, Fault } from '../fault/fault.ts';
import type { Plain } from '../seal/seal.ts';
import { type Moved, slim } from './overflow.ts';

/** Of a call of which several witnesses tell, each says it. */
export type Spent = {
  readonly task_id: string;
  readonly tokens: number;
  readonly call?: string | undefined;
};

/** An event on its way to the journal. */
export type Ready = {
  readonly plain: Plain;
  /** Values that are sealed apart. */
  readonly moved: readonly Moved[];
  /** Its id was made here, so that nobody can have sent it before. */
  readonly made: boolean;
  /** Tokens that count against the budget of a task. */
  readonly spent?: Spent | undefined;
};

export type ReadyOptions = {
  /** Fills in what the action part knows; called on each event before it is sealed. */
  readonly describe: (event: Event) => Event;
  readonly now: () => number;
  readonly newId: () => string;
  /** The ids that come with the events were just made here, each for one event alone. */
  readonly idsMade?: boolean;
  readonly limits: { readonly event_bytes: number; readonly inline_bytes: number };
};

/** Events that are worked on in one turn of the event loop: others wait no longer than that. */
export const SLICE = 128;

/** An event each that is ready for the journal, or why there is none. */
export async function prepareAll(
  inputs: readonly unknown[],
  producer: Producer,
  options: ReadyOptions,
): Promise<(Ready | Fault)[]> {
  const prepare = preparer(producer, options);
  const prepared: (Ready | Fault)[] = [];
  for (const input of inputs) {
    if (prepared.length % SLICE === SLICE - 1) await nextTurn();
    prepared.push(prepare(input));
  }
  return prepared;
}

function preparer(
  producer: Producer,
  { describe, now, newId, idsMade = false, limits }: ReadyOptions,
) {
  const now_ms = now();
  let made: string | undefined;
  const makeId = () => {
    made = newId();
    return made;
  };
  const context = { producer, now_ms, newId: makeId, defaultTenant: DEFAULT_TENANT };
  return (input: unknown): Ready | Fault => {
    try {
      const normal = normalise(input, context);
      if (normal instanceof Fault) return normal;
      const whole = describe(normal);
      const size = canonicalBytes(whole);
      if (size.length > limits.event_bytes) return tooLarge(size.length, limits.event_bytes);
      const fits = size.length <= limits.inline_bytes;
      const { event, bytes, moved } = fits
        ? { event: whole, bytes: size, moved: [] }
        : slim(whole, size, limits.inline_bytes);
      const { tenant_id: tenant, id } = event;
      const plain = { tenant, id, at_ms: now_ms, subject: subjectOf(event), bytes };
      return { plain, moved, made: idsMade || id === made, spent: spentBy(event) };
    } catch (error) {
      return asFault(error);
    }
  };
}

function spentBy(event: Event): Ready['spent'] {
  const { task_id, tokens } = event;
  if (task_id === undefined || tokens === undefined) return undefined;
  const used = tokens.total ?? (tokens.input ?? 0) + (tokens.output ?? 0);
  return { task_id, tokens: used, call: callKey(event) };
}

/** The data subject under whose key an event is sealed. */
function subjectOf({ user, session_id }: Event): string {
  return user?.id === undefined ? `session:${session_id}` : `user:${user.id}`;
}

function tooLarge(size_bytes: number, limit: number): Fault {
  return new Fault('event.too_large', `The event has ${size_bytes} bytes.`, {
    limit,
    hint: 'Send large outputs in parts, or raise event_bytes.',
  });
}
