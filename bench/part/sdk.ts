/** What record() costs the agent, in a process of its own, with the server up and away. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Values } from '../measure.ts';
import type { Ground, Part } from './part.ts';

const SCRIPT = join(import.meta.dirname, '..', 'sdk-record.ts');
/** Nothing listens on the discard port of the loopback. */
const AWAY = 'http://127.0.0.1:9';

export const sdk: Part = {
  name: 'sdk',
  about: 'record() in the agent’s process, busy and idle, server up and away',
  run: async (ground) => {
    const server = await ground.serving();
    await measure(ground, 'sdk.up', { CLAW_URL: server.url, CLAW_TOKEN: server.token });
    await measure(ground, 'sdk.away', { CLAW_URL: AWAY, CLAW_TOKEN: 'none' });
  },
};

async function measure(ground: Ground, id: string, env: NodeJS.ProcessEnv): Promise<void> {
  const options = { env: { ...process.env, ...env } };
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT], options);
  const { busy, idle, dropped } = JSON.parse(stdout) as Printed;
  ground.note(id, { values: { ...busy, dropped } });
  ground.note(`${id}_idle`, { values: idle });
}

type Printed = { readonly busy: Values; readonly idle: Values; readonly dropped: number };
