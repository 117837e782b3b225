/** `npm run soak`: an hour of steady load with searches beside it; says what grew, if anything. */
import { mkdirSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCall, refuse } from './flag.ts';
import { workFolder } from './folder.ts';
import { grouped } from './progress.ts';
import { machine, RESULTS, revision } from './result.ts';
import { clawctl, type Place, type Server, startServer } from './server.ts';
import { startLoad } from './soak/load.ts';
import { failures, type Soak } from './soak/soak.ts';
import { trendsOf } from './soak/trend.ts';
import { watch } from './soak/watch.ts';

/** Bytes on disk for an event, generously. */
const EVENT_BYTES = 3000;

const { flags } = readCall({ minutes: '60', rate: '5000', data: '' }, help());

process.exitCode = await run(Number(flags.minutes), Number(flags.rate));

async function run(minutes: number, rate: number): Promise<number> {
  if (!(minutes > 0 && rate >= 100)) {
    return refuse('--minutes must be above 0, and --rate at least 100.');
  }
  const folder = workFolder(flags.data, 'soak');
  const { bsize, bavail } = statfsSync(folder);
  const needed = minutes * 60 * rate * EVENT_BYTES;
  if (bsize * bavail < needed) {
    const [want, have] = [needed, bsize * bavail].map((size) => Math.ceil(size / 1e9));
    console.error(`This needs about ${want} GB in ${folder}, where ${have} GB are free.`);
    return 3;
  }
  const place = { trail: join(folder, 'trail'), home: join(folder, 'home') };
  return report(await soak(place, minutes, rate));
}

async function soak(place: Place, minutes: number, rate: number): Promise<Soak> {
  const server = await startServer(place);
  let found: Omit<Soak, 'verified'>;
  try {
    const load = startLoad({ server, seconds: minutes * 60, rate });
    const samples = await watch(server, load);
    await server.caughtUp();
    const counted = await countAll(server, [...load.acknowledged().keys()]);
    const acknowledged = [...load.acknowledged().values()].reduce((sum, count) => sum + count, 0);
    found = {
      ...{ minutes, rate, acknowledged, counted },
      ...{ at: new Date().toISOString(), revision: revision(), machine: machine() },
      ...load.total(),
      trends: trendsOf(samples),
      samples,
    };
  } finally {
    await server.stop();
  }
  console.log('verifying …');
  const { text } = await clawctl(place, ['verify', place.trail, '--json']);
  const { tenants } = JSON.parse(text) as { tenants: { entries: number }[] };
  return { ...found, verified: tenants.reduce((sum, tenant) => sum + tenant.entries, 0) };
}

/** Events of the tenants, less what the recorder says of itself, which stands alone in rows. */
async function countAll(server: Server, tenants: readonly string[]): Promise<number> {
  let counted = 0;
  for (const tenant of tenants) {
    const parameters = new URLSearchParams({ tenant, query: 'session:claw OR session:claw:*' });
    const answer = JSON.parse(await server.get(`/v1/count?${parameters}`)) as Counted;
    if (!answer.read_to.complete) throw new Error(`The index of ${tenant} lags behind.`);
    counted += answer.read_to.recorded - answer.count;
  }
  return counted;
}

type Counted = {
  readonly count: number;
  readonly read_to: { readonly recorded: number; readonly complete: boolean };
};

function report(soaked: Soak): number {
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, 'soak.json'), linesOf(soaked));
  for (const { of, mean, rise, noise, tolerance, grew } of soaked.trends) {
    const text = `mean ${mean}, rise ${rise} (noise ${noise}, tolerance ${tolerance})`;
    console.log(`${of.padEnd(8)} ${text}: ${grew ? 'GREW' : 'steady'}`);
  }
  const { acknowledged, counted, verified } = soaked;
  console.log(`acknowledged ${grouped(acknowledged)}, in the trail ${grouped(counted)},`);
  console.log(`verified ${grouped(verified)} entries, the recorder’s own among them`);
  const failed = failures(soaked);
  console.log(failed.length === 0 ? 'PASSED: nothing grew.' : `FAILED: ${failed.join('; ')}.`);
  return failed.length === 0 ? 0 : 1;
}

/** A sample a line, for diffs that people can read. */
function linesOf({ samples, ...rest }: Soak): string {
  const lines = samples.map((sample) => `    ${JSON.stringify(sample)}`).join(',\n');
  const head = JSON.stringify(rest, null, 2).slice(0, -2);
  return `${head},\n  "samples": [\n${lines}\n  ]\n}\n`;
}

function help(): string {
  return `npm run soak [-- [--minutes N] [--rate N] [--data FOLDER]]

Records events at a steady rate with searches beside it, and looks every ten seconds at memory,
heap, file handles, index lag, event loop and latencies. Fails (exit 1) where memory, handles or
lag grew in the second half, or where an acknowledged event is not in the trail at the end.
Results go to bench/results/soak.json; npm run bench -- report renders them.

  --minutes N    how long; 60 where not given
  --rate N       events a second; 5000 where not given
  --data FOLDER  keeps the trail; a temporary folder where not given

  npm run soak -- --minutes 5 --rate 2000`;
}
