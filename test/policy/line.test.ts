import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dangersOf } from '../../src/policy/danger.ts';
import { commandsOf } from '../../src/policy/line.ts';

const dangers = (line: string) => [...dangersOf(line, commandsOf(line))].sort().join();
const words = (line: string) => commandsOf(line).map((command) => command.words.join(' '));

test('words are those that a shell would see', () => {
  assert.deepEqual(words('r\\m -r"f" \'a b\'; A=1 git -C x push|sh &&\necho $HOME/x # rm y'), [
    'rm -rf a b',
    'git -C x push',
    'sh',
    'echo $HOME/x',
  ]);
  assert.deepEqual(words('echo "a $(rm x "y") b"; ls `pwd`'), [
    'echo a ',
    'rm x y',
    ' b',
    'ls',
    'pwd',
  ]);
});

test('what is run by another program is found', () => {
  const runs = [
    ...['sudo -u bob rm -rf src', 'env -i A=b nohup rm -rf src', 'timeout -s 9 5 rm -rf src'],
    ...['bash -lc "cd x && rm -rf src"', "ssh prod 'rm -rf src'", 'eval rm -rf src'],
    ...['find . -exec rm -rf {} +', 'ls | xargs -n 1 rm -rf', '(rm -rf src)', '{ rm -rf src; }'],
    ...['cat <<EOF | bash\nrm -rf src\nEOF', 'while true; do rm -rf src; done', '! rm -rf src'],
    ...['/usr/bin/rm -rf src', 'rm src -rf', 'rm --recursive --force src', 'echo "`rm -rf src`"'],
  ];
  for (const line of runs) assert.match(dangers(line), /delete_recursive/, line);
});

test('what only looks like it is not', () => {
  const harmless = [
    ...[
      'rm -f a.txt',
      'rm -rf node_modules ./dist packages/a/build /tmp/x',
      'git push --follow-tags',
    ],
    ...['git commit -m "rm -rf /"', 'echo rm -rf', 'grep -r "mkfs" .', 'docker rm -f web'],
    ...[
      'cat <<"EOF" > x.md\nrm -rf /\nEOF',
      'kubectl get pods',
      'terraform plan',
      'npm run publish:dry',
    ],
    ...[
      'git checkout main',
      'dd if=a of=b',
      'chmod 755 x',
      'sqlite3 a.db "select 1"',
      'clawctl status',
    ],
  ];
  for (const line of harmless) assert.equal(dangers(line), '', line);
});

test('a folder of the system is no build folder', () => {
  for (const target of [
    '/',
    '//',
    '/*',
    '~',
    '~/',
    '$HOME',
    '/etc',
    '/usr/*',
    '/home/dev',
    'C:\\',
  ]) {
    assert.match(dangers(`rm -rf '${target}'`), /wipe_system/, target);
  }
  for (const target of ['/home/dev/app', '/srv/app', 'dist/../src', '/tmp', '/tmp/../home/dev/x']) {
    assert.match(dangers(`rm -rf ${target}`), /delete_recursive/, target);
  }
});

test('no line throws or takes long, whatever it is made of', () => {
  const piece = fc.constantFrom(
    ...[
      '"',
      "'",
      '`',
      '$(',
      ')',
      '{',
      '}',
      '\\',
      '|',
      '||',
      '&',
      ';',
      '\n',
      ' ',
      '>',
      '<<EOF',
      'EOF',
    ],
    ...[
      '#',
      '=',
      'rm',
      '-rf',
      '/',
      'sudo',
      'bash',
      '-c',
      'xargs',
      'git',
      'push',
      '-f',
      '\ud800',
      '日本',
    ],
  );
  const line = fc.array(piece, { maxLength: 400 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(line, (text) => {
      const commands = commandsOf(text);
      assert.ok(commands.every((command) => command.words.length > 0));
      dangersOf(text, commands);
    }),
    { numRuns: 300 },
  );
  const before = performance.now();
  for (const part of ['sudo ', "bash -c '", '$(', '"', 'sudo bash -c "', '<<A\n', 'a|', '>']) {
    const text = part.repeat(4000);
    dangersOf(text, commandsOf(text));
  }
  assert.ok(performance.now() - before < 30_000, 'none of them explodes');
});
