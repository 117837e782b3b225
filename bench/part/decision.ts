/** How long a decision takes over HTTP, from request to durable answer, at 500 requests a second. */

import { callOf } from '../corpus/action.ts';
import { spread } from '../measure.ts';
import { paced } from '../paced.ts';
import { startMeter } from '../process.ts';
import { type Server, whole } from '../server.ts';
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
  await paced(WARM_UP, PER_MS, (i) => decide(server, i));
  const spent = startMeter({ server: server.cpu_s });
  const { took, late } = await paced(REQUESTS, PER_MS, (i) => decide(server, WARM_UP + i));
  ground.note('decision', {
    values: { ...spread(took), client_late_p99: spread(late)['p99'] ?? 0 },
    cpu_s: spent(),
  });
  await server.caughtUp();
}

async function decide(server: Server, i: number): Promise<void> {
  const body = Buffer.from(JSON.stringify({ ...callOf(i), call_id: `bench-${i}` }));
  const answer = await server.post('/v1/actions/validate', body);
  const { outcome } = JSON.parse(whole('/v1/actions/validate', answer)) as { outcome?: string };
  if (outcome === undefined) throw new Error('An answer without an outcome.');
}
