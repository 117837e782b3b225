/** `npm run fuzz`: fuzzes every parser and route; figures in bench/results/fuzz.json. */
import { parseArgs } from 'node:util';
import { writeElsewhere } from '../crash/report.ts';
import { addToCorpus, readCorpus } from './corpus.ts';
import { type Run, runTarget } from './loop.ts';
import { TARGETS, withTarget } from './menu.ts';
import type { Target } from './target.ts';

type Row = { what: string; count: number; result: string; found: string };

const HELP = `npm run fuzz [-- options]

  --inputs N     inputs for each target, fewer where one is costly (default 100000)
  --seed N       chooses every input; the same seed makes the same inputs (default 1)
  --only TARGET  one target; a name that is none lists them all
  --keep         adds what reached new code to the corpus
  --help         this text

Puts a whole run into bench/results/fuzz.json and bench/CRASH.md. Ends with 1 where an input broke
something or took longer than five seconds; such inputs are added to the corpus.

  npm run fuzz -- --inputs 5000 --only csv`;

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/** Milliseconds that one input may take at most: more is a hang in the making. */
const SLOW_MS = 5_000;

if (values.help) {
  console.log(HELP);
  process.exit(0);
}
for (const name of ['inputs', 'seed'] as const) {
  if (/^[1-9]\d{0,8}$/.test(values[name])) continue;
  console.error(`--${name} is a whole number from 1 on, not "${values[name]}".`);
  process.exit(2);
}
const rows: Row[] = [];
const names: string[] = [];
for (const entry of TARGETS) {
  await withTarget(entry, async (target) => {
    names.push(target.name);
    if (values.only !== undefined && values.only !== target.name) return;
    await fuzz(target);
  });
}
if (rows.length === 0) {
  console.error(`No target is called ${values.only}. There are: ${names.join(', ')}.`);
  process.exitCode = 2;
}
if (values.only === undefined) writeElsewhere('fuzz', rows);
if (rows.some(({ found }) => found !== '')) process.exitCode = 1;

async function fuzz(target: Target): Promise<void> {
  const inputs = Math.max(1, Math.ceil(Number(values.inputs) / (target.cost ?? 1)));
  const seed = Number(values.seed);
  const run = await runTarget(target, { inputs, seed, corpus: readCorpus(target.name) });
  const row = rowOf(target.name, run);
  rows.push(row);
  console.log(
    `${row.what.padEnd(12)} ${String(row.count).padStart(9)}  ${row.result} ${row.found}`,
  );
  for (const { input, error } of run.findings) {
    console.log(JSON.stringify(input.toString('latin1').slice(0, 500)), error);
  }
  const broken = run.findings.map(({ input }) => input);
  const reached = values.keep ? run.corpus : [];
  if (broken.length + reached.length > 0) addToCorpus(target.name, { broken, reached });
}

function rowOf(what: string, run: Run): Row {
  const { inputs, functions, slowest_ms, corpus, findings } = run;
  const reached = `${functions} functions reached, ${corpus.length} inputs reached new code`;
  const messages = findings.map(({ error }) => String(error).split('\n')[0] ?? '');
  return {
    what,
    count: inputs,
    result: `${reached}, slowest ${slowest_ms.toFixed(1)} ms`,
    found: [...messages, ...(slowest_ms > SLOW_MS ? ['an input took too long'] : [])].join('; '),
  };
}
