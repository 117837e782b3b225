/** `npm run bench`: every figure of Claw and of what people use instead, in one run or by part. */
import { figureNamed } from './figure.ts';
import { readCall, refuse } from './flag.ts';
import { workFolder } from './folder.ts';
import { openGround } from './ground.ts';
import { PARTS } from './part/menu.ts';
import type { Part } from './part/part.ts';
import { writeReport } from './report.ts';
import { type Measured, machine } from './result.ts';
import { shownValues } from './show.ts';

const { flags, names } = readCall({ events: '100000', data: '' }, help());

if (names.includes('report')) await writeReport();
else await run(partsNamed(names), countOf(flags.events));

async function run(parts: readonly Part[], events: number): Promise<void> {
  const folder = workFolder(flags.data, 'bench');
  const { cpu, cores, memory_gib, node } = machine();
  console.log(`${cpu} × ${cores}, ${memory_gib} GiB, Node ${node}, ${events} events`);
  const { ground, close } = await openGround({ folder, events, show });
  try {
    for (const part of parts) {
      console.log(`\n${part.name}: ${part.about}`);
      await part.run(ground);
    }
  } finally {
    await close();
  }
}

function show({ id, peer, values, missing }: Measured): void {
  const { what, unit } = figureNamed(id);
  const whose = peer === undefined ? what : `  ${what} · ${peer}`;
  console.log(`${whose.padEnd(72)} ${missing ?? shownValues(values ?? {}, unit)}`);
}

function partsNamed(names: readonly string[]): readonly Part[] {
  if (names.length === 0) return PARTS;
  const unknown = names.filter((name) => !PARTS.some((part) => part.name === name));
  if (unknown.length === 0) return PARTS.filter((part) => names.includes(part.name));
  return refuse(`There is no part ${unknown.join(', ')}.`);
}

function countOf(text: string): number {
  const count = Number(text.replaceAll(/[_,]/g, ''));
  if (Number.isSafeInteger(count) && count >= 1000) return count;
  return refuse(`--events ${text} is no whole number of at least 1000.`);
}

function help(): string {
  const parts = PARTS.map(({ name, about }) => `  ${name.padEnd(12)} ${about}`);
  return `npm run bench [-- [PART …] [--events N] [--data FOLDER]]

Measures Claw, through its real server and commands, beside what people use instead. Without a
part, all of them, in this order. Results go to bench/results/N.json, where a part's figures take
the place of its older ones.

${parts.join('\n')}
  report       renders bench/RESULTS.md and bench/growth.svg from all results

  --events N     how many events are recorded first; 100000 where not given
  --data FOLDER  keeps events and trail for later parts; a temporary folder where not given

Ten million events in two sittings (needs 60 GB):
  npm run bench -- --data /srv/bench --events 10000000 latency sustained
  npm run bench -- --data /srv/bench --events 10000000 search verify export reindex start memory
  npm run bench -- report`;
}
