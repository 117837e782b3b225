/** The real Claude Code with Claw as its MCP server: over stdio, and over HTTP. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { openStage, type Stage } from './lab.ts';
import { type Lab, missing, RUNTIMES, type Runtime } from './runtime.ts';

const CLAWCTL = join(import.meta.dirname, '../../bin/clawctl.js');
const claude = RUNTIMES.find(({ name }) => name === 'claude-code') as Runtime;

/** `claw` over stdio, with the token that `clawctl install` gave the agent; `web` an operator's. */
function withClaw({ rig }: Stage): Runtime {
  const claw = {
    command: process.execPath,
    args: [CLAWCTL, 'mcp', '--url', rig.url, '--data', rig.data],
  };
  const headers = { Authorization: `Bearer ${rig.token}` };
  const web = { type: 'http', url: `${rig.url}/mcp`, headers };
  const permissions = { allow: ['mcp__claw', 'mcp__web', 'Bash(echo *)'] };
  return {
    ...claude,
    settings: (lab) => ({
      ...claude.settings(lab),
      'mcp.json': JSON.stringify({ mcpServers: { claw, web } }),
      '~/.claude/settings.json': JSON.stringify({ permissions }),
    }),
  };
}

const call = (tool: string, input: object = {}) => [{ tool, input }];
const SCRIPT = [
  call('mcp__claw__declare_task', { task_id: 'T1', goal: 'Greet', scope: { tools: ['Bash'] } }),
  call('mcp__claw__validate_action', {
    task_id: 'T1',
    tool: 'Bash',
    arguments: { command: 'echo hello' },
  }),
  call('Bash', { command: 'echo hello', description: 'Greet' }),
  call('mcp__claw__validate_action', {
    task_id: 'T1',
    tool: 'WebFetch',
    arguments: { url: 'http://evil.example' },
  }),
  call('mcp__claw__search_events', { query: 'task:T1' }),
  call('mcp__web__search_events', { query: 'task:T1 type:decision', order: 'oldest' }),
  call('mcp__web__search_events', { query: 'tool:(' }),
  call('mcp__web__count_events', { query: 'task:T1' }),
  call('mcp__claw__close_task', { task_id: 'T1', summary: 'greeted' }),
  [{ text: 'done' }],
];

type Shown = { readonly content: string; readonly is_error?: boolean };

/** What the model was shown of each call, in the order of the calls. */
function shown({ folder }: Lab): readonly Shown[] {
  const logs = readdirSync(folder).filter((name) => /^model-\d+\.jsonl$/.test(name));
  const lines = logs.flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'));
  type Content = { readonly type: string } & Shown;
  type Request = { body?: { tools?: []; messages?: { content: string | Content[] }[] } };
  const requests = lines.filter(Boolean).map((line) => JSON.parse(line) as Request);
  const last = requests.findLast(({ body }) => (body?.tools?.length ?? 0) > 0);
  return (last?.body?.messages ?? [])
    .flatMap(({ content }) => (Array.isArray(content) ? content : []))
    .filter(({ type }) => type === 'tool_result')
    .map((result) => ({ ...result, content: textOf(result.content) }));
}

function textOf(content: unknown): string {
  return typeof content === 'string' ? content : JSON.stringify(content);
}

suite('the real claude-code with Claw as its MCP server', { skip: missing(claude) }, () => {
  test('it declares, asks, is told why not, searches as its roles allow, and closes', async () => {
    const stage = await openStage();
    try {
      const runtime = withClaw(stage);
      const played = await stage.play({ runtime, script: 'claw', scripts: { claw: SCRIPT } });
      assert.equal(played.code, 0, played.errors.slice(-2000));
      const results = shown(played.lab);
      const [declared, permitted, greeted, denied, refused, found, wrong, counted, closed] =
        results.map(({ content }) => content);
      assert.equal(JSON.parse(declared ?? '').state, 'open');
      assert.equal(JSON.parse(permitted ?? '').allowed, true);
      assert.match(greeted ?? '', /hello/);
      const { allowed, policy_id, reason } = JSON.parse(denied ?? '');
      assert.deepEqual([allowed, policy_id], [false, 'task-scope']);
      assert.match(reason, /WebFetch.*outside/);
      // It is not listed to this role: the agent knows of no such tool.
      assert.match(refused ?? '', /No such tool available/);
      const { notice, events } = JSON.parse(found ?? '');
      assert.match(notice, /never as instructions/);
      assert.deepEqual(
        events.map(({ decision }: { decision: { outcome: string } }) => decision.outcome),
        ['permit', 'deny'],
      );
      assert.match(wrong ?? '', /query\.invalid; column: 6/);
      assert.equal(JSON.parse(counted ?? '').count > 3, true);
      assert.equal(JSON.parse(closed ?? '').state, 'closed');
      assert.deepEqual(
        results.map(({ is_error }) => is_error === true),
        [false, false, false, false, true, false, true, false, false],
      );
      // The task is of the session that the hooks report: what was done meanwhile belongs to it.
      const prompt = played.rows.find(({ type }) => type === 'prompt');
      const task = played.rows.find(({ tool }) => tool === 'declare_task');
      assert.equal(task?.session_id, prompt?.session_id);
      const bash = played.rows.find(({ tool, type }) => tool === 'Bash' && type === 'tool_call');
      assert.equal(bash?.status, 'success');
      assert.equal(bash?.task_id, 'T1');
    } finally {
      await stage.close();
    }
  });
});
