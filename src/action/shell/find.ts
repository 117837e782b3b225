/** `find`: the folders it walks, what it deletes, and the commands it runs on what it finds. */
import { type Arg, type Call, fork, type Input, literal } from './scope.ts';
import { touch } from './target.ts';

const RUNS = new Set(['-exec', '-execdir', '-ok', '-okdir']);
const NAMED = new Set(['-name', '-iname', '-path', '-wholename', '-ipath']);
const WRITES = new Set(['-fprint', '-fprintf', '-fls', '-fprint0']);

export function find(call: Call): Input {
  const { words, scope, shell } = call;
  const from = words.findIndex(({ text }) => /^[-(!\\]/.test(text) && !/^-[HLPDO]/.test(text));
  const before = from < 0 ? words : words.slice(0, from);
  const roots = before.filter(({ text }) => !text.startsWith('-'));
  const tests = from < 0 ? [] : words.slice(from);
  const places = roots.length > 0 ? roots : [literal('.')];
  for (const root of places) touch({ shell, scope }, root, { kind: 'directory', access: 'read' });
  const found = places.map((root) => matches(root, tests));
  for (const [i, { text }] of tests.entries()) {
    if (!shell.trace.spend(1)) break;
    const next = tests[i + 1];
    if (text === '-delete') {
      for (const name of found) touch({ shell, scope }, name, { kind: 'file', access: 'delete' });
    }
    if (RUNS.has(text)) run(call, commandAt(tests, i + 1), found);
    if (next && WRITES.has(text)) touch({ shell, scope }, next, { kind: 'file', access: 'write' });
    if (next && text === '-newer') touch({ shell, scope }, next, { kind: 'file', access: 'read' });
  }
  return { kind: 'names', names: found };
}

/** What is found, as a pattern: the root, then the only name that was asked for. */
function matches(root: Arg, tests: readonly Arg[]): Arg {
  const asked = tests.flatMap(({ text }, i) => (NAMED.has(text) ? [tests[i + 1]] : []));
  const either = tests.some(({ text }) => /^(-o|-or|!|-not)$/.test(text));
  const only = asked.length === 1 && !either ? asked[0] : undefined;
  const name = (only?.text ?? '').replace(/^(\*?\/)+/, '');
  const known = root.known === 'part' || only?.known === 'part' ? 'part' : 'pattern';
  const base = root.text.replace(/(.)\/+$/, '$1');
  return { text: `${base}/**${name === '' ? '' : `/${name}`}`, known };
}

function commandAt(tests: readonly Arg[], start: number): readonly Arg[] {
  const end = tests.findIndex(({ text }, i) => i >= start && (text === ';' || text === '+'));
  return tests.slice(start, end < 0 ? undefined : end);
}

function run({ scope, shell }: Call, command: readonly Arg[], found: readonly Arg[]): undefined {
  // many `-exec` without an end would each reach to the end of the line
  if (command.length === 0 || !shell.trace.spend(16 * command.length)) return;
  shell.trace.add('command', command.map(({ text }) => text).join(' '), 'execute');
  for (const name of found) {
    shell.runWords(
      command.map((word) =>
        word.text.includes('{}')
          ? { text: word.text.replaceAll('{}', () => name.text), known: name.known }
          : word,
      ),
      fork(scope, { input: undefined }),
    );
  }
}
