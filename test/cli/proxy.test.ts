import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { after, before, suite, test } from 'node:test';
import { startUpstream, type Upstream } from '../proxy/upstream.ts';
import { openRig, type Rig } from './rig.ts';

const ANSWER = JSON.stringify({
  id: 'msg_1',
  type: 'message',
  model: 'claude-x',
  content: [{ type: 'tool_use', id: 'toolu_cli', name: 'Bash', input: { command: 'ls' } }],
  stop_reason: 'tool_use',
  usage: { input_tokens: 3, output_tokens: 4 },
});

suite('clawctl', () => {
  let rig: Rig;
  let upstream: Upstream;
  before(async () => {
    rig = await openRig();
    upstream = await startUpstream((_, response) => response.end(ANSWER));
  });
  after(async () => {
    await upstream.close();
    await rig.close();
  });

  test('model-proxy says what to export, records, and says what it did', async () => {
    const args = ['model-proxy', '--port', '0', '--anthropic', upstream.url];
    const running = rig.start([...args, '--session', 'from-cli']);
    const said = await running.said('out', /ANTHROPIC_BASE_URL=\S+/);
    const url = /ANTHROPIC_BASE_URL=(\S+)/.exec(said)?.[1] ?? '';
    assert.match(said, /OPENAI_BASE_URL=\S+\/v1 GOOGLE_GEMINI_BASE_URL=/);
    const body = JSON.stringify({ model: 'claude-x', messages: [{ role: 'user', content: 'hi' }] });
    const headers = { 'x-api-key': 'sk-ant-secret' };
    const response = await fetch(`${url}/v1/messages`, { method: 'POST', headers, body });
    assert.equal(await response.text(), ANSWER);
    running.child.kill('SIGTERM');
    const { code, err } = await running.done;
    assert.equal(code, 0);
    assert.match(err, /Exchanges: 1 watched, 0 of them not in full; 0 others passed/);
    const found = await rig.run(['logs', 'search', '--query', 'session_id:from-cli', '--json']);
    assert.match(found.out, /toolu_cli/);
    assert.doesNotMatch(found.out, /sk-ant-secret/);
  });

  test('egress-proxy denies what it is told to, and records it as blocked', async () => {
    const running = rig.start(['egress-proxy', '--port', '0', '--deny', 'loopback']);
    const said = await running.said('out', /HTTPS_PROXY=\S+/);
    const { port } = new URL(/HTTPS_PROXY=(\S+)/.exec(said)?.[1] ?? '');
    const outgoing = httpRequest({ host: '127.0.0.1', port, path: `${upstream.url}/denied` });
    outgoing.setHeader('proxy-authorization', `Basic ${btoa('egress-cli:x')}`);
    const status = await new Promise((resolve, reject) => {
      outgoing.on('response', (answer) => resolve(answer.resume().statusCode)).on('error', reject);
      outgoing.end();
    });
    assert.equal(status, 403);
    running.child.kill('SIGTERM');
    assert.match((await running.done).err, /0 passed, 1 denied, 0 failed/);
    const query = 'session_id:egress-cli status:blocked';
    const { out } = await rig.run(['logs', 'search', '--query', query, '--json']);
    assert.match(out, /loopback is denied/);
  });

  test('a proxy without an upstream that is one, or with a rule that is none, does not start', async () => {
    const bad = await rig.run(['model-proxy', '--openai', 'ftp://x', '--json']);
    assert.equal(bad.code, 2);
    assert.match(bad.err, /usage\.invalid/);
    assert.equal((await rig.run(['egress-proxy', '--allow', 'a b'])).code, 2);
  });
});
