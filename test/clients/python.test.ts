/** The Python client against a real server, run by the python3 of this machine. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { connect } from '../../src/sdk/sdk.ts';
import { brief, type Ground, openGround } from '../sdk/integration/ground.ts';

const client = join(import.meta.dirname, '../../clients/python');
const found = spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))']);
const options = { skip: found.status === 0 ? false : 'no python3 of 3.9 or later here' };
const run = promisify(execFile);

let ground: Ground;
before(async () => {
  ground = await openGround();
});
after(() => ground.close());

/** A program's output; its client is told of the server by the environment. */
async function python(code: string, extra: Readonly<Record<string, string>> = {}): Promise<string> {
  const { PATH = '' } = process.env;
  const env = {
    PATH,
    HOME: ground.spool,
    PYTHONPATH: client,
    PYTHONDONTWRITEBYTECODE: '1',
    CLAW_URL: ground.url,
    CLAW_TOKEN: ground.token,
    ...extra,
  };
  return (await run('python3', ['-W', 'error', '-c', code], { env, timeout: 50_000 })).stdout;
}

test('the example of its README is a session of the timeline', options, async () => {
  const page = readFileSync(join(client, 'README.md'), 'utf8');
  const code = /```python\n(.*?)```/s.exec(page)?.[1] ?? '';
  const session_id = (await python(`${code}\nprint(session.session_id)`)).trim();
  const rows = await ground.rows(session_id);
  assert.deepEqual(
    rows.map((row) => brief({ ...row, call_id: undefined })),
    [
      'session pending',
      'prompt Write to the vendor',
      'tool_call send_email success',
      'output Done.',
      'session success',
    ],
  );
  assert.deepEqual(rows[2]?.arguments, { to: 'support@vendor.com' });
  assert.deepEqual(rows[2]?.result, { sent: 'support@vendor.com' });
  assert.equal(rows[2]?.facts.length, 2);
  for (const row of rows) {
    assert.deepEqual(row.agent, { runtime: 'python', id: 'support' });
    assert.deepEqual([row.user?.id, row.channel, row.source?.kind], ['jane', 'slack', 'sdk']);
  }
});

test('every kind of event, an async tool, and a failure of each kind', options, async () => {
  await python(`
import asyncio
from claw import Claw
with Claw() as claw:
    session = claw.session('py-2')
    session.prompt('日本語 \\U0001f980')
    session.api_call('api.example.com', method='GET', status_code=200)
    session.file_operation('read', '/etc/hosts', bytes=7)
    session.start('rm', {'path': '/x'}).blocked('not allowed', policy_id='p1')

    @session.tool
    async def look(where):
        await asyncio.sleep(0.001)
        raise LookupError('nothing ' + where)

    try:
        asyncio.run(look('there'))
    except LookupError:
        pass
    session.child('py-2:helper').output('hi')
    session.record({'type': 'task', 'status': 'success', 'detail': object()})
`);
  const rows = await ground.rows('py-2');
  assert.deepEqual(
    rows.map((row) => brief({ ...row, call_id: undefined })),
    [
      'prompt 日本語 🦀',
      'api_call',
      'file_operation read',
      'tool_call rm blocked deny by policy',
      'tool_call look error',
      'output hi',
      'task success',
    ],
  );
  assert.deepEqual(rows[4]?.error, { code: 'LookupError', message: 'nothing there' });
  assert.equal(rows[5]?.parent_session_id, 'py-2');
});

test('what one event is refused for is a gap, and the others pass', options, async () => {
  const said = await python(`
import warnings; warnings.simplefilter('ignore')
from claw import Claw
with Claw() as claw:
    for n in range(50):
        claw.record({'type': 'output' if n != 7 else 'no_such_type', 'session_id': 'py-3', 'content': str(n)})
    claw.flush()
    print(claw.status()['dropped'])
`);
  assert.equal(said.trim(), '1');
  const rows = await ground.rows('py-3');
  assert.equal(rows.filter(({ type }) => type === 'output').length, 49);
  assert.equal(rows.find(({ type }) => type === 'gap')?.attributes?.['dropped'], 1);
});

test('events of a time without a server are delivered by a later process', options, async () => {
  await python(
    `
import os, warnings; warnings.simplefilter('ignore')
from claw import Claw
with Claw('http://127.0.0.1:9', spool=os.environ['SPOOL']) as claw:
    for n in range(20): claw.session('py-4').output(str(n))
`,
    { SPOOL: join(ground.spool, 'py') },
  );
  assert.deepEqual((await ground.claw.search({ query: 'session_id:py-4' })).events, []);
  await python(
    `
import os
from claw import Claw
with Claw(spool=os.environ['SPOOL']) as claw: claw.flush()
`,
    { SPOOL: join(ground.spool, 'py') },
  );
  assert.equal((await ground.rows('py-4')).length, 20);
});

test(
  'what it left on disk, the JavaScript client on the same folder delivers',
  options,
  async () => {
    const spool = join(ground.spool, 'shared');
    await python(
      `
import os, warnings; warnings.simplefilter('ignore')
from claw import Claw
with Claw('http://127.0.0.1:9', spool=os.environ['SPOOL']) as claw:
    claw.session('py-5').output('from Python')
`,
      { SPOOL: spool },
    );
    const claw = connect({ url: ground.url, token: ground.token, spool });
    await claw.flush();
    await claw.close();
    assert.deepEqual((await ground.rows('py-5')).map(brief), ['output from Python']);
  },
);

test('its own tests pass', options, async () => {
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
  const { stderr } = await run('python3', ['-m', 'unittest'], {
    cwd: client,
    env,
    timeout: 110_000,
  });
  assert.match(stderr, /^OK$/m);
});
