/** Writes what crash tests found: `bench/results/crash.json`, and `bench/CRASH.md` made of it. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { resolve } from 'node:path';
import type { KindResult } from './kind.ts';
import { MENDED } from './mended.ts';

const BENCH = resolve(import.meta.dirname, '../../bench');
const RESULTS = resolve(BENCH, 'results');

type Report = {
  readonly name: 'crash';
  readonly date: string;
  readonly machine: string;
  readonly kinds: readonly KindResult[];
};

/** Results of a run; kinds that it left out keep what an earlier run found. */
export function writeReport(results: readonly KindResult[]): void {
  const path = resolve(RESULTS, 'crash.json');
  const before = readJson<Report>(path)?.kinds ?? [];
  const names = new Set(results.map(({ name }) => name));
  const kinds = [...results, ...before.filter(({ name }) => !names.has(name))];
  const report: Report = { name: 'crash', date: today(), machine: machine(), kinds };
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(path, `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(resolve(BENCH, 'CRASH.md'), page(report));
}

/** Puts what another run found into `bench/results`, and into the page beside the crashes. */
export function writeElsewhere(name: 'hostile' | 'fuzz', rows: Elsewhere['rows']): void {
  const result = { name, date: today(), machine: machine(), rows };
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(resolve(RESULTS, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
  const report = readJson<Report>(resolve(RESULTS, 'crash.json'));
  if (report !== undefined) writeFileSync(resolve(BENCH, 'CRASH.md'), page(report));
}

/** The counts as a table for a terminal. */
export function summary(results: readonly KindResult[]): string {
  const rows = results.map(
    ({ name, runs, acknowledged, problems, recovery_ms, skipped, faults }) => [
      name,
      ...(skipped === undefined
        ? [runs, total(faults), acknowledged, problems.lost, problems.doubled, problems.head]
        : [skipped]),
      ...(skipped === undefined ? [problems.broken, `${recovery_ms.longest} ms`] : []),
    ],
  );
  const lines = [HEADS, ...rows].map((row) => row.map((cell) => String(cell).padEnd(13)).join(''));
  const examples = results.flatMap((result) => result.examples);
  return [...lines, ...examples, ''].join('\n');
}

const HEADS = [
  ...['kind', 'runs', 'faults', 'acknowledged', 'lost', 'doubled', 'heads back', 'broken'],
  'longest start',
];

function page(report: Report): string {
  const { kinds, date, machine: on } = report;
  return [
    '# What crashes and hostile input do to it',
    'Made by `npm run test:crash`, `npm run test:hostile` and `npm run fuzz`; do not edit. Every ' +
      'row of counts starts the trail again on what the fault left, and checks: each acknowledged ' +
      'event is there, by id and content; none is there twice, also after the client sent again ' +
      'what was not acknowledged; the whole trail verifies from its bytes; every checkpoint that a ' +
      'client was shown is a prefix of the one that is published now; index and archive caught up. ' +
      'Anything but zeros is a bug.',
    `Run on ${date}, ${on}.`,
    '## Counts',
    table([...HEADS, 'median start', 'seed', 'took'], kinds.map(countRow)),
    '"Heads back" counts trees that were shown and are no prefix any more; "broken" counts starts ' +
      'that failed, trails that did not verify, and followers that did not catch up. Starts are ' +
      'measured while other tests run beside them.',
    '## What was done',
    kinds.map(({ name, about }) => `- **${name}**: ${about}`).join('\n'),
    '## Faults by kind',
    table(['kind', 'fault', 'times'], kinds.flatMap(faultRows)),
    ...sampled(kinds),
    '## What was found, and mended',
    table(
      ['fault', 'what it did', 'mended by', 'test'],
      MENDED.map(({ fault, harm, mend, test }) => [fault, harm, mend, test]),
    ),
    ...notCovered(),
    ...elsewhere('hostile', 'Hostile load'),
    ...elsewhere('fuzz', 'Fuzzing'),
    '',
  ].join('\n\n');
}

function countRow(kind: KindResult): readonly (string | number)[] {
  const { name, runs, faults, acknowledged, problems, recovery_ms, skipped, seed } = kind;
  if (skipped !== undefined) return [name, `not run: ${skipped}`];
  const { lost, doubled, head, broken } = problems;
  return [
    ...[name, number(runs), number(total(faults)), number(acknowledged)],
    ...[lost, doubled, head, broken, `${number(recovery_ms.longest)} ms`],
    ...[`${number(recovery_ms.median)} ms`, seed, `${number(kind.duration_s)} s`],
  ];
}

function faultRows({ name, faults }: KindResult): readonly (readonly (string | number)[])[] {
  return Object.entries(faults).map(([fault, times]) => [name, fault, number(times)]);
}

/** Where only some of the points were taken, it says of how many. */
function sampled(kinds: readonly KindResult[]): readonly string[] {
  return kinds.flatMap(({ name, points, runs }) => {
    if (points === undefined) return [];
    const all = number(total(points));
    const rows = Object.entries(points).map(([point, count]) => [point, number(count)]);
    return [
      `### Points of ${name}`,
      `${number(runs)} of ${all} points (each call times each fault), a seeded share of each lot; ` +
        '`--rounds` takes more.',
      table(['lot', 'points'], rows),
    ];
  });
}

function notCovered(): readonly string[] {
  return [
    '## What the simulated disk does not see',
    'The root key, the lock, `credentials.json` and the index are written without the `Disk` that ' +
      'tests simulate: `syscall` and `kill` cover them. A device that says it has synced and has ' +
      'not (a cache that lies) is not simulated; nothing on one machine helps against it.',
  ];
}

type Elsewhere = {
  readonly date: string;
  readonly machine: string;
  readonly rows: readonly {
    readonly what: string;
    readonly count: number;
    readonly result: string;
    readonly found: string;
  }[];
};

/** What other runs left in `bench/results`. */
function elsewhere(file: string, title: string): readonly string[] {
  const found = readJson<Elsewhere>(resolve(RESULTS, `${file}.json`));
  if (found === undefined) return [];
  const rows = found.rows.map(({ what, count, result, found: bugs }) => [
    ...[what, number(count), result, bugs],
  ]);
  return [
    `## ${title}`,
    `Run on ${found.date}, ${found.machine}.`,
    table(['what', 'count', 'result', 'found'], rows),
  ];
}

type Cell = string | number | undefined;

function table(heads: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const line = (cells: readonly Cell[]) =>
    `| ${cells.map((cell) => String(cell ?? '').replaceAll('|', '\\|')).join(' | ')} |`;
  const wide = rows.map((row) => heads.map((_, i) => row[i]));
  return [line(heads), line(heads.map(() => '---')), ...wide.map(line)].join('\n');
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function number(value: number | undefined): string {
  return (value ?? 0).toLocaleString('en-US');
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}

function machine(): string {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const system = `${process.platform} ${release()}, Node ${process.versions.node}`;
  return `${cpus().length} × ${cpu?.model.trim()}, ${memory} GiB, ${system}`;
}

function readJson<T>(path: string): T | undefined {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : undefined;
}
