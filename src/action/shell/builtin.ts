/** Commands of the shell itself: folders, variables, text run as commands. */
import { type Arg, assign, type Call, type Handler, type Input, literal } from './scope.ts';
import { pathOf, touch } from './target.ts';
import { testCommand } from './test.ts';

export const BUILTINS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['cd', changeFolder],
  ['pushd', changeFolder],
  ['popd', popFolder],
  ['echo', echo],
  ['printf', printf],
  ['read', readLine],
  ['mapfile', forget],
  ['readarray', forget],
  ['export', declare],
  ['declare', declare],
  ['typeset', declare],
  ['local', declare],
  ['readonly', declare],
  ['unset', forget],
  ['eval', evaluate],
  ['source', source],
  ['.', source],
  ['trap', trap],
  ['alias', alias],
  ['test', testCommand],
  ['[', testCommand],
]);

function changeFolder({ words, scope, shell }: Call): undefined {
  const target = words.find(({ text }) => text === '-' || !/^[-+]/.test(text)) ?? literal('~');
  const before = scope.cwd;
  if (target.text === '-') scope.cwd = scope.previous;
  else scope.cwd = target.known === 'all' ? folderOf({ words, scope }, target) : undefined;
  scope.previous = before;
  if (target.known !== 'all') shell.trace.doubt(0.7, `only the shell knows: ${target.text}`);
}

/** Paths of another machine carry its name only when they are shown. */
function folderOf({ scope }: Pick<Call, 'words' | 'scope'>, target: Arg): string | undefined {
  const path = pathOf({ ...scope, place: '' }, target);
  return /^[/~]/.test(path) ? path : undefined;
}

function popFolder({ scope }: Call): undefined {
  const before = scope.cwd;
  scope.cwd = scope.previous;
  scope.previous = before;
}

function echo({ words }: Call): Input | undefined {
  const from = words.findIndex(({ text }) => !/^-[neE]+$/.test(text));
  return from < 0 ? undefined : said(words.slice(from));
}

function printf({ words }: Call): Input | undefined {
  const [format, ...rest] = words[0]?.text === '--' ? words.slice(1) : words;
  if (!format) return undefined;
  if (!format.text.includes('%')) return said([{ ...format, text: unescaped(format.text) }]);
  return /^(%s|\\n|\s)+$/.test(format.text) ? said(rest) : undefined;
}

function said(words: readonly Arg[]): Input | undefined {
  if (words.some(({ known }) => known !== 'all')) {
    return words.every(({ known }) => known !== 'part')
      ? { kind: 'names', names: words }
      : undefined;
  }
  return { kind: 'text', text: words.map(({ text }) => text).join(' ') };
}

function unescaped(text: string): string {
  return text.replaceAll('\\n', '\n').replaceAll('\\t', '\t');
}

/** A variable that takes the names which come in stands for each of them. */
function readLine({ words, scope }: Call): undefined {
  const names = words.map(({ text }) => text).filter((text) => /^[A-Za-z_]\w*$/.test(text));
  const { input } = scope;
  const lines = input?.kind === 'names' && input.names.length === 1 ? input.names[0] : undefined;
  for (const name of names) assign(scope, name, names.length === 1 ? lines : undefined);
}

function forget({ words, scope }: Call): undefined {
  for (const { text } of words) assign(scope, text, undefined);
}

/** `NAME=value` words; each counts as an assignment. */
function declare({ words, scope }: Call): undefined {
  for (const word of words) {
    const found = /^([A-Za-z_]\w*)=(.*)$/s.exec(word.text);
    if (found?.[1]) assign(scope, found[1], { ...word, text: found[2] ?? '' });
  }
}

function evaluate({ words, scope, shell }: Call): Input | undefined {
  if (words.some(({ known }) => known === 'part')) {
    shell.trace.doubt(0.4, 'runs what only the shell knows: eval');
  }
  return shell.runText(words.map(({ text }) => text).join(' '), scope);
}

function source({ words, scope, shell }: Call): undefined {
  const [file] = words;
  if (!file) return;
  touch({ shell, scope }, file, { kind: 'file', access: 'execute' });
  shell.trace.doubt(0.5, `what ${file.text} does is not known`);
}

function trap({ words, scope, shell }: Call): undefined {
  const [command] = words;
  if (command && !/^-|^$/.test(command.text)) shell.runText(command.text, scope);
}

function alias({ words, shell }: Call): undefined {
  if (words.some(({ text }) => text.includes('='))) {
    shell.trace.doubt(0.5, 'an alias changes what words mean');
  }
}
