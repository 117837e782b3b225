/** Programs that run others: shells, interpreters, ssh, xargs, find. */

import { find } from './find.ts';
import { has, lastValue, parseOptions, valuesOf } from './option.ts';
import { type Arg, type Call, fork, type Handler, type Input } from './scope.ts';
import { host, touch } from './target.ts';

export const RUNNERS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ...['sh', 'bash', 'dash', 'zsh', 'ksh', 'ash', 'rbash'].map(
    (name) => [name, shellProgram] as const,
  ),
  ...['su', 'script'].map((name) => [name, asUser] as const),
  ['ssh', ssh],
  ['autossh', ssh],
  ['xargs', xargs],
  ['parallel', xargs],
  ['find', find],
  ...['python', 'python2', 'python3', 'pypy3', 'node', 'nodejs', 'deno', 'ruby', 'perl', 'php'].map(
    (name) => [name, interpreter] as const,
  ),
  ...['lua', 'Rscript', 'osascript', 'pwsh', 'powershell', 'tsx', 'ts-node', 'fish'].map(
    (name) => [name, interpreter] as const,
  ),
]);

const SHELL = valuesOf('O o rcfile init-file:read');

/** `sh -c text`, `sh file`, `sh < file`, or a script on standard input. */
function shellProgram(call: Call): Input | undefined {
  const { words, scope, shell, name } = call;
  const parsed = parseOptions(words, SHELL, { first: true });
  const [first] = parsed.operands;
  if (first && has(parsed, 'c')) {
    if (first.known === 'part') shell.trace.doubt(0.4, `${name} -c runs what only the shell knows`);
    shell.trace.add('command', first.text, 'execute');
    return shell.runText(first.text, inner(scope, parsed.operands.slice(1)));
  }
  if (first && !has(parsed, 's')) {
    touch({ shell, scope }, first, { kind: 'file', access: 'execute' });
    shell.trace.doubt(0.5, `what ${first.text} does is not known`);
    return undefined;
  }
  return fed(call);
}

function inner(scope: Call['scope'], rest: readonly Arg[]) {
  const at = fork(scope, { input: undefined });
  rest.slice(0, 10).forEach((arg, i) => {
    at.variables.set(`${i}`, arg);
  });
  return at;
}

/** A script that comes in. */
function fed({ name, scope, shell }: Call): Input | undefined {
  const { input } = scope;
  if (input?.kind === 'text') return shell.runText(input.text, fork(scope, { input: undefined }));
  if (input?.kind === 'file') {
    touch({ shell, scope }, input.name, { kind: 'file', access: 'execute' });
    shell.trace.doubt(0.5, `what ${input.name.text} does is not known`);
    return undefined;
  }
  shell.trace.add('command', name, 'execute');
  shell.trace.doubt(0.4, `${name} runs what it is given`);
  return undefined;
}

function asUser({ words, scope, shell }: Call): undefined {
  const parsed = parseOptions(words, valuesOf('c command s shell g'));
  const command = lastValue(parsed, 'c command');
  if (!command) return;
  shell.trace.add('command', command.text, 'execute');
  shell.runText(command.text, fork(scope));
}

const SSH = valuesOf('p i:read l F:read o L R D J:host b c m W S E:write e w B I Q O');

/** Options by which ssh runs a command here. */
const LOCAL = /^\s*(?:Proxy|Local|KnownHosts)Command[\s=]+(.+)$/is;

