import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { MENU } from '../../src/cli/menu.ts';
import { openFolder } from './rig.ts';

function folder(t: TestContext) {
  const made = openFolder();
  t.after(made.close);
  return made;
}

/** A server on loopback that answers as a test wants, right or wrong. */
async function answering(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a server starts, says where it is and what to do, and closes cleanly', async (t) => {
  const { run, start, root } = folder(t);
  const args = ['serve', '--port', '0', '--data', 'data'];
  const first = start([...args, '--demo']);
  const banner = await first.said('out', /clawctl verify/);
  const token = /claw_[\w-]{43}/.exec(banner)?.[0];
  assert.ok(token, banner);
  assert.match(banner, /clawctl logs search --query "tool:send_email"/);
  const found = await run(['logs', 'search', '--query', 'tool:send_email']);
  assert.equal(found.code, 0, found.err);
  assert.match(found.out, /send_email/);
  const elsewhere = await run(['reindex', '--data', 'data', '--json']);
  assert.equal(elsewhere.code, 3);
  assert.equal(JSON.parse(elsewhere.err).error.code, 'data.locked');
  first.child.kill('SIGTERM');
  const ended = await first.done;
  assert.equal(ended.code, 0, ended.err);
  const rebuilt = await run(['reindex', '--json']);
  assert.equal(rebuilt.code, 0, rebuilt.err);
  assert.ok(rebuilt.json.events > 70);
  assert.equal((await run(['verify', 'data'])).code, 0);
  const second = start(args);
  assert.ok(!(await second.said('out', /clawctl verify/)).includes('claw_'));
  second.child.kill('SIGINT');
  assert.equal((await second.done).code, 0);
  assert.ok(existsSync(join(root, 'data', 'credentials.json')));
});

test('an absent server is told from everything else, with the way to start one', async (t) => {
  const { run } = folder(t);
  const env = { CLAW_URL: 'http://127.0.0.1:1', CLAW_TOKEN: 'claw_x' };
  const { code, err } = await run(['logs', 'search'], env);
  assert.equal(code, 3);
  assert.match(err, /clawctl serve/);
  const json = await run(['logs', 'search', '--json'], env);
  assert.equal(JSON.parse(json.err).error.code, 'server.unreachable');
  const ja = await run(['logs', 'search', '--lang', 'ja'], env);
  assert.match(ja.err, /サーバーが応答しません/);
});

test('a wrong command line is explained in the reader’s language, with exit code 2', async (t) => {
  const { run } = folder(t);
  for (const [args, en, ja] of [
    [['serch'], /no command serch.*\(/, /コマンド serch はありません/],
    [['logs', 'serch'], /no command serch.*search/, /コマンド serch はありません/],
    [['logs'], /COMMAND is missing/, /COMMAND がありません/],
    [['logs', 'show'], /EVENT is missing/, /EVENT がありません/],
    [['logs', 'search', '--qery', 'x'], /no option --qery.*--query/, /--qery はありません/],
    [['logs', 'search', '--query'], /--query <query> needs a value/, /値が必要です/],
    [['logs', 'search', '--limit', '1e9'], /--limit must be a whole/, /整数で/],
    [['logs', 'search', 'tool:x'], /Too many arguments/, /引数が多すぎます/],
    [['logs', 'export', '--output', 'x'], /--format <format> is required/, /必須です/],
    [['logs', 'export', '--format', 'xml'], /must be one of: json, csv/, /次のいずれか/],
  ] as const) {
    const english = await run(args);
    assert.equal(english.code, 2, args.join(' '));
    assert.match(english.err, en);
    assert.match((await run([...args, '--lang', 'ja'])).err, ja);
  }
});

test('every command’s help shows an example of itself', async (t) => {
  const { run } = folder(t);
  for (const { path } of MENU) {
    const { out, code } = await run([...path.split(' '), '--help']);
    assert.equal(code, 0);
    assert.match(out, new RegExp(`Examples:\n {2}clawctl ${path}`));
  }
  const ja = await run(['help', 'logs', 'search', '--lang', 'ja']);
  assert.match(ja.out, /^使い方: clawctl logs search \[オプション\]/);
});

test('completion scripts hold every command and option, and shells accept them', async (t) => {
  const { run, root } = folder(t);
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { out, code } = await run(['completion', shell]);
    assert.equal(code, 0);
    for (const { path } of MENU) assert.ok(out.includes(path.split(' ').at(-1) ?? ''), path);
    for (const option of ['tree-only', 'vkey', 'allow-plain-http', 'lang']) {
      assert.ok(out.includes(option), `${shell}: ${option}`);
    }
    const file = join(root, `completion.${shell}`);
    writeFileSync(file, out);
    const checked = spawnSync(shell, ['-n', file]);
    if (checked.error === undefined) assert.equal(checked.status, 0, String(checked.stderr));
  }
});

