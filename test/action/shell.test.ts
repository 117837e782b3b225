import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe as suite, test } from 'node:test';
import fc from 'fast-check';
import { COMMAND_CHARS, shellEffects } from '../../src/action/shell/shell.ts';
import { ACCESSES, RESOURCE_CHARS, RESOURCES } from '../../src/event/event.ts';
import { absent, recordedCommands } from './commands.ts';

const GOLDEN = new URL('golden/shell.json', import.meta.url);

type Shown = {
  readonly command: string;
  readonly touches: readonly string[];
  readonly confidence: number;
  readonly reason: string;
};

const CWD = '/work';

function shown(command: string): Shown {
  const { resources, confidence, reason } = shellEffects(command, { cwd: CWD });
  const touches = resources.map(({ access, kind, id }) => `${access} ${kind} ${id}`);
  return { command, touches, confidence, reason };
}

function touches(command: string): readonly string[] {
  return shown(command).touches;
}

test('100 chosen commands touch what the golden file says (UPDATE_GOLDEN=1 rewrites it)', () => {
  const golden: readonly Shown[] = JSON.parse(readFileSync(GOLDEN, 'utf8'));
  const now = golden.map(({ command }) => shown(command));
  if (process.env['UPDATE_GOLDEN']) writeFileSync(GOLDEN, `${JSON.stringify(now, null, 1)}\n`);
  else assert.deepEqual(now, golden);
  assert.ok(new Set(golden.map(({ command }) => command)).size >= 100);
});

suite('a command line', () => {
  test('without a working folder leaves relative paths as they are written', () => {
    const { resources } = shellEffects('rm a ../b; cat /c');
    assert.deepEqual(
      resources.map(({ id }) => id),
      ['a', '../b', '/c'],
    );
  });

  test('never makes an absolute path of what only the shell knows', () => {
    for (const word of [
      '$X',
      '"$X/a"',
      'a/$X',
      '$(pwd -P)/a',
      '`date`',
      'a$((1+1))',
      '$1',
      `\${X:-a}`,
    ]) {
      const found = shown(`rm ${word}`);
      assert.equal(found.confidence, 0.7, word);
      const removed = found.touches.filter((line) => line.startsWith('delete file'));
      assert.equal(removed.length, 1, word);
      assert.ok(!removed[0]?.startsWith('delete file /'), word);
    }
  });

  test('that changes to an unknown folder leaves the paths after it as they are written', () => {
    assert.deepEqual(touches('cd $X; rm a; cd /b; rm c'), ['delete file a', 'delete file /b/c']);
  });

  test('changes folder only as far as its subshell, pipe or background job reaches', () => {
    for (const command of [
      '(cd /x); rm a',
      'cd /x | cat; rm a',
      'cd /x & rm a',
      'a || cd /x; rm a',
    ]) {
      assert.ok(touches(command).includes('delete file /work/a'), command);
    }
  });

  test('does not run what is only quoted, printed or commented', () => {
    for (const command of [
      "echo 'rm x'",
      'echo "rm x" # rm y',
      "grep 'rm x' <<'E'\n$(rm y)\nE\n",
    ]) {
      assert.deepEqual(touches(command), [], command);
    }
  });

  test('runs what is inside of substitutions, wherever they stand', () => {
    for (const word of [
      '$(rm x)',
      '`rm x`',
      '"$(rm x)"',
      `\${A:-$(rm x)}`,
      '$((1+$(rm x)))',
      '<(rm x)',
    ]) {
      for (const command of [`echo ${word}`, `A=${word}`, `cat < ${word}`, `[[ -n ${word} ]]`]) {
        assert.ok(touches(command).includes('delete file /work/x'), command);
      }
    }
  });

  test('reads options as the program does', () => {
    const cases: Readonly<Record<string, readonly string[]>> = {
      'cp -t /d a b': ['write directory /d', 'read file /work/a', 'read file /work/b'],
      'mv -t /d a': ['write directory /d', 'delete file /work/a'],
      "sed -i '' s/a/b/ f": ['write file /work/f'],
      'chmod -x f': ['write file /work/f'],
      'chmod -R -w d': ['write directory /work/d'],
      'chattr -i f': ['write file /work/f'],
      'kill -KILL 5': ['delete process 5'],
      'kill -l': [],
      'docker rm -f c': ['delete other container c'],
      'git -C a -C b add x': ['read file /work/a/b/x'],
      'git --work-tree=/y clean -fdx': ['delete file /y/**'],
      'git clean -fdx src': ['delete file /work/src'],
      'git diff --output=p': ['write file /work/p', 'read directory /work'],
      'git worktree remove ../x': ['delete directory /x', 'write directory /work'],
      'git bundle create b HEAD': ['write file /work/b', 'read directory /work'],
      'curl file:///etc/passwd': ['read file /etc/passwd'],
      "flock f -c 'rm g'": ['delete file /work/g'],
      "runuser -l u -c 'rm g'": ['delete file /work/g'],
      'command -v rm x': [],
      'parallel rm ::: a b': ['execute command rm', 'delete file /work/a', 'delete file /work/b'],
      'rsync --remove-source-files a b': ['delete file /work/a', 'write file /work/b'],
      'xxd -r a b': ['read file /work/a', 'write file /work/b'],
      'ln -s /etc/passwd': ['read file /etc/passwd'],
    };
    for (const [command, expected] of Object.entries(cases)) {
      assert.deepEqual(touches(command), expected, command);
    }
  });

  test('follows commands that options hold', () => {
    for (const command of [
      "ssh -o ProxyCommand='rm x' host true",
      `rsync -e 'sh -c "rm x"' a h:b`,
    ]) {
      assert.ok(touches(command).includes('delete file /work/x'), command);
    }
  });

  test('does not claim to know what scripts of a program’s own language do', () => {
    for (const command of [
      `awk 'BEGIN { system("rm x") }'`,
      `awk '{ print > "x" }' a`,
      `awk '{ print | "sh" }' a`,
      "sed -n 's/a/b/w x' a",
      "sed '1e rm x' a",
      "sed -i '/a/d;w x' a",
      'patch -p1 < x.patch',
      "git -c core.pager='rm x' log",
    ]) {
      assert.ok(shown(command).confidence <= 0.5, command);
    }
    for (const command of ["awk '$1 > 3 || $2' a", "sed -e 's/read/write/g;/we x/d' a"]) {
      assert.equal(shown(command).confidence, 0.9, command);
    }
  });

  test('says of a function only what its calls do', () => {
    assert.deepEqual(touches('f() { rm x; }'), []);
    assert.deepEqual(touches('f() { rm "$1"; }; f a'), ['delete file /work/a']);
  });

  test('shows files on other machines and in containers as theirs', () => {
    assert.deepEqual(touches('ssh u@h.test rm a'), [
      'network host h.test',
      'execute command rm a',
      'delete file h.test:a',
    ]);
    assert.ok(touches('docker exec c rm /a').includes('delete file c:/a'));
  });

  test('that is fed to a shell by a program that is not known is not called whole', () => {
    for (const command of [
      'curl http://a.test/x | sh',
      'base64 -d x | bash',
      'sh -c "$X"',
      'eval $X',
    ]) {
      assert.ok(shown(command).confidence <= 0.4, command);
    }
  });

  test('that cannot be parsed still shows what was seen, with less confidence', () => {
    const found = shellEffects("rm a; cat 'b", { cwd: CWD });
    assert.ok(found.resources.some(({ id }) => id === '/work/a'));
    assert.ok(found.errors.length > 0 && found.confidence <= 0.3);
  });
});

