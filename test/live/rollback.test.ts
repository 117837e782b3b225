/** The real Claude Code changes ten files; a person changes one of them; the rest is undone. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { filesIn } from '../rollback/ground.ts';
import { openStage } from './lab.ts';
import { missing, RUNTIMES, type Runtime } from './runtime.ts';

const [claude] = RUNTIMES;
const path = (name: string) => `@LAB@/proj/${name}`;
const read = (name: string) => ({ tool: 'Read', input: { file_path: path(name) } });
const edit = (name: string, old_string: string, new_string: string, replace_all = false) => [
  { tool: 'Edit', input: { file_path: path(name), old_string, new_string, replace_all } },
];
const write = (name: string, content: string) => [
  { tool: 'Write', input: { file_path: path(name), content } },
];

const BEFORE: Readonly<Record<string, string>> = {
  'plain.txt': 'one\ntwo\nthree\n',
  'tabs.go': 'func f() {\n\tif x {\n\t\ttwo()\n\t}\n}\n',
  'run.sh': '#!/bin/sh\necho two\n',
  'bom.txt': '\ufeffone\ntwo\n',
  'no-end.txt': 'one\ntwo',
  'empty.txt': '',
  'large.txt': `two\n${'a line of some words and 漢字\n'.repeat(9000)}`,
  'many.txt': 'two two\ntwo\n',
};
const NEW = ['new.txt', 'deep/er/new.txt'];

const SCRIPT = [
  Object.keys(BEFORE)
    .filter((name) => name !== 'large.txt')
    .map(read),
  [{ tool: 'Read', input: { file_path: path('large.txt'), limit: 5 } }],
  edit('plain.txt', 'two\n', ''),
  edit('plain.txt', 'three', 'THREE\n$& $1 `'),
  edit('tabs.go', '\t\ttwo()', '\t\tTWO()\n\t\tmore()'),
  edit('run.sh', 'two', 'TWO'),
  edit('bom.txt', 'two', 'TWO'),
  write('no-end.txt', 'all other\n'),
  write('empty.txt', 'filled\n'),
  edit('large.txt', 'two', 'TWO'),
  edit('many.txt', 'two', 'TWO', true),
  write('new.txt', 'new\n'),
  edit('new.txt', 'new', 'newer'),
  write('deep/er/new.txt', 'new 漢字\n'),
  edit('no-end.txt', 'all', 'ALL'),
  [{ tool: 'Bash', input: { command: 'echo made > by-shell.txt', description: 'a command' } }],
  [{ text: 'done' }],
];

suite('the real Claude Code', { skip: claude ? missing(claude) : 'no claude-code' }, () => {
  test('a change of ten files is undone to the byte, and a person’s change is left', async (t) => {
    assert.ok(claude);
    const stage = await openStage();
    try {
      const project = join(realpathSync(stage.rig.root), claude.folder);
      mkdirSync(project, { recursive: true });
      for (const [name, text] of Object.entries(BEFORE)) writeFileSync(join(project, name), text);
      chmodSync(join(project, 'run.sh'), 0o755);
      const runtime: Runtime = { ...claude, settings: (lab) => permitting(claude.settings(lab)) };
      const before = filesIn(project);
      const scripts = { rollback: SCRIPT };
      const played = await stage.play({ runtime, script: 'rollback', scripts });
      assert.equal(played.code, 0, played.errors.slice(-2000));
      const changed = filesIn(project);
      for (const name of [...Object.keys(BEFORE), ...NEW]) {
        assert.notEqual(changed.get(name), before.get(name), `${name} was changed`);
      }
      const session = played.rows.find(({ tool }) => tool === 'Write')?.session_id ?? '';
      const words = ['rollback', '--session', session, '--root', project];
      const rollback = (...more: string[]) => stage.clawctl(played.lab, [...words, ...more]);

      writeFileSync(join(project, 'many.txt'), 'a person was here\n');
      const dry = await rollback();
      t.diagnostic(dry.out + dry.err);
      assert.equal(dry.code, 1, dry.err);
      assert.equal(readFileSync(join(project, 'plain.txt'), 'utf8').includes('THREE'), true);

      const done = await rollback('--apply', '--json');
      assert.equal(done.code, 1, done.err);
      const status = new Map<string, string>(
        done.json.steps.map((step: { path?: string; tool: string; status: string }) => [
          step.path?.slice(project.length + 1) ?? step.tool,
          step.status,
        ]),
      );
      const after = filesIn(project);
      for (const name of [...Object.keys(BEFORE), ...NEW]) {
        if (name === 'many.txt') continue;
        assert.equal(status.get(name), 'restored', name);
        assert.equal(after.get(name), before.get(name), `${name} is as it was`);
      }
      assert.equal(status.get('many.txt'), 'conflict');
      assert.equal(readFileSync(join(project, 'many.txt'), 'utf8'), 'a person was here\n');
      assert.equal(status.get('Bash'), 'manual');

      writeFileSync(join(project, 'many.txt'), 'TWO TWO\nTWO\n');
      const again = await rollback('--apply', '--json', '--id', done.json.rollback_id);
      assert.equal(again.code, 0, again.err);
      assert.equal(filesIn(project).get('many.txt'), before.get('many.txt'));
      const log = await stage.clawctl(played.lab, [
        ...['logs', 'search', '--query', 'tool:rollback', '--limit', '100', '--json'],
      ]);
      const counts = Object.entries(
        Object.groupBy(log.json.events, (row: { type: string; status: string }) =>
          [row.type, row.status].join(' '),
        ),
      ).map(([key, rows]) => `${key} ${rows?.length}`);
      assert.deepEqual(counts.sort(), [
        'file_operation blocked 1',
        'file_operation success 19',
        'task success 2',
      ]);
    } finally {
      await stage.close();
    }
  });
});

const SETTINGS = '~/.claude/settings.json';

function permitting(files: Readonly<Record<string, string>>) {
  const settings = JSON.parse(files[SETTINGS] ?? '{}') as { permissions: { allow: string[] } };
  settings.permissions.allow.push('Bash');
  return { ...files, [SETTINGS]: JSON.stringify(settings, null, 2) };
}
