/** The example of the lifecycle, run as a person runs it, against a real server. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { type Ground, openGround } from './ground.ts';

const root = join(import.meta.dirname, '../..');
const sdk = pathToFileURL(join(root, 'src/sdk/sdk.ts')).href;
/** `claw` as it is here, not as it was last built. */
const HOOK = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  const resolve = (name, context, next) =>
    name === 'claw' ? { url: ${JSON.stringify(sdk)}, shortCircuit: true } : next(name, context);
  registerHooks({ resolve });
`)}`;

let ground: Ground;
before(async () => {
  ground = await openGround();
});
after(() => ground.close());

test('the lifecycle is the same by SDK, HTTP and MCP, and its trail shows the whole chain', async () => {
  const example = join(root, 'examples/lifecycle/lifecycle.ts');
  const env = { ...process.env, CLAW_URL: ground.url, CLAW_TOKEN: ground.operator };
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', HOOK, example], {
    env,
  });
  assert.match(stdout, /The same result by SDK, HTTP and MCP\./);
  const parts = stdout.split('── by ').slice(1);
  assert.deepEqual(
    parts.map((part) => part.split('\n', 1)[0]),
    ['SDK', 'HTTP', 'MCP'],
  );
  for (const part of parts) {
    const steps = [
      /declare_task/,
      /validate_action/,
      /Write +success/,
      /validate_action +POLICY_VIOLATION +\[restrict-prod-edits\]/,
      /validate_action +escalated +\[deleting-needs-approval\]/,
      /request_approval +escalated/,
      /approve +success/,
      /Bash +success/,
      /close_task/,
    ];
    let from = 0;
    for (const step of steps) {
      const found = part.slice(from).search(step);
      assert.ok(found >= 0, `${step} after ${from} in ${part}`);
      from += found;
    }
    const { chain, all, violation } = JSON.parse(part.match(/^\{.*\}$/m)?.[0] ?? '');
    assert.equal(chain, all, 'everything in the session is under the task');
    const { session_id, policy_id, tool, status, created_at } = violation;
    assert.match(session_id, /^example-/);
    assert.deepEqual(
      { policy_id, tool, status },
      { policy_id: 'restrict-prod-edits', tool: 'validate_action', status: 'POLICY_VIOLATION' },
    );
    assert.ok(Date.parse(created_at) > 0);
  }
});
