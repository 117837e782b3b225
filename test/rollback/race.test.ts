import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { applyPlan } from '../../src/sdk/rollback/apply.ts';
import type { Step } from '../../src/search/rollback/plan.ts';
import { watchCalls } from './calls.ts';
import { base, filesIn, hashed, openGround, planOf } from './ground.ts';

const KINDS = ['restore', 'delete', 'create'] as const;
type Kind = (typeof KINDS)[number];

function stepOf(kind: Kind, n: number, path: string): Step {
  if (kind === 'delete') return { ...base, n, kind, path, expect: hashed('agent') };
  const expect = kind === 'create' ? 'absent' : hashed('agent');
  return { ...base, n, kind, path, expect, to: hashed('before'), content: 'before' };
}

function openFile(kind: Kind) {
  const ground = openGround();
  mkdirSync(ground.root);
  const path = join(ground.root, 'file');
  if (kind !== 'create') writeFileSync(path, 'agent');
  const apply = async () => {
    const { root, state } = ground;
    const plan = planOf([stepOf(kind, 1, path)]);
    const { results } = await applyPlan(plan, { roots: [root], state, apply: true });
    return results[0]?.status;
  };
  return { ...ground, path, apply };
}

type Opened = ReturnType<typeof openFile>;
const ACTS = {
  replaces: ({ path, base: folder }: Opened, text: string) => {
    const own = join(folder, 'own');
    writeFileSync(own, text);
    renameSync(own, path);
  },
  edits: ({ path }: Opened, text: string) => writeFileSync(path, text),
};

async function callsOf(kind: Kind): Promise<number> {
  const file = openFile(kind);
  const end = watchCalls(() => undefined);
  await file.apply();
  const calls = end();
  file.close();
  return calls;
}

function keptIn({ state }: Opened): readonly string[] {
  if (!existsSync(state)) return [];
  const kept = [...filesIn(state).values()];
  return kept.map((one) => Buffer.from(one.split(' ')[1] ?? '', 'base64').toString());
}

test('what a person writes before any call of a rollback is there after it', async () => {
  for (const kind of KINDS) {
    const calls = await callsOf(kind);
    assert.ok(calls > 10, `${kind}: ${calls} calls`);
    for (const [name, act] of Object.entries(ACTS)) {
      for (let at = 1; at <= calls; at++) {
        const file = openFile(kind);
        const end = watchCalls((n) => {
          if (n === at) act(file, 'a person');
        });
        await file.apply();
        end();
        const about = `${kind}: a person ${name} it before call ${at} of ${calls}`;
        assert.equal(readFileSync(file.path, 'utf8'), 'a person', about);
        assert.deepEqual(readdirSync(file.root), ['file'], about);
        file.close();
      }
    }
  }
});

test('of what a person writes twice meanwhile, nothing that the rollback moved is lost', async () => {
  for (const kind of KINDS) {
    const calls = await callsOf(kind);
    for (let first = 1; first <= calls; first++) {
      for (const second of [first + 1, first + 2, first + 3, first + 5, first + 8]) {
        const file = openFile(kind);
        let isMoved = false;
        const end = watchCalls((n) => {
          if (n === first) ACTS.replaces(file, 'one');
          if (n !== second) return;
          isMoved = !existsSync(file.path) || readFileSync(file.path, 'utf8') !== 'one';
          ACTS.replaces(file, 'two');
        });
        await file.apply();
        const isBoth = end() >= second;
        const about = `${kind}: a person wrote before calls ${first} and ${second}`;
        assert.equal(readFileSync(file.path, 'utf8'), isBoth ? 'two' : 'one', about);
        if (isMoved) assert.ok(keptIn(file).includes('one'), about);
        assert.deepEqual(readdirSync(file.root), ['file'], about);
        file.close();
      }
    }
  }
});

test('a file that a person removes meanwhile is gone or restored, and nothing else', async () => {
  for (const kind of KINDS) {
    const calls = await callsOf(kind);
    for (let at = 1; at <= calls; at++) {
      const file = openFile(kind);
      const end = watchCalls((n) => {
        if (n === at) rmSync(file.path, { force: true });
      });
      const status = await file.apply();
      end();
      const names = readdirSync(file.root);
      const about = `${kind}: removed before call ${at}, ${status}, ${names}`;
      assert.ok(names.length === 0 || names.join() === 'file', about);
      if (names.length > 0) assert.equal(readFileSync(file.path, 'utf8'), 'before', about);
      file.close();
    }
  }
});

test('a rollback killed before any call is finished by the next run', async () => {
  for (const kind of KINDS) {
    const calls = await callsOf(kind);
    for (let at = 1; at <= calls; at++) {
      const file = openFile(kind);
      const plan = join(file.base, 'plan.json');
      writeFileSync(plan, JSON.stringify(planOf([stepOf(kind, 1, file.path)])));
      const words = [join(import.meta.dirname, 'child.ts'), plan, file.root, file.state, `${at}`];
      const { signal, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
      const about = `${kind}: killed before call ${at} of ${calls}`;
      assert.equal(signal, 'SIGKILL', `${about}: ${stderr}`);
      const status = await file.apply();
      assert.ok(status === 'restored' || status === 'already', `${about}: ${status}`);
      assert.deepEqual(readdirSync(file.root), kind === 'delete' ? [] : ['file'], about);
      if (kind !== 'delete') assert.equal(readFileSync(file.path, 'utf8'), 'before', about);
      file.close();
    }
  }
});

test('where a file system knows no links, files are restored, removed and made as well', async () => {
  for (const kind of KINDS) {
    for (const act of [undefined, ACTS.replaces]) {
      const file = openFile(kind);
      const end = watchCalls((_, name) => {
        if (name !== 'linkSync') return;
        act?.(file, 'a person');
        throw Object.assign(new Error('EPERM'), { code: 'EPERM' });
      });
      const status = await file.apply();
      end();
      const isMine = act !== undefined && kind !== 'delete';
      assert.equal(status, isMine ? 'conflict' : 'restored', kind);
      assert.deepEqual(readdirSync(file.root), kind === 'delete' ? [] : ['file']);
      if (kind !== 'delete') {
        assert.equal(readFileSync(file.path, 'utf8'), isMine ? 'a person' : 'before');
      }
      file.close();
    }
  }
});
