/** Real agents behind proxies that enforce: what is refused is not done, and the agent goes on. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStage, type Play } from './lab.ts';
import { missing, RUNTIMES, type Runtime } from './runtime.ts';

const POLICIES = [
  {
    name: 'live.cedar',
    text: `
@id("baseline") permit (principal, action, resource);
@id("no-forbidden") @reason("It says forbidden.")
forbid (principal, action, resource) when { context.input like "*forbidden*" };
`,
  },
];

type Block = Readonly<Record<string, unknown>>;

/** How each runtime's model asks for a shell. */
const SHELLS: Readonly<Record<string, (command: string) => Block>> = {
  'claude-code': (command) => ({ tool: 'Bash', input: { command, description: 'Try' } }),
  codex: (command) => ({ tool: 'exec_command', input: { cmd: command } }),
  gemini: (command) => ({ tool: 'run_shell_command', input: { command, description: 'Try' } }),
  opencode: (command) => ({ tool: 'bash', input: { command, description: 'Try' } }),
  openclaw: (command) => ({ tool: 'exec', input: { command } }),
};

async function played(runtime: Runtime, play: Omit<Play, 'runtime'>) {
  const stage = await openStage();
  const { url, token } = stage.rig;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ files: POLICIES });
  const applied = await fetch(`${url}/v1/policies`, { method: 'POST', headers, body });
  assert.equal(applied.status, 200, await applied.text());
  const run = await stage.play({ runtime, script: 'enforced', proxies: true, ...play });
  return { ...run, close: stage.close };
}

for (const runtime of RUNTIMES) {
  test(`the real ${runtime.name} gets no call that the model proxy refuses`, {
    skip: missing(runtime),
  }, async (t) => {
    const shell = SHELLS[runtime.name] ?? assert.fail();
    const enforced = [
      [{ text: 'Working.' }, shell('echo allowed'), shell('touch forbidden.txt')],
      [{ text: 'Done.' }],
    ];
    const run = await played(runtime, { enforce: 'model', scripts: { enforced } });
    try {
      const rows = run.rows.filter(({ type }) => type === 'tool_call');
      t.diagnostic(rows.map(({ tool, status }) => `${tool} ${status}`).join(', '));
      assert.equal(run.code, 0, run.errors.slice(-2000));
      assert.ok(!existsSync(join(run.lab.project, 'forbidden.txt')));
      const blocked = rows.filter(({ status }) => status === 'blocked');
      assert.equal(blocked.length, 1);
      // What its hooks and plugins saw run.
      const ran = rows.filter(({ arguments: input, status }) => {
        return JSON.stringify(input ?? '').includes('allowed') && status !== 'blocked';
      });
      assert.ok(ran.length > 0);
      assert.equal(blocked[0]?.decision?.policy_ids?.[0], 'no-forbidden');
    } finally {
      await run.close();
    }
  });
}

const claude = RUNTIMES.find(({ name }) => name === 'claude-code') ?? assert.fail();

test('the real claude-code shows its model why the MCP proxy refused a call', {
  skip: missing(claude),
}, async () => {
  const echo = (message: string) => ({ tool: 'mcp__everything__echo', input: { message } });
  const enforced = [[echo('forbidden')], [echo('fine')], [{ text: 'Done.' }]];
  const run = await played(claude, { enforce: 'mcp', scripts: { enforced } });
  try {
    assert.equal(run.code, 0, run.errors.slice(-2000));
    const calls = run.rows.filter(({ tool }) => tool === 'mcp__everything__echo');
    const said = calls.map(({ arguments: input, status }) => `${Object(input).message} ${status}`);
    assert.deepEqual(said.sort(), ['fine success', 'forbidden blocked'], JSON.stringify(calls));
    const seen = JSON.stringify(calls.find(({ status }) => status === 'blocked'));
    assert.match(seen, /It says forbidden/);
  } finally {
    await run.close();
  }
});
