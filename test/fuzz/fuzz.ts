/** `npm run fuzz -- --inputs N --seed S [--only TARGET] [--keep]`: fuzzes every parser and route. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { addToCorpus, readCorpus } from './corpus.ts';
import { type Run, runTarget } from './loop.ts';
import { TARGETS, withTarget } from './menu.ts';
import type { Target } from './target.ts';

type Row = { what: string; count: number; result: string; found: string };

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    /** Adds what reached new code to the corpus. */
    keep: { type: 'boolean', default: false },
  },
});

/** Milliseconds that one input may take at most: more is a hang in the making. */
const SLOW_MS = 5_000;

const rows: Row[] = [];
for (const entry of TARGETS) {
  await withTarget(entry, async (target) => {
    if (values.only !== undefined && values.only !== target.name) return;
    await fuzz(target);
  });
}
if (values.only === undefined) write();
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

function write(): void {
  const folder = join(import.meta.dirname, '..', '..', 'bench', 'results');
  const machine = `${cpus()[0]?.model} × ${cpus().length}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  const result = { name: 'fuzz', date: new Date().toISOString(), machine, rows };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'fuzz.json'), `${JSON.stringify(result, null, 2)}\n`);
}
