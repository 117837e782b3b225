/** The SDK against the real server: what an agent records arrives once, also across an absence. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { connect, renderTimeline } from '../../src/sdk/sdk.ts';
import { openServer } from '../../src/server/server.ts';
import { openCredentials } from '../../src/trail/credential.ts';
import { newPlace } from '../trail/place.ts';

const place = newPlace();
const spool = mkdtempSync(join(tmpdir(), 'claw-spool-'));
after(async () => {
  await place.clear();
  rmSync(spool, { recursive: true, force: true });
});

async function serve(port: number) {
  const trail = await place.open();
  const path = join(place.data, 'credentials.json');
  const credentials = await openCredentials({ path, now: Date.now, entropy: randomBytes });
  const server = await openServer({ trail, credentials, version: 'test', port });
  const stop = async () => {
    await server.close();
    await trail.close();
  };
  return { trail, credentials, server, stop };
}

test('a wrapped tool, a session and audit_log, while the server goes and comes back', async () => {
  const first = await serve(0);
  const { port, url } = first.server;
  const { token } = await first.credentials.create({ name: 'all', role: 'admin', tenant: 'acme' });
  const claw = connect({ url, token, spool, limits: { backoff_ms: 200 } });
  const session = claw.session({ agent: 'support', user: 'jane' });
  session.prompt('Write to the vendor');
  const send = claw.wrapTool(async (to: string) => ({ sent: to }), { name: 'send_email', session });
  assert.deepEqual(await send('support@vendor.com'), { sent: 'support@vendor.com' });
  assert.deepEqual(await claw.flush(), { unsent: 0 });
  await first.stop();

  for (let i = 0; i < 200; i++) session.api_call({ destination: 'api.example.com', bytes: i });
  await claw.flush({ timeout_ms: 500 });
  const second = await serve(port);
  session.output('Done.');
  while (claw.status().delivered < claw.status().recorded) await claw.flush({ timeout_ms: 500 });

  const { session_id } = session;
  const { count } = await second.trail.count({ tenant: 'acme', query: 'type:api_call' });
  assert.equal(count, 200);
  const entries = await claw.audit_log({ session_id, limit: 500 });
  assert.equal(entries.length, 204);
  const email = entries.find(({ tool }) => tool === 'send_email');
  assert.equal(email?.status, 'success');
  assert.match(renderTimeline(email), /send_email/);
  assert.equal(claw.status().dropped, 0);
  await claw.close();
  await second.stop();
});
