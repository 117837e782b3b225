/** How long a decision takes over HTTP, from request to durable answer, at 500 requests a second. */

import { callOf } from '../corpus/action.ts';
import { spread } from '../measure.ts';
import { paced } from '../paced.ts';
import { startMeter } from '../process.ts';
import { openWire } from '../wire.ts';
import type { Ground, Part } from './part.ts';

const PER_MS = 0.5;
const REQUESTS = 5000;
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
  const requests = Array.from({ length: WARM_UP + REQUESTS }, (_, i) =>
    wire.ready('/v1/actions/validate', JSON.stringify({ ...callOf(i), call_id: `bench-${i}` })),
  );
  const answers: Buffer[] = [];
  const decide = async (i: number) => answers.push(await wire.send(requests[i] as Buffer));
  await paced(WARM_UP, PER_MS, decide);
  const spent = startMeter({ server: server.cpu_s });
  const { took, late } = await paced(REQUESTS, PER_MS, (i) => decide(WARM_UP + i));
  const cpu_s = spent();
  await wire.close();
  for (const answer of answers) {
    const { outcome } = JSON.parse(answer.toString()) as { outcome?: string };
    if (outcome === undefined) throw new Error('An answer without an outcome.');
  }
  ground.note('decision', {
    values: { ...spread(took), client_late_p99: spread(late)['p99'] ?? 0 },
    cpu_s,
  });
  await server.caughtUp();
}