test('bash completes commands, options and values', async (t) => {
  const { run } = folder(t);
  const { out } = await run(['completion', 'bash']);
  const complete = (...words: string[]) => {
    const list = words.map((word) => `'${word}'`).join(' ');
    const script = `${out}\nCOMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _clawctl
      printf '%s ' "\${COMPREPLY[@]}"`;
    return spawnSync('bash', ['-c', script]).stdout.toString().trim().split(' ');
  };
  assert.ok(complete('clawctl', '').includes('verify-proof'));
  assert.deepEqual(complete('clawctl', 'logs', 's'), ['search', 'show']);
  assert.deepEqual(complete('clawctl', 'logs', 'search', '--quer'), ['--query']);
  assert.deepEqual(complete('clawctl', 'logs', 'export', '--format', ''), [
    'json',
    'csv',
    'ndjson',
  ]);
  assert.deepEqual(complete('clawctl', 'completion', 'f'), ['fish']);
});

test('an export that was cut leaves no file and what was there before', async (t) => {
  const { run, root } = folder(t);
  const coverage = Buffer.from('{"tenant":"default"}').toString('base64');
  const url = await answering(t, (_, answer) => {
    answer.writeHead(200, { 'x-claw-coverage': coverage });
    answer.write('index,id\r\n1,', () => answer.destroy());
  });
  writeFileSync(join(root, 'audit.csv'), 'before');
  const args = ['logs', 'export', '--format', 'csv', '--output', 'audit.csv', '--json'];
  const { code, err } = await run(args, { CLAW_URL: url, CLAW_TOKEN: 'claw_x' });
  assert.equal(code, 3);
  assert.equal(JSON.parse(err).error.code, 'server.unreachable');
  assert.equal(readFileSync(join(root, 'audit.csv'), 'utf8'), 'before');
  assert.deepEqual(
    readdirSync(root).filter((name) => name.includes('audit')),
    ['audit.csv'],
  );
});

test('an interrupted export leaves no file', async (t) => {
  const { start, root } = folder(t);
  const coverage = Buffer.from('{"tenant":"default"}').toString('base64');
  let begun = () => {};
  const writing = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const url = await answering(t, (_, answer) => {
    answer.writeHead(200, { 'x-claw-coverage': coverage });
    answer.write('index,id\r\n1,', () => begun());
  });
  const args = ['logs', 'export', '--format', 'csv', '--output', 'audit.csv'];
  const { child, done } = start(args, { CLAW_URL: url, CLAW_TOKEN: 'claw_x' });
  await writing;
  child.kill('SIGINT');
  const { code, err } = await done;
  assert.equal(code, 2);
  assert.match(err, /Interrupted; nothing was written/);
  assert.deepEqual(
    readdirSync(root).filter((name) => name.includes('audit')),
    [],
  );
});

test('an index that lags is never passed off as complete', async (t) => {
  const { run } = folder(t);
  const url = await answering(t, (_, answer) => {
    const read_to = { indexed: 7, recorded: 9, complete: false };
    answer.end(JSON.stringify({ events: [], sessions: [], read_to }));
  });
  const env = { CLAW_URL: url, CLAW_TOKEN: 'claw_x' };
  for (const args of [
    ['logs', 'search'],
    ['sessions', 'list'],
  ]) {
    assert.match((await run(args, env)).err, /has read 7 of 9 events/);
  }
});

test('what is not Claw, redirects, and hostile faults are refused and harmless', async (t) => {
  const { run } = folder(t);
  const visits: string[] = [];
  const other = await answering(t, (request, answer) => {
    visits.push(String(request.headers.authorization));
    answer.end('{}');
  });
  const url = await answering(t, (request, answer) => {
    if (request.url?.startsWith('/v1/status')) answer.writeHead(302, { location: other }).end();
    else if (request.url?.startsWith('/v1/tokens')) answer.writeHead(500).end('<html>');
    else {
      const error = { code: '__proto__', message: 'x\u001b[31m', hint: '\u202e', limit: 'NaN' };
      answer.writeHead(400).end(JSON.stringify({ error }));
    }
  });
  const env = { CLAW_URL: url, CLAW_TOKEN: 'claw_x' };
  assert.equal((await run(['status'], env)).code, 3);
  assert.deepEqual(visits, []);
  assert.match((await run(['token', 'list'], env)).err, /not Claw \(HTTP status 500\)/);
  const { code, err } = await run(['sessions', 'list'], env);
  assert.equal(code, 2);
  assert.match(err, /x\\x1b\[31m/);
});
