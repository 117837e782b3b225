// Sends what a plugin left on the disk when its agent ended: drain.js RUNTIME SERVER [TOKENS].
import { openSender } from './sender.js';

const LIMIT_MS = 30_000;
const [, , runtime = '', server = '', tokens = ''] = process.argv;
if (/^[a-z0-9-]{1,64}$/.test(runtime) && URL.canParse(server)) {
  await openSender({ runtime, server, tokens }).flush(LIMIT_MS);
}
