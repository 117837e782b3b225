// Sends what a plugin left on the disk when its agent ended: drain.js RUNTIME SERVER TOKENS [PID].
import { setTimeout as pause } from 'node:timers/promises';
import { lives, openSender } from './sender.js';

const LIMIT_MS = 30_000;
/** What the agent was sending when it ended is given back when it is gone: it goes first. */
const AGENT_MS = 3000;
const [, , runtime = '', server = '', tokens = '', agent = ''] = process.argv;
if (/^[a-z0-9-]{1,64}$/.test(runtime) && URL.canParse(server)) {
  const until = Date.now() + AGENT_MS;
  while (/^\d{1,9}$/.test(agent) && lives(Number(agent)) && Date.now() < until) await pause(10);
  await openSender({ runtime, server, tokens }).flush(LIMIT_MS);
}
