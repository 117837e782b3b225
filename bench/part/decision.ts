/** How long a decision takes over HTTP, from request to durable answer, at 500 requests a second. */

import { callOf } from '../corpus/action.ts';
import { settledDisk } from '../disk.ts';
import { median, spread, type Values } from '../measure.ts';
import { paced } from '../paced.ts';
import { startMeter } from '../process.ts';
import { openWire } from '../wire.ts';
import type { Ground, Part } from './part.ts';

const PER_MS = 0.5;
/** Of one round; a disk or a host that stalls spoils a round, and is shown as `max` and `worst`. */
const REQUESTS = 3000;
const ROUNDS = 9;
/** Before those that are measured: connections are made, and code is compiled. */
const WARM_UP = 1000;

export const decision: Part = {
  name: 'decision',
  about: 'validate_action at 500 requests/s with the starter policies, each recorded',
  run: async (ground) => measure(ground),
};

async function measure(ground: Ground): Promise<void> {
  const server = await ground.serving();
  const wire = openWire(server);
  const requests = Array.from({ length: WARM_UP + ROUNDS * REQUESTS }, (_, i) =>
    wire.ready('/v1/actions/validate', JSON.stringify({ ...callOf(i), call_id: `bench-${i}` })),
  );
  const answers: Buffer[] = [];
  const decide = async (i: number) => answers.push(await wire.send(requests[i] as Buffer));
  const disk = await settledDisk(ground.folder);
  await paced(WARM_UP, PER_MS, decide);
  const spent = startMeter({ server: server.cpu_s });
  const rounds: Values[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const from = WARM_UP + round * REQUESTS;
    rounds.push(spread((await paced(REQUESTS, PER_MS, (i) => decide(from + i))).took));
  }
  const cpu_s = spent();
  await wire.close();
  for (const answer of answers) {
    const { outcome } = JSON.parse(answer.toString()) as { outcome?: string };
    if (outcome === undefined) throw new Error('An answer without an outcome.');
  }
  ground.note('decision', { values: ofRounds(rounds), cpu_s });
  ground.notePeer('disk', 'decision', { values: spread(disk) });
  await server.caughtUp();
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
