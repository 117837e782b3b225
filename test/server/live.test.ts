/** The real Claude Code against the real server: what it did is what the timeline tells. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openServer } from '../../src/server/server.ts';
import { openCredentials } from '../../src/trail/credential.ts';
import { labMissing, playSession } from '../adapter/lab.ts';
import { newPlace, verified } from '../trail/place.ts';

const place = newPlace();
const folder = mkdtempSync(join(tmpdir(), 'claw-live-'));
after(async () => {
  await place.clear();
  rmSync(folder, { recursive: true, force: true });
});

test('a real session is recorded whole by the server and verifies', {
  skip: labMissing(),
}, async () => {
  const trail = await place.open();
  const path = join(place.data, 'credentials.json');
  const credentials = await openCredentials({ path, now: Date.now, entropy: randomBytes });
  const { token } = await credentials.create({ name: 'hooks', role: 'recorder', tenant: 'acme' });
  const server = await openServer({ trail, credentials, version: 'test', port: 0 });
  const prompt = 'Go on [[script:full]]';
  const played = await playSession({ folder, server: server.url, token, prompt });
  assert.equal(played.code, 0, played.errors);
  const request = { tenant: 'acme', session_id: played.session_id, limit: 1000 };
  const { session, events } = await trail.timeline(request);
  const calls = events.filter(({ type }) => type === 'tool_call');
  assert.deepEqual(new Set(calls.map(({ call_id }) => call_id)), played.tool_use_ids);
  assert.ok(calls.every(({ status }) => status !== 'pending'));
  assert.ok(calls.some(({ status }) => status === 'blocked'));
  assert.ok(events.some(({ type, content }) => type === 'prompt' && content === prompt));
  assert.ok(events.some(({ type, content }) => type === 'output' && content?.includes('42')));
  assert.equal(session.ended, true);
  await server.close();
  await trail.close();
  assert.ok((await verified(place.data)).ok);
});
