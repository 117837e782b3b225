/** The commands of a line as their words, for policies: a reader that errs on the side of more. */

export type LineCommand = {
  /** Without quotes; the first is the program. Never empty. */
  readonly words: readonly string[];
  /** Whether it reads what another command wrote. */
  readonly piped: boolean;
  /** Files that its output goes to. */
  readonly outputs: readonly string[];
};

/** Characters of a line that are read: as many as a resource's id has. */
const LINE_CHARS = 8192;
const DEPTH = 3;
const LINES = 1024;

/**
 * Every command that a shell would find, also inside `$(…)`, of `bash -c '…'` and after `sudo`.
 * The words of a here-document count only where a shell reads it. Never throws.
 */
export function commandsOf(line: string): readonly LineCommand[] {
  const held = known.get(line);
  if (held) return held;
  const commands = read(line.slice(0, LINE_CHARS), DEPTH);
  if (known.size >= LINES) known.clear();
  known.set(line, commands);
  return commands;
}

/** Lines repeat: every question about a call, and every run of a test, has the same. */
const known = new Map<string, readonly LineCommand[]>();

/** The program's name without its folder. */
export function programOf(command: LineCommand | undefined): string {
  return (command?.words[0] ?? '').replace(/^.*[/\\]/, '');
}

/** Programs that run their other words, or a text, as commands. */
const RUNNERS = new Set(
  (
    'sudo doas env nohup time nice ionice xargs timeout command exec stdbuf setsid builtin chroot' +
    ' watch strace caffeinate unbuffer parallel busybox then do else if while until !'
  ).split(' '),
);
const SHELLS = new Set('sh bash zsh dash ksh fish ash eval ssh su pwsh powershell'.split(' '));

function read(line: string, depth: number): LineCommand[] {
  return split(withoutDocuments(line)).flatMap((command) => within(command, depth));
}

/** A command, then those that it runs. */
function within(command: LineCommand, depth: number): LineCommand[] {
  const { words, piped } = command;
  const start = words.findIndex((word) => !/^[A-Za-z_][A-Za-z0-9_]*=/.test(word));
  if (start < 0) return [];
  const own: LineCommand = start === 0 ? command : { ...command, words: words.slice(start) };
  if (depth === 0) return [own];
  const program = programOf(own);
  const rest = own.words.slice(1);
  if (SHELLS.has(program)) {
    const scripts = program === 'eval' || program === 'ssh' ? [rest.join(' '), ...rest] : rest;
    return [own, ...scripts.filter(spaced).flatMap((script) => read(script, depth - 1))];
  }
  const runs = RUNNERS.has(program) || program === 'find';
  if (!runs) return [own];
  // Where an option of the runner takes a value, the value looks like a program as well.
  const tails = rest
    .map((word, i) => ({ word, i }))
    .filter(({ word }) => !word.startsWith('-') && !word.includes('='))
    .slice(0, 4)
    .map(({ i }) => ({ words: rest.slice(i), piped, outputs: [] }));
  return [own, ...tails.flatMap((tail) => within(tail, depth - 1))];
}

function spaced(word: string): boolean {
  return /\s/.test(word);
}

/** Here-documents that no shell reads are text, not commands. */
function withoutDocuments(line: string): string {
  if (!line.includes('<<')) return line;
  const lines = line.split('\n');
  const kept: string[] = [];
  for (let i = 0; i < lines.length; i += 1) {
    const current = lines[i] ?? '';
    kept.push(current);
    const opened = /<<-?\s{0,8}(["']?)([A-Za-z_][\w-]{0,64})\1/.exec(current);
    if (!opened || /(^|[\s|;&/])(ba|da|z|k|a)?sh(\s|$)/.test(current)) continue;
    const end = lines.findIndex((text, j) => j > i && text.trim() === opened[2]);
    if (end > 0) i = end;
  }
  return kept.join('\n');
}

type Reading = {
  readonly line: string;
  at: number;
  readonly commands: LineCommand[];
  words: string[];
  outputs: string[];
  word: string | undefined;
  piped: boolean;
  toFile: boolean;
  quote: string;
  /** What opened each substitution around this place, and the quote that it stands in. */
  readonly around: { readonly closer: string; readonly quote: string }[];
};

/** Words and separators, character by character. */
function split(line: string): LineCommand[] {
  const reading: Reading = {
    line,
    at: 0,
    commands: [],
    words: [],
    outputs: [],
    word: undefined,
    piped: false,
    toFile: false,
    quote: '',
    around: [],
  };
  for (; reading.at < line.length; reading.at += 1) step(reading, line[reading.at] ?? '');
  endCommand(reading, false);
  return reading.commands;
}

function step(reading: Reading, char: string): void {
  const { quote, line, at } = reading;
  const next = line[at + 1] ?? '';
  if (quote === "'") {
    if (char === quote) reading.quote = '';
    else add(reading, char);
  } else if (char === '\\') {
    if (next !== '\n') add(reading, next);
    reading.at += 1;
  } else if (char === '$' && next === '(') {
    reading.at += 1;
    open(reading, ')');
  } else if (char === '`' && reading.around.at(-1)?.closer !== '`') {
    open(reading, '`');
  } else if (quote === '' && char === reading.around.at(-1)?.closer) {
    close(reading);
  } else if (char === '"') {
    reading.quote = quote === '"' ? '' : '"';
    add(reading, '');
  } else if (quote === '"') {
    add(reading, char);
  } else if (char === "'") {
    reading.quote = char;
    add(reading, '');
  } else {
    plain(reading, char, next);
  }
}

/** What is run inside of a word, quoted or not, is a command of its own. */
function open(reading: Reading, closer: string): void {
  endCommand(reading, false);
  reading.around.push({ closer, quote: reading.quote });
  reading.quote = '';
}

function close(reading: Reading): void {
  endCommand(reading, false);
  reading.quote = reading.around.pop()?.quote ?? '';
}

function plain(reading: Reading, char: string, next: string): void {
  const fresh = reading.word === undefined;
  if (char === '#' && fresh) {
    const end = reading.line.indexOf('\n', reading.at);
    reading.at = end < 0 ? reading.line.length : end - 1;
  } else if (char === ' ' || char === '\t' || char === '\r') endWord(reading);
  else if (char === '|') endCommand(reading, next !== '|');
  else if (char === '>') {
    if (/^\d$/.test(reading.word ?? '')) reading.word = undefined;
    endWord(reading);
    reading.toFile = true;
  } else if (char === '&' && reading.toFile && fresh) add(reading, char);
  else if (';&\n()'.includes(char)) endCommand(reading, false);
  else if (!(fresh && (char === '}' || (char === '{' && /\s/.test(next))))) add(reading, char);
}

function add(reading: Reading, chars: string): void {
  reading.word = (reading.word ?? '') + chars;
}

function endWord(reading: Reading): void {
  const { word, toFile } = reading;
  if (word === undefined) return;
  if (toFile) reading.outputs.push(word);
  else reading.words.push(word);
  reading.word = undefined;
  reading.toFile = false;
}

function endCommand(reading: Reading, pipes: boolean): void {
  endWord(reading);
  const { words, outputs, piped } = reading;
  if (words.length > 0 || outputs.length > 0) {
    reading.commands.push({ words: words.length > 0 ? words : [':'], piped, outputs });
  }
  reading.words = [];
  reading.outputs = [];
  reading.toFile = false;
  reading.piped = pipes;
}
