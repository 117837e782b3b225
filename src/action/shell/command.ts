/** One command of a script: which program it is, and what that program touches. */
import { patchedFiles } from '../patch.ts';
import { ARCHIVERS } from './archive.ts';
import { BUILTINS } from './builtin.ts';
import { CONTAINERS } from './container.ts';
import { FETCHERS } from './fetch.ts';
import { git } from './git.ts';
import { has, lastValue, parseOptions, valuesOf } from './option.ts';
import { PACKAGERS } from './package.ts';
import { isPlain, plain } from './plain.ts';
import { PREFIXES, type Prefix } from './program.ts';
import { RUNNERS } from './runner.ts';
import { type Arg, assign, type Call, fork, type Handler, type Input } from './scope.ts';
import { isUrl, touch, url } from './target.ts';

const HANDLERS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ...BUILTINS,
  ...RUNNERS,
  ...FETCHERS,
  ...ARCHIVERS,
  ...PACKAGERS,
  ...CONTAINERS,
  ['git', git],
  ['apply_patch', applyPatch],
  ['applypatch', applyPatch],
]);

/** Folders of programs that are what their name says. */
const SYSTEM = /^\/(usr\/(local\/)?)?s?bin\/|^\/opt\/homebrew\/bin\//;

/** The name as it is written, then the words. */
export function runProgram(call: Call): Input | undefined {
  const { shell, scope } = call;
  const { name } = call;
  if (!name.includes('/')) return known(call) ?? undefined;
  const base = name.slice(name.lastIndexOf('/') + 1);
  if (SYSTEM.test(name)) return known({ ...call, name: base });
  touch({ shell, scope }, { text: name, known: 'all' }, { kind: 'file', access: 'execute' });
  // `.venv/bin/python` is some python
  if (/(^|\/)bin\/[^/]+$/.test(name) && isKnown(base)) return known({ ...call, name: base });
  shell.trace.doubt(0.5, `what ${name} does is not known`);
  guessed(call);
  return undefined;
}

function isKnown(name: string): boolean {
  return HANDLERS.has(name) || PREFIXES.has(name) || isPlain(name);
}

function known(call: Call): Input | undefined {
  const name = HANDLERS.has(call.name)
    ? call.name
    : call.name.replace(/^(python|pip)3?\.\d+$/, '$1');
  const handler = HANDLERS.get(name);
  if (handler) return handler({ ...call, name });
  const prefix = PREFIXES.get(name);
  if (prefix) return prefixed(call, prefix);
  if (isPlain(name)) return plain(call);
  call.shell.trace.add('command', name, 'execute');
  call.shell.trace.doubt(0.5, `what ${name} does is not known`);
  guessed(call);
  return undefined;
}

/** Of a program that is not known: URLs are reached, and paths that cannot be mistaken are read. */
function guessed({ words, shell, scope }: Call): undefined {
  for (const word of words) {
    if (isUrl(word.text)) url(shell, word);
    else if (word.known !== 'part' && /^(\/|\.{1,2}\/|~\/)./.test(word.text)) {
      touch({ shell, scope }, word, { kind: 'file', access: 'read' });
    }
  }
}

/** `sudo -u x env A=b timeout 5 command words`. */
function prefixed(call: Call, prefix: Prefix): Input | undefined {
  const { shell, words } = call;
  const values = valuesOf(prefix.values);
  const parsed = parseOptions(words, values, { first: true });
  const scope = prefix.assigns ? fork(call.scope) : call.scope;
  for (const { name, value } of parsed.options) {
    if (value && values.get(name) === 'write') {
      touch({ shell, scope }, value, { kind: 'file', access: 'write' });
    }
    if (value && values.get(name) === 'dir') shell.runWords([CD, value], scope);
  }
  if (prefix.idle !== undefined && has(parsed, prefix.idle)) return undefined;
  const split = lastValue(parsed, 'S');
  if (call.name === 'env' && split) {
    return shell.runText([split, ...parsed.operands].map(({ text }) => text).join(' '), scope);
  }
  const line = prefix.line === undefined ? undefined : lineOf(call, prefix, prefix.line);
  if (line) return shell.runText(line.text, fork(scope));
  let rest = parsed.operands.slice(prefix.skip ?? 0);
  while (prefix.assigns && rest[0] && /^[A-Za-z_]\w*=/.test(rest[0].text)) {
    const [name = '', ...value] = rest[0].text.split('=');
    assign(scope, name, { ...rest[0], text: value.join('=') });
    rest = rest.slice(1);
  }
  if (rest.length === 0) return undefined;
  return call.name === 'watch' && rest.length === 1
    ? shell.runText(rest[0]?.text ?? '', fork(scope))
    : shell.runWords(rest, scope);
}

/** `flock file -c line`, `runuser -l user -c line`: the option may stand behind an operand. */
function lineOf({ words }: Call, { values }: Prefix, names: string): Arg | undefined {
  return lastValue(parseOptions(words, valuesOf(`${values} ${names}`)), names);
}

/** The tool that Codex and its kin have in their shells. */
function applyPatch({ words, shell, scope }: Call): undefined {
  const { input } = scope;
  const text = words[0]?.text ?? (input?.kind === 'text' ? input.text : '');
  const files = patchedFiles(text);
  for (const { path, access } of files) {
    touch({ shell, scope }, { text: path, known: 'all' }, { kind: 'file', access });
  }
  if (files.length === 0) shell.trace.doubt(0.5, 'a patch that is not known');
}

const CD: Arg = { text: 'cd', known: 'all' };
