/** A stream of a model's answer on its way to the client, event by event, in order. */
import type { Asked } from '../adapter/model/api.ts';
import type { Holding, Outlet } from './hold.ts';
import { type Frame, openFrames } from './strip/frame.ts';
import type { Step, Strip } from './strip/strip.ts';

export type ModelHoldOptions = {
  readonly strip: Strip;
  /** What stands in its place where it is refused. Never rejects. */
  readonly decide: (asked: Request) => Promise<string | undefined>;
  /** Bytes of one answer that are held back at once. */
  readonly limit_bytes: number;
};

export type Request = {
  readonly call: Asked;
  /** Among all calls of the answer. */
  readonly place: number;
  readonly answer_id: string | undefined;
};

export type ModelLine = Holding & { readonly fail: (error: unknown) => void };

export const TOO_LONG = new Error('The answer cannot be decided: it is too long to be held.');

type State = ModelHoldOptions & {
  readonly outlet: Outlet;
  /** Resolves when all that was queued is written. */
  tail: Promise<void>;
  waiting: number;
  places: number;
  held_bytes: number;
  over: boolean;
  /** What could not be read: nothing after it is. */
  broken: boolean;
};

/** Everything goes on in the order in which it came: what follows a held event waits with it. */
export function openModelLine(options: ModelHoldOptions, outlet: Outlet): ModelLine {
  const counters = { waiting: 0, places: 0, held_bytes: 0, over: false, broken: false };
  const state: State = { ...options, outlet, tail: Promise.resolve(), ...counters };
  const frames = openFrames();
  const events = options.strip.stream();
  const take = (frame: Frame | undefined) => {
    const step = frame === undefined ? undefined : events.push(frame);
    if (step !== undefined) queue(state, step);
  };
  return {
    fail: (error) => fail(state, error),
    push: (chunk) =>
      guarded(state, () => {
        state.held_bytes += chunk.length;
        if (state.held_bytes > options.limit_bytes) throw TOO_LONG;
        for (const frame of frames.push(chunk)) take(frame);
      }),
    end: () =>
      guarded(state, () => {
        take(frames.rest());
        const last = events.end();
        if (last !== undefined) queue(state, last);
        if (state.waiting === 0) outlet.end();
        else state.tail = state.tail.then(() => void (state.over || outlet.end()));
      }),
  };
}

function queue(state: State, step: Step): void {
  const { calls, answer_id } = step;
  if (state.waiting === 0 && calls.length === 0) {
    write(state, step, []);
    return;
  }
  state.waiting++;
  const decided = calls.map((call) => state.decide({ call, place: state.places++, answer_id }));
  state.tail = state.tail
    .then(async () => write(state, step, await Promise.all(decided)))
    .catch((error) => fail(state, error))
    .finally(() => state.waiting--);
}

function write(state: State, step: Step, refused: readonly (string | undefined)[]): void {
  if (state.over) return;
  const bytes = Buffer.concat(step.frames.map(({ raw }) => raw));
  state.held_bytes -= bytes.length;
  const changed = step.without?.(refused);
  state.outlet.write(changed === undefined ? bytes : Buffer.from(changed));
}

function guarded(state: State, act: () => void): void {
  try {
    if (!state.over && !state.broken) act();
  } catch (error) {
    state.broken = true;
    // What was decided before still goes first.
    if (state.waiting === 0) fail(state, error);
    else state.tail = state.tail.then(() => fail(state, error));
  }
}

function fail(state: State, error: unknown): void {
  if (state.over) return;
  state.over = true;
  const message = undecidedText(error);
  state.outlet.write(Buffer.from(state.strip.errorEvent(message)));
  state.outlet.refuse(message);
}

export function undecidedText(error: unknown): string {
  const why = error instanceof Error ? error.message : 'it failed';
  return `Claw's model proxy refused the answer, which nobody could decide. ${why}`.slice(0, 500);
}
