/** The plugins against a real server: what is asked, decided, approved and recorded. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Installer } from '../../src/adapter/installer.ts';
import { INSTALLERS } from '../../src/adapter/installer-menu.ts';
import type { Approval } from '../../src/policy/lifecycle.ts';
import type { Row } from '../../src/trail/trail.ts';
import { openRig, type Rig } from '../cli/rig.ts';

const PLUGINS = join(import.meta.dirname, '..', '..', 'plugins');
const RUNTIMES = ['openclaw', 'opencode'] as const;
type Name = (typeof RUNTIMES)[number];

let rig: Rig;
const home = process.env['HOME'];

before(async () => {
  rig = await openRig();
  process.env['HOME'] = rig.root;
  delete process.env['XDG_CONFIG_HOME'];
  const { token } = (await call('/v1/tokens', { name: 'plugins', role: 'recorder' })) as {
    token: string;
  };
  const tokens = { [rig.url]: { openclaw: token, opencode: token } };
  mkdirSync(join(rig.root, '.config', 'claw'), { recursive: true });
  const file = join(rig.root, '.config', 'claw', 'tokens.json');
  writeFileSync(file, JSON.stringify({ version: 1, tokens }));
});

after(async () => {
  process.env['HOME'] = home;
  await rig.close();
});

async function call(path: string, body?: object): Promise<unknown> {
  const headers = { authorization: `Bearer ${rig.token}`, 'content-type': 'application/json' };
  const post = body && { method: 'POST', body: JSON.stringify(body) };
  const answer = await fetch(`${rig.url}${path}`, { headers, ...post });
  const text = await answer.text();
  assert.ok(answer.ok, `${path}: ${text}`);
  return JSON.parse(text);
}

/** A session that may read alone; anything else is denied or needs approval. */
function restricted(session_id: string, on_violation: 'deny' | 'escalate') {
  const task = { session_id, goal: 'Read.', scope: { actions: ['read'] }, on_violation };
  return call('/v1/tasks', task);
}

type Handler = (...args: readonly unknown[]) => Promise<unknown>;

/** The plugin as installed: gives back what asks before a call of the shell. */
async function loaded(runtime: Name, wait_s: number) {
  const installer = INSTALLERS.find((one) => one.runtime === runtime) as Installer;
  const folder = join(rig.root, `${runtime}-${wait_s}`);
  const paths = installer.paths({ scope: 'user', home: folder, project: folder, env: {} });
  const sources = installer.sources.map((name) => [
    name,
    readFileSync(join(PLUGINS, name), 'utf8'),
  ]);
  const enforcement = { mode: 'enforce', wait_s } as const;
  const options = { server: rig.url, token: '', shim: 'clawctl', paths, enforcement };
  const texts = installer.install({}, { ...options, sources: Object.fromEntries(sources) });
  for (const [name, path] of Object.entries(paths)) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, texts[name] ?? '');
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  if (runtime === 'opencode') {
    const { Claw } = (await import(paths['plugin'] ?? '')) as {
      Claw: (project: object) => Promise<Record<string, Handler>>;
    };
    const hooks = await Claw({ directory: '/work' });
    return async (session: string, id: string, command = `echo ${id}`) => {
      const input = { tool: 'bash', sessionID: session, callID: id };
      try {
        await hooks['tool.execute.before']?.(input, { args: { command } });
        return undefined;
      } catch (error) {
        return (error as Error).message;
      }
    };
  }
  const { register } = (await import(paths['recorder'] ?? '')) as {
    register: (api: object) => void;
  };
  const { config } = JSON.parse(texts['config'] ?? '').plugins.entries.claw;
  let ask: Handler | undefined;
  const on = (name: string, handler: Handler, options?: { priority?: number }) => {
    if (name === 'before_tool_call' && options?.priority === 1000) ask = handler;
  };
  register({ pluginConfig: config, on });
  return async (session: string, id: string, command = `echo ${id}`) => {
    const event = { toolName: 'exec', params: { command }, toolCallId: id };
    const answer = (await ask?.(event, { sessionId: session })) as { blockReason?: string };
    return answer?.blockReason;
  };
}

