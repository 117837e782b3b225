import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { applyPlan, type StepResult } from '../../src/sdk/rollback/apply.ts';
import { readPlan } from '../../src/sdk/rollback/plan.ts';
import type { Step } from '../../src/search/rollback/plan.ts';
import { base, filesIn, hashed, openGround, planOf } from './ground.ts';

function restoring(n: number, path: string, from = 'agent', content = 'before'): Step {
  const to = hashed(content);
  return { ...base, n, kind: 'restore', path, expect: hashed(from), to, content };
}

async function apply(steps: readonly Step[], ground: ReturnType<typeof openGround>) {
  const { root, state } = ground;
  const { results } = await applyPlan(planOf(steps), { roots: [root], state, apply: true });
  return results.map(({ status, why }) => (why === undefined ? status : `${status} ${why}`));
}

function prepared() {
  const ground = openGround();
  mkdirSync(join(ground.root, 'sub'), { recursive: true });
  mkdirSync(join(ground.base, 'elsewhere'));
  writeFileSync(join(ground.base, 'elsewhere/secret'), 'agent');
  writeFileSync(join(ground.root, 'file'), 'agent');
  return ground;
}

test('a plan of a hostile server touches nothing outside of the roots', async () => {
  const ground = prepared();
  const { root, base: outside } = ground;
  const before = filesIn(outside);
  const paths = [
    join(outside, 'elsewhere/secret'),
    `${root}/../elsewhere/secret`,
    `${root}/sub/../../elsewhere/secret`,
    '/etc/passwd',
    '../elsewhere/secret',
    'file',
    '',
    root,
    `${root}/`,
    `${root}/./file`,
    `${root}//file`,
    `${root}x/file`,
    `${root}/fi\0le`,
    `${root}/${'x'.repeat(5000)}`,
    `${root}/${'y/'.repeat(3000)}z`,
    `${root}/.git/hooks/pre-commit`,
    `${root}/.GIT/config`,
    `${root}/sub/.git/config`,
    `${root}/.claw/rollback/x`,
  ];
  const steps = paths.flatMap((path, i): Step[] => [
    restoring(i * 3 + 1, path),
    { ...base, n: i * 3 + 2, kind: 'delete', path, expect: hashed('agent') },
    { ...restoring(i * 3 + 3, path), kind: 'create', expect: 'absent' },
  ]);
  const results = await apply(steps, ground);
  assert.deepEqual([...new Set(results.map((one) => one.split(' ')[0]))], ['skipped']);
  assert.deepEqual(filesIn(outside), before);
  ground.close();
});

test('no symbolic link is followed, neither at the end nor on the way', async () => {
  const ground = prepared();
  const { root, base: outside } = ground;
  symlinkSync(join(outside, 'elsewhere'), join(root, 'out'));
  symlinkSync(join(outside, 'elsewhere/secret'), join(root, 'link'));
  symlinkSync(join(outside, 'elsewhere/made'), join(root, 'dangling'));
  symlinkSync('sub', join(root, 'inside'));
  writeFileSync(join(root, 'sub/file'), 'agent');
  const results = await apply(
    [
      restoring(1, join(root, 'out/secret')),
      restoring(2, join(root, 'link')),
      { ...restoring(3, join(root, 'out/made')), kind: 'create', expect: 'absent' },
      { ...restoring(4, join(root, 'dangling')), kind: 'create', expect: 'absent' },
      restoring(5, join(root, 'inside/file')),
      { ...base, n: 6, kind: 'delete', path: join(root, 'link'), expect: hashed('agent') },
    ],
    ground,
  );
  assert.deepEqual([...new Set(results)], ['conflict link']);
  assert.equal(readFileSync(join(outside, 'elsewhere/secret'), 'utf8'), 'agent');
  assert.deepEqual(readdirSync(join(outside, 'elsewhere')), ['secret']);
  ground.close();
});

test('what is no plain file of one name is refused', async () => {
  const ground = prepared();
  const { root } = ground;
  linkSync(join(root, 'file'), join(root, 'other-name'));
  mkdirSync(join(root, 'folder'));
  const fifo = spawn('mkfifo', [join(root, 'pipe')]);
  await once(fifo, 'close');
  const results = await apply(
    [
      restoring(1, join(root, 'file')),
      restoring(2, join(root, 'folder')),
      restoring(3, join(root, 'pipe')),
      restoring(4, join(root, 'file/below')),
    ],
    ground,
  );
  assert.deepEqual(results, [
    'conflict hard_link',
    ...['conflict not_file', 'conflict not_file', 'conflict not_file'],
  ]);
  ground.close();
});

test('a file is restored with its mode, and a copy of what was there is kept', async () => {
  const ground = prepared();
  const { root, state } = ground;
  chmodSync(join(root, 'file'), 0o751);
  assert.deepEqual(await apply([restoring(1, join(root, 'file'))], ground), ['restored']);
  assert.equal(readFileSync(join(root, 'file'), 'utf8'), 'before');
  assert.equal(statSync(join(root, 'file')).mode & 0o777, 0o751);
  const [kept] = [...filesIn(state)];
  assert.match(kept?.[0] ?? '', /\/1-file$/);
  assert.equal(kept?.[1], `384 ${Buffer.from('agent').toString('base64')}`);
  assert.equal(lstatSync(state).mode & 0o077, 0);
  ground.close();
});

test('a content that does not have its own hash is never written', async () => {
  const ground = prepared();
  const path = join(ground.root, 'file');
  const step = { ...restoring(1, path), content: 'something else' };
  assert.deepEqual(await apply([step], ground), ['failed bad_plan']);
  assert.equal(readFileSync(path, 'utf8'), 'agent');
  ground.close();
});

