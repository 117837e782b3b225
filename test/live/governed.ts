/** Four calls of a real agent that is held to Claw's decisions, and one while the server is dead. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, realpathSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Approval } from '../../src/policy/lifecycle.ts';
import type { Row } from '../../src/trail/trail.ts';
import { openFolder, type Running } from '../cli/rig.ts';
import { openStage, type Played, type StageRig } from './lab.ts';
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
  /** Where the next hook tells what the last ones kept, and no process of their own. */
  readonly kept?: true;
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

/** Runs the four calls, and one with the server killed; throws where one of them is not held. */
export async function proveHeld(runtime: Runtime, shell: Shell, said = PLUGIN_SAYS): Promise<void> {
  let served: Served | undefined;
  const stage = await openStage(async (): Promise<StageRig> => {
    served = await openServed();
    return served;
  });
  assert.ok(served);
  const rig = served;
  const install = ['--enforce', '--approval-wait', String(WAIT_S)];
  try {
    const held = await stage.play({
      ...{ runtime, install, script: 'held', scripts: { held: script(shell, FOUR) } },
      meanwhile: () => approve(rig),
    });
    provesFour(held, said);
    const scripts = { away: script(shell, { away: 'echo away > away.txt' }) };
    const away = await stage.play({
      ...{ runtime, install, script: 'away', scripts },
      installed: rig.kill,
      ended: async () => {
        await rig.revive();
        if (said.kept) await nextHook(rig, runtime);
        await until(async () => (await heldBack(rig)) > 1);
      },
    });
    provesAway(away, said);
  } finally {
    await stage.close();
  }
}

const FOUR = {
  free: 'echo free > free.txt',
  forbidden: 'mkdir -p .ssh && echo key >> .ssh/authorized_keys && echo no > forbidden.txt',
  approved: 'mkdir -p build && rm -r build && echo yes > approved.txt',
  unanswered: 'mkdir -p other && rm -r other && echo no > unanswered.txt',
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
    const { code, err } = await rig.run([...words, '--yes'], env);
    assert.equal(code, 0, err);
    return true;
  });
}

/** Anything that calls a hook of the installation. */
async function nextHook({ root, run }: Served, { name }: Runtime): Promise<void> {
  const home = realpathSync(root);
  const PATH = `${join(home, 'bin')}:${dirname(process.execPath)}:/usr/bin:/bin`;
  await run(['doctor', name], { XDG_CONFIG_HOME: '', HOME: home, PATH });
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
