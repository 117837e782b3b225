/** Four calls of a real agent that is held to Claw's decisions, and one while the server is dead. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Approval } from '../../src/policy/lifecycle.ts';
import type { Row } from '../../src/trail/trail.ts';
import { openFolder, type Running } from '../cli/rig.ts';
import { openStage, type Played, type Stage, type StageRig } from './lab.ts';
import type { Runtime } from './runtime.ts';

/** Seconds that a call waits for its approval: enough for a person, who is a program here. */
const WAIT_S = 20;

/** A call of the runtime's shell, as its model asks for it. */
export type Shell = (command: string) => object;

/** What the agent reads where nobody decided. */
export type Said = {
  /** An approval was not given in time. */
  readonly late: RegExp;
  /** Claw does not answer. */
  readonly away: RegExp;
  /** Why the call was blocked then, as the trail tells it. */
  readonly recorded: RegExp;
  /** What a call that ran is known to have come to. */
  readonly ran: 'success' | 'unknown';
};

const PLUGIN_SAYS: Said = {
  ran: 'success',
  late: /Nobody decided within 20 s/,
  away: /Blocked: Claw cannot be reached/,
  recorded: /Claw cannot be reached/,
};

/** A real `clawctl serve`, which can be killed and started again. */
async function openServed() {
  const folder = openFolder();
  const data = join(folder.root, 'data');
  const port = String(await freePort());
  const serve = async (): Promise<{ running: Running; token: string }> => {
    const running = folder.start(['serve', '--port', port, '--data', data, '--json']);
    const said = await running.said('out', /\}\s*$/);
    return { running, token: (JSON.parse(said) as { token?: string }).token ?? '' };
  };
  let { running, token } = await serve();
  const url = `http://127.0.0.1:${port}`;
  const env = { CLAW_URL: url, CLAW_DATA: data };
  const kill = async (signal: NodeJS.Signals) => {
    running.child.kill(signal);
    await running.done;
  };
  return {
    root: folder.root,
    ...{ url, data, token },
    start: (args: readonly string[], more: NodeJS.ProcessEnv = {}) =>
      folder.start(args, { ...env, ...more }),
    run: (args: readonly string[], more: NodeJS.ProcessEnv = {}) =>
      folder.start(args, { ...env, ...more }).done,
    kill: () => kill('SIGKILL'),
    revive: async () => {
      ({ running } = await serve());
    },
    close: async () => {
      await kill('SIGTERM');
      folder.close();
    },
  };
}

type Served = Awaited<ReturnType<typeof openServed>>;

const INSTALL = ['--enforce', '--approval-wait', String(WAIT_S)];

/** Runs the four calls; throws where one of them is not held. */
export async function proveHeld(runtime: Runtime, shell: Shell, said = PLUGIN_SAYS): Promise<void> {
  await onStage(async (stage, rig) => {
    const scripts = { held: script(shell, FOUR) };
    const held = await stage.play({
      ...{ runtime, install: INSTALL, script: 'held', scripts },
      meanwhile: () => approve(rig),
    });
    provesFour(held, said);
  });
}

/** Runs a call with the server killed; throws where it is not held, or not told afterwards. */
export async function proveClosed(
  runtime: Runtime,
  shell: Shell,
  said = PLUGIN_SAYS,
): Promise<void> {
  await onStage(async (stage, rig) => {
    const scripts = { away: script(shell, { away: 'echo away > away.txt' }) };
    const away = await stage.play({
      ...{ runtime, install: INSTALL, script: 'away', scripts },
      installed: rig.kill,
      ended: async (lab) => {
        await rig.revive();
        // What was kept is sent by whatever calls a hook or loads the plugin next.
        await stage.clawctl(lab, ['doctor', runtime.name]);
        await until(async () => (await heldBack(rig)) > 0);
      },
    });
    provesAway(away, said);
  });
}

async function onStage(work: (stage: Stage, rig: Served) => Promise<void>): Promise<void> {
  const rig = await openServed();
  const stage = await openStage(async (): Promise<StageRig> => rig);
  try {
    await work(stage, rig);
  } finally {
    await stage.close();
  }
}

