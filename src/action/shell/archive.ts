/** Programs that pack, unpack and copy blocks. */
import { has, lastValue, parseOptions, valuesOf } from './option.ts';
import { type Arg, type Call, type Handler, literal } from './scope.ts';
import { touch } from './target.ts';

export const ARCHIVERS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['tar', tar],
  ['bsdtar', tar],
  ['zip', zip],
  ['unzip', unzip],
  ['7z', sevenZip],
  ['7za', sevenZip],
  ['dd', dd],
]);

const TAR = valuesOf(
  'f C T X I b directory file exclude exclude-from files-from transform strip-components owner' +
    ' group mode use-compress-program to-command checkpoint-action',
);

function tar({ words, scope, shell }: Call): undefined {
  const parsed = parseOptions(oldStyle(words), TAR);
  const file = lastValue(parsed, 'f file');
  const folder = lastValue(parsed, 'C directory');
  const command = lastValue(parsed, 'to-command checkpoint-action I use-compress-program');
  if (command) shell.runText(command.text.replace(/^exec=/, ''), scope);
  const from = lastValue(parsed, 'T files-from');
  if (from) touch({ shell, scope }, from, { kind: 'file', access: 'read' });
  const reading = has(parsed, 'x t extract get list d diff compare');
  if (file) touch({ shell, scope }, file, { kind: 'file', access: reading ? 'read' : 'write' });
  if (has(parsed, 't list')) return;
  if (has(parsed, 'x extract get')) {
    touch({ shell, scope }, folder ?? literal('.'), { kind: 'directory', access: 'write' });
    return;
  }
  for (const operand of parsed.operands) {
    touch({ shell, scope }, inside(folder, operand), { kind: 'directory', access: 'read' });
  }
}

/** `tar xzf name`: the first word's letters take their values from the words that follow. */
function oldStyle(words: readonly Arg[]): readonly Arg[] {
  const [first, ...rest] = words;
  if (!first || !/^[a-zA-Z]+$/.test(first.text)) return words;
  const values = [...first.text].filter((letter) => TAR.has(letter));
  const flags = [...first.text].filter((letter) => !TAR.has(letter));
  const options = values.flatMap((letter, i) => [literal(`-${letter}`), rest[i] ?? literal('')]);
  return [literal(`-${flags.join('')}`), ...options, ...rest.slice(values.length)];
}

function inside(folder: Arg | undefined, { text, known }: Arg): Arg {
  if (!folder || /^[/~$]/.test(text)) return { text, known };
  return { text: `${folder.text}/${text}`, known: folder.known === 'all' ? known : 'part' };
}

const ZIP = valuesOf('x i n P t b password');

function zip({ words, scope, shell }: Call): undefined {
  const { operands } = parseOptions(words, ZIP);
  const [file, ...sources] = operands;
  if (file) touch({ shell, scope }, file, { kind: 'file', access: 'write' });
  for (const operand of sources) touch({ shell, scope }, operand, { kind: 'file', access: 'read' });
}

function unzip({ words, scope, shell }: Call): undefined {
  const parsed = parseOptions(words, valuesOf('d P x'));
  const [file] = parsed.operands;
  if (file) touch({ shell, scope }, file, { kind: 'file', access: 'read' });
  if (!file || has(parsed, 'l t v p Z z')) return;
  const folder = lastValue(parsed, 'd') ?? literal('.');
  touch({ shell, scope }, folder, { kind: 'directory', access: 'write' });
}

function sevenZip({ words, scope, shell }: Call): undefined {
  const [command, ...rest] = words.filter(({ text }) => !text.startsWith('-'));
  const [file, ...sources] = rest;
  const packs = /^[audr]$/.test(command?.text ?? '');
  if (file) touch({ shell, scope }, file, { kind: 'file', access: packs ? 'write' : 'read' });
  if (packs) {
    for (const source of sources) touch({ shell, scope }, source, { kind: 'file', access: 'read' });
  } else if (/^[ex]$/.test(command?.text ?? '')) {
    const out = words.find(({ text }) => text.startsWith('-o'));
    const folder = out ? { ...out, text: out.text.slice(2) } : literal('.');
    touch({ shell, scope }, folder, { kind: 'directory', access: 'write' });
  }
}

function dd({ words, scope, shell }: Call): undefined {
  for (const word of words) {
    const found = /^(if|of)=(.*)$/s.exec(word.text);
    if (!found) continue;
    const access = found[1] === 'if' ? 'read' : 'write';
    touch({ shell, scope }, { ...word, text: found[2] ?? '' }, { kind: 'file', access });
  }
}