/** The words after the host are one script for the shell there. */
function ssh(call: Call): undefined {
  const { words, scope, shell } = call;
  const { operands, options } = parseOptions(words, SSH, { first: true });
  for (const { name, value } of options) {
    const line = name === 'o' && value ? LOCAL.exec(value.text)?.[1] : undefined;
    if (line !== undefined) shell.runText(line.replace(/^"(.*)"$/s, '$1'), fork(scope));
    const what = value && SSH.get(name);
    if (!value || !what) continue;
    if (what === 'host') host(shell, value);
    else
      touch({ shell, scope }, value, { kind: 'file', access: what === 'read' ? 'read' : 'write' });
  }
  const [target, ...rest] = operands;
  if (!target) return;
  const address = { ...target, text: target.text.replace(/^ssh:\/\//, '') };
  host(shell, address);
  const bare = address.text.slice(address.text.lastIndexOf('@') + 1);
  const there = fork(scope, { place: `${bare}:`, cwd: undefined, variables: new Map() });
  const command = rest.filter(({ text }) => text !== '-t' && text !== '--');
  const text = command.map((word) => word.text).join(' ');
  if (text !== '') {
    shell.trace.add('command', text, 'execute');
    shell.runText(text, there);
  } else if (scope.input?.kind === 'text') shell.runText(scope.input.text, there);
  else shell.trace.doubt(0.5, `what is done on ${bare} is not known`);
}

const XARGS = valuesOf(
  'I n P L d E s a:read i j max-args max-procs max-lines delimiter arg-file:read replace jobs',
);

/** What comes in become operands; where they are not known, only the command is. */
function xargs(call: Call): undefined {
  const { words, scope, shell } = call;
  const parsed = parseOptions(words, XARGS, { first: true });
  const file = lastValue(parsed, 'a arg-file');
  if (file) touch({ shell, scope }, file, { kind: 'file', access: 'read' });
  // `parallel command ::: names`
  const split = parsed.operands.findIndex(({ text }) => text === ':::');
  const command = split < 0 ? parsed.operands : parsed.operands.slice(0, split);
  if (command.length === 0) return;
  const given = split < 0 ? undefined : parsed.operands.slice(split + 1, split + 1 + NAMES);
  const names = given ?? (file ? undefined : namesIn(scope.input));
  shell.trace.add('command', command.map(({ text }) => text).join(' '), 'execute');
  if (!names) shell.trace.doubt(0.5, `what ${command[0]?.text} is given is not known`);
  const mark =
    lastValue(parsed, 'I replace')?.text ?? (has(parsed, 'I i replace') ? '{}' : undefined);
  const at = fork(scope, { input: undefined });
  if (mark === undefined || mark === '') {
    shell.runWords([...command, ...(names ?? [])], at);
    return;
  }
  for (const name of names ?? [{ text: mark, known: 'part' } as const]) {
    shell.runWords(filled(command, mark, name), at);
  }
}

/** Each word with a mark in it, the name put in its place. */
export function filled(words: readonly Arg[], mark: string, name: Arg): Arg[] {
  return words.map((word) => {
    if (!word.text.includes(mark)) return word;
    const known = word.known === 'part' ? 'part' : name.known === 'all' ? word.known : name.known;
    return { text: word.text.replaceAll(mark, () => name.text), known };
  });
}

const NAMES = 32;

function namesIn(input: Input | undefined): readonly Arg[] | undefined {
  if (input?.kind === 'names') return input.names.slice(0, NAMES);
  if (input?.kind !== 'text') return undefined;
  const words = input.text.split(/\s+/, NAMES).filter((text) => text !== '');
  return words.map((text) => ({ text, known: 'all' }));
}

const CODE = valuesOf('c e E r W X O m p eval print require:read import C I M loader conditions');

/** A file of code is executed; code in a word or on standard input is not followed. */
function interpreter(call: Call): Input | undefined {
  const { name, words, scope, shell } = call;
  const parsed = parseOptions(words, CODE, { first: true });
  const { operands } = parsed;
  if (operands.length === 0 && has(parsed, 'V v version h help')) return undefined;
  const module = /^py/.test(name) ? lastValue(parsed, 'm') : undefined;
  if (module) return shell.runWords([module, ...operands], fork(scope));
  const coded = /^(perl|ruby|php|node|nodejs|deno)$/.test(name) ? 'e E r p eval print' : 'c e';
  const inline = has(parsed, coded);
  const file = inline ? undefined : operands.find(({ text }) => !/^(-|run|--)$/.test(text));
  if (file) touch({ shell, scope }, file, { kind: 'file', access: 'execute' });
  else shell.trace.add('command', name, 'execute');
  if (inline && /^(perl|ruby)$/.test(name)) edited(call, operands);
  shell.trace.doubt(0.5, `what ${file?.text ?? `code for ${name}`} does is not known`);
  return undefined;
}

/** `perl -pi -e code files` changes its files, without `-i` it reads them. */
function edited({ words, scope, shell }: Call, files: readonly Arg[]): undefined {
  const writes = words.some(({ text }) => /^-[A-Za-z0]*i/.test(text));
  for (const file of files) {
    touch({ shell, scope }, file, { kind: 'file', access: writes ? 'write' : 'read' });
  }
}