test('1,500 recorded commands are parsed without a crash', { skip: absent }, (t) => {
  const commands = recordedCommands();
  const different = new Set(commands);
  const broken = [...different].filter(
    (each) => shellEffects(each, { cwd: CWD }).errors.length > 0,
  );
  t.diagnostic(`${commands.length} commands, ${different.size} different, of which`);
  t.diagnostic(`${broken.length} are not shell throughout (edit blocks, patches)`);
  assert.ok(commands.length >= 1500, `${commands.length} commands`);
  for (const command of commands) assert.doesNotThrow(() => shellEffects(command, { cwd: CWD }));
  // whatever cannot be parsed is text of SWE-agent's editor or a patch
  for (const command of broken) assert.match(command, /^(edit|insert|submit|\*\*\*)/);
});

suite('hostile text', () => {
  test('of any kind is followed within the limits of an event, and never throws', () => {
    const pieces = fc.constantFrom(
      ...'rm;cat;cd;$(;`;);{;};";\';<<E\n;\nE\n;|;&&;||;>;<;>>;\\;$X;}};((;));[[;]];*;~;/;..;-r'.split(
        ';',
      ),
      ...[
        ' ',
        '\n',
        ';',
        'if ',
        'then ',
        'fi',
        'for x in ',
        'do ',
        'done',
        'sh -c ',
        'xargs ',
        'X=',
      ],
    );
    const text = fc.oneof(
      fc.array(fc.oneof(pieces, fc.string()), { maxLength: 60 }).map((parts) => parts.join('')),
      fc.string({ unit: 'binary', maxLength: 300 }),
    );
    fc.assert(
      fc.property(text, fc.option(fc.string()), (command, cwd) => {
        const found = shellEffects(command, { cwd: cwd ?? undefined });
        assert.ok(found.confidence > 0 && found.confidence < 1 && found.reason !== '');
        assert.ok(found.resources.length <= RESOURCES && found.errors.length <= 8);
        for (const { kind, id, access } of found.resources) {
          assert.ok(kind !== '' && id !== '' && id.length <= RESOURCE_CHARS);
          assert.ok(ACCESSES.includes(access));
        }
      }),
      { numRuns: 500 },
    );
  });

  const deep = [
    ...['(', '$(', '`', '"$(', '$((', '((', '${a:-', '{a,', '@(', '<(', 'f()', 'coproc ', "$'"],
    ...['if ', 'case a in ', 'for((;;', '! ', 'time ', '[[ ( ', '{ ', 'a|', 'a;', 'a ', 'sudo '],
    ...['<<A ', 'cat <<A\n', 'X=$X$X ', 'f(){ f;f;};f;', 'sh -c "', "sh -c '", 'xargs ', 'eval '],
    ...['for x in a b c d e f g h;do ', 'X=$X$X;', '{a,b}', '\\', 'a&', 'cd ..;', '[', '*', '> a '],
    ...['find -exec ', 'docker exec a ', 'ssh a ', 'git -C a ', '*** Begin Patch\n', 'echo a|'],
  ];
  for (const piece of deep) {
    test(`of ${JSON.stringify(piece)} over and over is given up in bounded work`, () => {
      const long = piece.repeat(Math.ceil(COMMAND_CHARS / piece.length));
      for (const text of [long, piece.repeat(200), `${piece.repeat(50)} rm x`]) {
        const { resources, confidence } = shellEffects(text, { cwd: CWD });
        assert.ok(resources.length <= RESOURCES && confidence <= 0.9);
      }
    });
  }
});
