/** Keeps what was measured: one file for each number of events, into which runs merge. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Values } from './measure.ts';

export type Machine = {
  readonly cpu: string;
  readonly cores: number;
  readonly memory_gib: number;
  readonly kernel: string;
  readonly node: string;
};

export type Measured = {
  /** Of `figure.ts`. */
  readonly id: string;
  /** What people use instead, where it is not Claw: `sqlite`, `pino`, … */
  readonly peer?: string;
  readonly values?: Values;
  /** Seconds of processor time, by process. */
  readonly cpu_s?: Values;
  readonly note?: string;
  /** Why there is no value. */
  readonly missing?: string;
  readonly at: string;
  readonly revision: string;
};

export type Results = {
  readonly events: number;
  readonly machine: Machine;
  readonly figures: readonly Measured[];
};

export const RESULTS = join(import.meta.dirname, 'results');

/** The fewest events first. */
export function readResults(): readonly Results[] {
  if (!existsSync(RESULTS)) return [];
  return readdirSync(RESULTS)
    .filter((name) => /^\d+\.json$/.test(name))
    .map((name) => JSON.parse(readFileSync(join(RESULTS, name), 'utf8')) as Results)
    .toSorted((a, b) => a.events - b.events);
}

/** Figures that were measured again take the place of the older ones. */
export function mergeResults(events: number, fresh: readonly Measured[]): void {
  const file = join(RESULTS, `${events}.json`);
  const here = machine();
  const known = existsSync(file) ? figuresOf(file, here) : [];
  const renewed = new Set(fresh.map(keyOf));
  const figures = [...known.filter((old) => !renewed.has(keyOf(old))), ...fresh];
  mkdirSync(RESULTS, { recursive: true });
  const sorted = figures.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const lines = sorted.map((figure) => `    ${JSON.stringify(figure)}`).join(',\n');
  const head = `  "events": ${events},\n  "machine": ${JSON.stringify(here)}`;
  writeFileSync(file, `{\n${head},\n  "figures": [\n${lines}\n  ]\n}\n`);
}

/** Figures of another machine are no neighbours of this one's: they go. */
function figuresOf(file: string, here: Machine): readonly Measured[] {
  const { machine: there, figures } = JSON.parse(readFileSync(file, 'utf8')) as Results;
  const same = there.cpu === here.cpu && there.cores === here.cores;
  return same && there.memory_gib === here.memory_gib ? figures : [];
}

/** Which figure, and whose. */
function keyOf({ id, peer = '' }: Measured): string {
  return `${id} ${peer}`;
}

export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memory_gib: Math.round(totalmem() / 2 ** 30),
    kernel: release().split('-')[0] ?? '',
    node: process.version,
  };
}

/** The commit that is measured; `+` where files differ from it. */
export function revision(): string {
  try {
    // Even a status may write the index; others may be at work in the same checkout.
    const git = (...args: string[]) =>
      execFileSync('git', ['--no-optional-locks', ...args], {
        cwd: import.meta.dirname,
        encoding: 'utf8',
      }).trim();
    const changed = git('status', '--porcelain', '--untracked-files=no', '--', '../src') !== '';
    return git('rev-parse', '--short', 'HEAD') + (changed ? '+' : '');
  } catch {
    return 'unknown';
  }
}
