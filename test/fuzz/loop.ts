/** Runs a target: half of the inputs made by fast-check, half mutated where coverage grows. */
import fc from 'fast-check';
import { type Coverage, openCoverage } from './coverage.ts';
import { mutated, seeded } from './mutate.ts';
import type { Target } from './target.ts';

export type Finding = { readonly input: Buffer; readonly error: unknown };

export type Run = {
  readonly inputs: number;
  /** Inputs that reached code that none had reached. */
  readonly corpus: readonly Buffer[];
  readonly findings: readonly Finding[];
  /** The longest that one input took, in milliseconds. */
  readonly slowest_ms: number;
  readonly functions: number;
};

export type RunOptions = {
  readonly inputs: number;
  readonly seed: number;
  /** Inputs that were kept from earlier runs. */
  readonly corpus: readonly Buffer[];
};

/** Inputs after which coverage is looked at: looking costs as much as many inputs. */
const BATCH = 50;
/** Different failures after which a target is given up. */
const FINDINGS = 5;

export async function runTarget(target: Target, options: RunOptions): Promise<Run> {
  const state: State = { target, findings: new Map(), slowest_ms: 0, inputs: 0 };
  const coverage = openCoverage();
  try {
    const half = Math.floor(options.inputs / 2);
    await makeInputs(state, { ...options, inputs: half });
    const corpus = await mutate(state, coverage, { ...options, inputs: options.inputs - half });
    const { inputs, slowest_ms } = state;
    const findings = [...state.findings.values()];
    return { inputs, corpus, findings, slowest_ms, functions: coverage.functions() };
  } finally {
    coverage.close();
  }
}

type State = {
  readonly target: Target;
  /** By what broke, the smallest input for it. */
  readonly findings: Map<string, Finding>;
  slowest_ms: number;
  inputs: number;
};

/** Shrunk by fast-check where one fails. */
async function makeInputs(state: State, { inputs, seed }: RunOptions): Promise<void> {
  const property = fc.asyncProperty(state.target.made, async (value) => {
    await attempt(state, Buffer.from(value), 'throw');
  });
  await fc.check(property, { numRuns: Math.max(1, inputs), seed });
}

async function mutate(
  state: State,
  coverage: Coverage,
  { inputs, seed, corpus }: RunOptions,
): Promise<readonly Buffer[]> {
  const { target } = state;
  const random = seeded(seed);
  const { words = [] } = target;
  const pool = [...target.seeds().map((each) => Buffer.from(each)), ...corpus];
  const kept: Buffer[] = [];
  for (const each of pool) await attempt(state, each, 'note');
  coverage.gained();
  for (let done = 0; done < inputs && state.findings.size < FINDINGS; done += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, inputs - done) }, () =>
      mutated(pool[random(pool.length)] ?? Buffer.of(), { random, words, others: pool }),
    );
    for (const input of batch) await attempt(state, input, 'note');
    const blocks = coverage.gained();
    if (blocks.length === 0) continue;
    for (const input of batch) {
      await attempt(state, input, 'note');
      if (!coverage.ran(blocks)) continue;
      pool.push(input);
      kept.push(input);
    }
  }
  return kept;
}

async function attempt(state: State, input: Buffer, then: 'throw' | 'note'): Promise<void> {
  const began = performance.now();
  state.inputs++;
  try {
    await state.target.check(Buffer.from(input));
  } catch (error) {
    const key = placeOf(error);
    const known = state.findings.get(key);
    if (!known || input.length < known.input.length) state.findings.set(key, { input, error });
    if (then === 'throw') throw error;
  } finally {
    state.slowest_ms = Math.max(state.slowest_ms, performance.now() - began);
  }
}

/** Failures at the same line of code are one finding. */
function placeOf(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : String(error);
  return /at [^\n]*\/(src|test)\/[^\n]*/.exec(stack)?.[0] ?? stack.slice(0, 200);
}