async function rowsOf(session: string, count: number): Promise<readonly Row[]> {
  for (;;) {
    const path = `/v1/events?query=${encodeURIComponent(`session_id:"${session}"`)}&order=oldest`;
    const { events } = (await call(path)) as { events: readonly Row[] };
    if (events.length >= count) return events;
    await pause(50);
  }
}

const told = (rows: readonly Row[]) =>
  rows.map(({ type, tool, status, decision }) => [
    type,
    type === 'tool_call' ? status : tool,
    decision?.outcome,
    decision?.by,
  ]);

for (const runtime of RUNTIMES) {
  suite(`the ${runtime} plugin and the server`, () => {
    test('a permitted call is recorded with its decision, and is still to come', async () => {
      const ask = await loaded(runtime, 0);
      const session = `${runtime}-free`;
      assert.equal(await ask(session, 'one'), undefined);
      const rows = await rowsOf(session, 2);
      assert.deepEqual(told(rows), [
        ['tool_call', 'pending', undefined, undefined],
        ['decision', 'validate_action', 'permit', 'policy'],
      ]);
    });

    test('a denied call is recorded as blocked, with who denied it and why', async () => {
      const session = `${runtime}-denied`;
      await restricted(session, 'deny');
      const ask = await loaded(runtime, 0);
      assert.match((await ask(session, 'two')) ?? '', /^Claw blocked this call/);
      const rows = await rowsOf(session, 3);
      assert.deepEqual(told(rows).slice(1), [
        ['tool_call', 'blocked', 'deny', 'policy'],
        ['decision', 'validate_action', 'deny', 'policy'],
      ]);
    });

    test('an escalated call waits, and runs at once when it is approved', async () => {
      const session = `${runtime}-approved`;
      await restricted(session, 'escalate');
      const ask = await loaded(runtime, 60);
      const answer = ask(session, 'three');
      const { approval_id } = await awaited(session);
      await call(`/v1/approvals/${approval_id}/approve`, { reason: 'It only prints.' });
      assert.equal(await answer, undefined);
      const rows = await rowsOf(session, 6);
      assert.deepEqual(told(rows).slice(1), [
        ['tool_call', 'pending', undefined, undefined],
        ['decision', 'validate_action', 'escalate', 'policy'],
        ['approval', 'request_approval', 'escalate', 'policy'],
        ['approval', 'approve', 'permit', 'human'],
        ['decision', 'validate_action', 'permit', 'policy'],
      ]);
    });

    test('an escalated call that is denied tells the agent by whom, and why', async () => {
      const session = `${runtime}-refused`;
      await restricted(session, 'escalate');
      const ask = await loaded(runtime, 60);
      const answer = ask(session, 'four');
      const { approval_id } = await awaited(session);
      await call(`/v1/approvals/${approval_id}/deny`, { reason: 'Not today.' });
      assert.match((await answer) ?? '', /denied it: Not today\./);
      const [, first] = await rowsOf(session, 6);
      assert.deepEqual([first?.status, first?.decision?.by], ['blocked', 'human']);
    });

    test('an escalated call that nobody decides is blocked; once approved, it runs once', async () => {
      const session = `${runtime}-unanswered`;
      await restricted(session, 'escalate');
      const ask = await loaded(runtime, 0.5);
      assert.match((await ask(session, 'five')) ?? '', /Nobody decided within 0\.5 s/);
      const { approval_id } = await awaited(session);
      const blocked = async () =>
        (await rowsOf(session, 4)).find(({ type }) => type === 'tool_call');
      while ((await blocked())?.status !== 'blocked') await pause(50);
      assert.equal((await blocked())?.decision?.by, 'config');
      await call(`/v1/approvals/${approval_id}/approve`, { reason: 'Late, but yes.' });
      assert.match((await ask(session, 'six', 'echo other')) ?? '', /needs approval/);
      assert.equal(await ask(session, 'seven', 'echo five'), undefined);
      assert.match((await ask(session, 'eight', 'echo five')) ?? '', /needs approval/, 'once');
    });
  });
}

async function awaited(session: string): Promise<Approval> {
  for (;;) {
    const path = `/v1/approvals?state=pending&session_id=${session}`;
    const { approvals } = (await call(path)) as { approvals: readonly Approval[] };
    if (approvals[0]) return approvals[0];
    await pause(20);
  }
}
