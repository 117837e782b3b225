/** How long a decision takes over HTTP, from request to durable answer, at 500 requests a second. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { callOf } from '../corpus/action.ts';
import { settledDisk } from '../disk.ts';
import { median, spread, type Values } from '../measure.ts';
import { paced } from '../paced.ts';
import { startMeter } from '../process.ts';
import type { Server } from '../server.ts';
import { openWire } from '../wire.ts';
import type { Ground, Part } from './part.ts';

const PER_MS = 0.5;
/** Of one round; a disk or a host that stalls spoils a round, and is shown as `max` and `worst`. */
const REQUESTS = 3000;
const ROUNDS = 9;
const BARE_ROUNDS = 3;
/** Before those that are measured: connections are made, and code is compiled. */
const WARM_UP = 1000;

export const decision: Part = {
  name: 'decision',
  about: 'validate_action at 500 requests/s with the starter policies, each recorded',
  run: async (ground) => {
    const server = await ground.serving();
    const disk = await settledDisk(ground.folder);
    const bare = await measureBare(ground);
    const spent = startMeter({ server: server.cpu_s });
    ground.note('decision', { values: await measure(server, ROUNDS), cpu_s: spent() });
    ground.notePeer('disk', 'decision', { values: spread(disk) });
    ground.notePeer('node', 'decision', { values: bare });
    await server.caughtUp();
  },
};

async function measure(server: Pick<Server, 'url' | 'token'>, count: number): Promise<Values> {
  const wire = openWire(server);
  const requests = Array.from({ length: WARM_UP + count * REQUESTS }, (_, i) =>
    wire.ready('/v1/actions/validate', JSON.stringify({ ...callOf(i), call_id: `bench-${i}` })),
  );
  const answers: Buffer[] = [];
  const decide = async (i: number) => answers.push(await wire.send(requests[i] as Buffer));
  await paced(WARM_UP, PER_MS, decide);
  const rounds: Values[] = [];
  for (let round = 0; round < count; round++) {
    const from = WARM_UP + round * REQUESTS;
    rounds.push(spread((await paced(REQUESTS, PER_MS, (i) => decide(from + i))).took));
  }
  await wire.close();
  for (const answer of answers) {
    const { outcome } = JSON.parse(answer.toString()) as { outcome?: string };
    if (outcome === undefined) throw new Error('An answer without an outcome.');
  }
  return ofRounds(rounds);
}

/** The median round's percentiles, and what the worst round had. */
function ofRounds(rounds: readonly Values[]): Values {
  const all = (name: string) => rounds.map((round) => round[name] ?? 0);
  const middle = (name: string) => median(all(name))['value'] ?? 0;
  return {
    ...{ p50: middle('p50'), p95: middle('p95'), p99: middle('p99'), max: Math.max(...all('max')) },
    ...{ best_p99: Math.min(...all('p99')), worst_p99: Math.max(...all('p99')) },
    ...{ samples: REQUESTS, rounds: rounds.length },
  };
}

/** What this machine, its disk and this client make of a server that does nothing else. */
async function measureBare({ folder }: Ground): Promise<Values> {
  const script = join(import.meta.dirname, '..', 'peer', 'bare-server.ts');
  const child: ChildProcess = spawn(process.execPath, [script, join(folder, 'bare.log')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [chunk] = await once(child.stdout as NodeJS.ReadableStream, 'data');
    return await measure(JSON.parse(String(chunk)) as Pick<Server, 'url' | 'token'>, BARE_ROUNDS);
  } finally {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}
