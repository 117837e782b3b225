/** A server process with limits of the test's own: `child.ts <data> <limits as JSON>`. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { openServer } from '../../src/server/server.ts';
import { loadConfig } from '../../src/trail/config.ts';
import { openCredentials } from '../../src/trail/credential.ts';
import { openTrail } from '../../src/trail/open.ts';

const [data = '', limits = '{}'] = process.argv.slice(2);
const now = Date.now;
const given = JSON.parse(limits);
const config = loadConfig({ flags: { data, ...given.config }, env: {} });
const trail = await openTrail({ config, version: 'test', now, onFault: console.error });
const path = join(data, 'credentials.json');
const credentials = await openCredentials({ path, now, entropy: randomBytes });
const server = await openServer({
  ...{ trail, credentials, version: 'test', port: 0 },
  limits: given.limits,
});
console.log(JSON.stringify({ url: server.url, token: credentials.token }));
process.once('SIGTERM', async () => {
  await server.close();
  await trail.close();
});