test('a file is made again only where there is none, with the folders above it', async () => {
  const ground = prepared();
  const { root } = ground;
  const made = { ...restoring(1, join(root, 'a/b/c')), kind: 'create', expect: 'absent' } as const;
  const there = { ...made, n: 2, path: join(root, 'file') };
  const gone = { ...restoring(3, join(root, 'gone')) };
  assert.deepEqual(await apply([made, there, gone], ground), [
    'restored',
    'conflict exists',
    'conflict gone',
  ]);
  assert.equal(readFileSync(join(root, 'a/b/c'), 'utf8'), 'before');
  assert.deepEqual(await apply([made], ground), ['already']);
  ground.close();
});

test('other line endings than the record tells are a conflict of their own', async () => {
  const ground = prepared();
  const path = join(ground.root, 'file');
  writeFileSync(path, 'a\r\nb\r\n');
  assert.deepEqual(await apply([restoring(1, path, 'a\nb\n')], ground), ['conflict line_endings']);
  assert.equal(readFileSync(path, 'utf8'), 'a\r\nb\r\n');
  ground.close();
});

test('what a server sends is a plan, or nothing of it is applied', () => {
  const step = restoring(1, '/x');
  const plan = (value: object) => ({ ...planOf([step]), ...value });
  assert.equal(readPlan(planOf([step])).steps.length, 1);
  for (const bad of [
    ...[undefined, null, 'x', [], {}, plan({ rollback_id: '../../x' })],
    plan({ rollback_id: undefined }),
    plan({ steps: 'x' }),
    plan({ steps: [null] }),
    plan({ steps: [step, step] }),
    plan({ steps: Array.from({ length: 10_001 }, (_, i) => ({ ...step, n: i + 1 })) }),
    plan({ steps: [{ ...step, kind: 'compensate' }] }),
    plan({ steps: [{ ...step, kind: '__proto__' }] }),
    plan({ steps: [{ ...step, path: 7 }] }),
    plan({ steps: [{ ...step, n: '1' }] }),
    plan({ steps: [{ ...step, expect: 'absent' }] }),
    plan({ steps: [{ ...step, expect: undefined }] }),
    plan({ steps: [{ ...step, kind: 'delete', expect: 'absent' }] }),
    plan({ steps: [{ ...step, kind: 'create' }] }),
    plan({ steps: [{ ...step, to: { sha256: 'x', bytes: 1 } }] }),
  ]) {
    assert.throws(() => readPlan(bad), { code: 'server.unreachable' });
  }
});

test('a rollback that was killed is finished by the next run', async () => {
  const child = join(import.meta.dirname, 'child.ts');
  for (const after_ms of [120, 160, 200, 240, 300]) {
    const ground = openGround();
    mkdirSync(ground.root);
    const steps: Step[] = [];
    for (let n = 1; n <= 300; n++) {
      const path = join(ground.root, `f${n}`);
      if (n % 3 !== 1) writeFileSync(path, 'agent');
      if (n % 3 === 0) steps.push(restoring(n, path));
      if (n % 3 === 1) steps.push({ ...restoring(n, path), kind: 'create', expect: 'absent' });
      if (n % 3 === 2) steps.push({ ...base, n, kind: 'delete', path, expect: hashed('agent') });
    }
    writeFileSync(join(ground.base, 'plan.json'), JSON.stringify(planOf(steps)));
    const words = [child, join(ground.base, 'plan.json'), ground.root, ground.state];
    const run = spawn(process.execPath, words, { stdio: 'ignore' });
    const ended = once(run, 'exit');
    await wait(after_ms);
    run.kill('SIGKILL');
    await ended;
    for (let n = 1; n <= 300; n++) {
      const path = join(ground.root, `f${n}`);
      if (existsSync(path)) assert.match(readFileSync(path, 'utf8'), /^(agent|before)$/);
    }
    const results: readonly StepResult[] = (
      await applyPlan(planOf(steps), { roots: [ground.root], state: ground.state, apply: true })
    ).results;
    const kinds = new Set(results.map(({ status }) => status));
    assert.deepEqual(
      [...kinds].filter((one) => one !== 'restored' && one !== 'already'),
      [],
    );
    const names = readdirSync(ground.root);
    assert.equal(names.length, 200, 'nothing is left beside the files');
    for (const name of names) {
      assert.equal(readFileSync(join(ground.root, name), 'utf8'), 'before');
    }
    ground.close();
  }
});

function isThe(path: string, text: string): boolean {
  try {
    return readFileSync(path, 'utf8') === text;
  } catch {
    return false;
  }
}

test('a person who replaces or edits files meanwhile loses nothing', async () => {
  const ground = openGround();
  mkdirSync(ground.root);
  const steps: Step[] = [];
  for (let n = 1; n <= 400; n++) {
    const path = join(ground.root, `f${n}`);
    writeFileSync(path, 'agent');
    steps.push(restoring(n, path));
  }
  writeFileSync(join(ground.base, 'plan.json'), JSON.stringify(planOf(steps)));
  const words = [join(import.meta.dirname, 'child.ts'), join(ground.base, 'plan.json')];
  const run = spawn(process.execPath, [...words, ground.root, ground.state], { stdio: 'ignore' });
  const ended = once(run, 'exit');
  const mine: string[] = [];
  for (let n = 400; run.exitCode === null && n > 0; n--) {
    const path = join(ground.root, `f${n}`);
    // It may be taken away just now.
    if (!isThe(path, 'agent')) break;
    rmSync(path, { force: true });
    writeFileSync(path, 'a person');
    mine.push(path);
    await wait(1);
  }
  await ended;
  for (const path of mine) assert.equal(readFileSync(path, 'utf8'), 'a person', path);
  rmSync(ground.base, { recursive: true, force: true });
});
