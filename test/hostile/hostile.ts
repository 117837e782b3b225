/** `npm run test:hostile`: every attack on a real server; figures in bench/results/hostile.json. */
import { parseArgs } from 'node:util';
import { writeElsewhere } from '../crash/report.ts';
import { type Attack, type Outcome, type Polite, type Size, under } from './attack.ts';
import * as flood from './flood.ts';
import { openGround } from './ground.ts';
import * as lie from './lie.ts';
import * as slow from './slow.ts';

/** Everything in the full run; long enough for the server's own limits to be reached. */
export const FULL: readonly (readonly [Attack, Size])[] = [
  [slow.idle, { count: 1000, hold_ms: 15_000 }],
  [slow.crowded, { count: 3000, hold_ms: 15_000 }],
  [slow.slowHeaders, { count: 500, hold_ms: 0 }],
  [slow.slowBodies, { count: 500, hold_ms: 0 }],
  [slow.heldBodies, { count: 300, hold_ms: 0 }],
  [slow.deafExports, { count: 200, hold_ms: 15_000 }],
  [slow.deafPages, { count: 200, hold_ms: 15_000 }],
  [slow.deafOpenings, { count: 200, hold_ms: 15_000 }],
  [slow.deafTails, { count: 64, hold_ms: 15_000 }],
  [lie.lyingLengths, { count: 440, hold_ms: 0 }],
  [lie.bombs, { count: 240, hold_ms: 0 }],
  [lie.hostileShapes, { count: 72, hold_ms: 0 }],
  [lie.hostileHeads, { count: 360, hold_ms: 0 }],
  [flood.eventFlood, { count: 600, hold_ms: 0 }],
  [flood.searchFlood, { count: 3000, hold_ms: 0 }],
  [flood.slowSearches, { count: 40, hold_ms: 20_000 }],
  [flood.strangers, { count: 2000, hold_ms: 0 }],
  [flood.churn, { count: 20_000, hold_ms: 0 }],
  [flood.halfClosed, { count: 400, hold_ms: 5_000 }],
  [flood.pipelines, { count: 5000, hold_ms: 0 }],
  [flood.tails, { count: 100, hold_ms: 0 }],
];

const MIB = 1024 * 1024;

const HELP = `npm run test:hostile [-- options]

  --only WORDS  attacks whose description holds these words
  --help        this text

Puts a whole run into bench/results/hostile.json and bench/CRASH.md. Ends with 1 where a polite
client was answered wrongly, memory or handles grew, or an acknowledged event was lost.

  npm run test:hostile -- --only gzip`;

async function main(): Promise<void> {
  const options = { only: { type: 'string' }, help: { type: 'boolean' } } as const;
  const { values } = parseArgs({ options });
  if (values.help) return console.log(HELP);
  const chosen = FULL.filter(([{ what }]) => what.includes(values.only ?? ''));
  if (chosen.length === 0) {
    console.error(`No attack holds "${values.only}".`);
    console.error(FULL.map(([{ what }]) => `  ${what}`).join('\n'));
    process.exitCode = 2;
    return;
  }
  const rows: Row[] = [];
  const ground = await openGround();
  for (const [attack, size] of chosen) {
    const outcome = await under(ground, attack, size);
    rows.push(rowOf(outcome));
    console.log(JSON.stringify(rows.at(-1)));
  }
  const { lost, doubled, verifies, code, errors } = await ground.finish();
  const sound = verifies && code === 0 && errors === '';
  rows.push({
    what: 'acknowledged events after all of it',
    count: ground.acknowledged.size,
    result: `${lost} lost, ${doubled} doubled, trail ${verifies ? 'verifies' : 'does not verify'}`,
    found: sound ? '' : `exit ${code} ${errors.slice(0, 500)}`,
  });
  console.log(JSON.stringify(rows.at(-1)));
  if (values.only === undefined) writeElsewhere('hostile', rows);
  if (rows.some(({ found }) => found !== '') || lost + doubled > 0) process.exitCode = 1;
}

type Row = { what: string; count: number; result: string; found: string };

function rowOf(outcome: Outcome): Row {
  const { what, count, before, during, after, peak_bytes, calm_bytes, handles_left } = outcome;
  const result = [
    `polite client ${shown(before)} before, ${shown(during)} during, ${shown(after)} after`,
    `memory ${mib(calm_bytes)} before, at most ${mib(peak_bytes)}`,
  ];
  const wrong = [...before.wrong, ...during.wrong, ...after.wrong];
  const found = [
    ...(outcome.failure ? [outcome.failure] : []),
    ...(wrong.length > 0 ? [`${wrong.length} wrong answers: ${wrong[0]}`] : []),
    ...(after.refused > 0 ? [`${after.refused} refused afterwards`] : []),
    ...(handles_left > 0 ? [`${handles_left} handles stay open`] : []),
    ...(peak_bytes > MOST_BYTES ? ['too much memory'] : []),
  ];
  return { what, count, result: result.join('; '), found: found.join('; ') };
}

/** What the server and its readers may take under any attack. */
const MOST_BYTES = 1024 * MIB;

function shown({ took, refused }: Polite): string {
  const sorted = took.toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(0);
  const no = refused === 0 ? '' : `, ${refused} asked to come again`;
  return `p50 ${at(0.5)} / max ${at(1)} ms of ${took.length}${no}`;
}

function mib(bytes: number): string {
  return `${Math.round(bytes / MIB)} MiB`;
}

if (import.meta.main) {
  // The server goes with whoever began it.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  await main();
}