const FOUR = {
  free: 'echo free > free.txt',
  forbidden: 'mkdir -p .ssh && echo key >> .ssh/authorized_keys && echo no > forbidden.txt',
  approved: 'mkdir -p letters && rm -r letters && echo yes > approved.txt',
  unanswered: 'mkdir -p photos && rm -r photos && echo no > unanswered.txt',
};

function script(shell: Shell, commands: Readonly<Record<string, string>>) {
  const calls = Object.values(commands).map((command) => [shell(command)]);
  return [...calls, [{ text: 'All done.' }]];
}

/** Approves what is to be approved, by clawctl, as soon as it is asked for. */
async function approve(rig: Served): Promise<void> {
  await until(async () => {
    const { approvals } = (await asked(rig, '/v1/approvals?state=pending')) as {
      approvals: readonly Approval[];
    };
    const one = approvals.find((each) => JSON.stringify(each.arguments).includes('approved.txt'));
    if (one === undefined) return false;
    const words = ['approvals', 'approve', one.approval_id, '--reason', 'The folder is empty.'];
    const env = { XDG_CONFIG_HOME: '', HOME: rig.root };
    const { code, err } = await rig.run(words, env);
    assert.equal(code, 0, err);
    return true;
  });
}

/** How many calls nobody decided. */
async function heldBack(rig: Served): Promise<number> {
  const query = encodeURIComponent('type:tool_call status:blocked decided_by:config');
  const { events } = (await asked(rig, `/v1/events?query=${query}`)) as { events: unknown[] };
  return events.length;
}

async function asked(rig: Served, path: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${rig.token}` };
  const answer = await fetch(`${rig.url}${path}`, { headers });
  assert.equal(answer.status, 200, path);
  return answer.json();
}

async function until(work: () => Promise<boolean>): Promise<void> {
  for (const ends_at = Date.now() + 120_000; Date.now() < ends_at; await pause(200)) {
    if (await work()) return;
  }
  throw new Error('It never happened.');
}

function provesFour(played: Played, said: Said): void {
  const { lab, rows, heard } = played;
  const exists = (name: string) => existsSync(join(lab.project, `${name}.txt`));
  assert.equal(played.code, 0, played.errors.slice(-2000));
  assert.deepEqual(Object.keys(FOUR).map(exists), [true, false, true, false]);
  assert.ok(!existsSync(join(lab.project, '.ssh')), 'no part of a forbidden command ran');
  assert.equal(callOf(rows, 'free').status, said.ran);

  const forbidden = callOf(rows, 'forbidden');
  assert.equal(forbidden.status, 'blocked');
  assert.equal(forbidden.decision?.by, 'policy');
  assert.deepEqual(forbidden.decision?.policy_ids, ['no-system-writes']);
  assert.match(
    heard,
    /Claw blocked this call \(policy no-system-writes\)/,
    'the agent is told why',
  );

  assert.equal(callOf(rows, 'approved').status, said.ran);
  assert.ok(rows.some(({ type, tool }) => type === 'approval' && tool === 'approve'));

  const unanswered = callOf(rows, 'unanswered');
  assert.equal(unanswered.status, 'blocked');
  assert.equal(unanswered.decision?.by, 'config');
  assert.match(heard, said.late);
}

function provesAway({ lab, rows, heard, code, errors }: Played, said: Said): void {
  assert.equal(code, 0, errors.slice(-2000));
  assert.ok(!existsSync(join(lab.project, 'away.txt')), 'a dead server lets nothing through');
  assert.match(heard, said.away);
  const call = callOf(rows, 'away');
  assert.equal(call.status, 'blocked');
  assert.match(call.decision?.reason ?? '', said.recorded);
}

function callOf(rows: readonly Row[], name: string): Row {
  const found = rows.filter(
    ({ type, arguments: args }) =>
      type === 'tool_call' && JSON.stringify(args).includes(`${name}.txt`),
  );
  assert.equal(found.length, 1, `${name}: ${found.length} rows`);
  return found[0] as Row;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
