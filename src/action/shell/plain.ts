/** Programs whose words the table explains. */
import type { Access } from '../../event/event.ts';
import { has, type Parsed, parseOptions, type Values, valuesOf } from './option.ts';
import { PROGRAMS, type Program } from './program.ts';
import { type Arg, type Call, fork, type Input } from './scope.ts';
import { host, isUrl, pathOf, remoteOf, type Touch, touch, url } from './target.ts';

type Known = Program & { readonly uses: readonly string[]; readonly valued: Values };

const KNOWN: ReadonlyMap<string, Known> = new Map(
  [...PROGRAMS].map(([name, program]) => [
    name,
    {
      ...program,
      uses: (program.operands ?? 'skip*').split(' ').filter((use) => use !== ''),
      valued: valuesOf(program.values ?? ''),
    },
  ]),
);

/** False where the table does not have the program. */
export function isPlain(name: string): boolean {
  return KNOWN.has(name);
}

/** What a program of the table touches. */
export function plain(call: Call): Input | undefined {
  const program = KNOWN.get(call.name);
  if (!program) return undefined;
  const parsed = parsedOf(call, program);
  if (program.idle !== undefined && has(parsed, program.idle)) return undefined;
  for (const { name, value } of parsed.options) {
    if (value) use(call, value, program.valued.get(name) ?? '');
  }
  // `dig +short name`
  const plus = program.uses[0] === 'host';
  const operands = parsed.operands.filter(({ text }) => !(plus && text.startsWith('+')));
  const uses = changed(program, parsed);
  const places = placesOf(uses, operands.length);
  operands.forEach((operand, i) => {
    use(call, operand, places[i] ?? 'skip');
  });
  const reads = operands.some((_, i) => places[i] !== 'skip');
  const { alone } = program;
  if (!reads && alone !== undefined && (alone === true || has(parsed, alone))) here(call);
  const scripts = [
    ...operands.filter((_, i) => places[i] === 'skip'),
    ...parsed.options.flatMap(({ name, value }) => (value && isScript(program, name) ? value : [])),
  ];
  const effects = scripts.some(({ text }) => program.effects?.test(text.slice(0, SCRIPT_CHARS)));
  if (program.opaque || effects) call.shell.trace.doubt(0.5, `what ${call.name} does is not known`);
  return outputOf(call, program, operands);
}

/** Characters of a script that are looked at for effects of its own. */
const SCRIPT_CHARS = 16_384;

function isScript({ instead = '' }: Known, option: string): boolean {
  return instead.split(' ').includes(option);
}

/** The words as options and operands, in the program's own manner. */
function parsedOf({ name, words }: Call, { valued, signs, switches }: Known): Parsed {
  // BSD's `sed -i ''`
  const own = name === 'sed' ? words.filter(({ text }) => text !== '') : words;
  const plain = own.filter(({ text }) => !switches?.test(text));
  if (!signs) return parseOptions(plain, valued);
  const end = plain.findIndex(({ text }) => text === '--');
  const at = plain.findIndex(({ text }, i) => (end < 0 || i < end) && signs.test(text));
  if (at < 0) return parseOptions(plain, valued);
  const { options, operands } = parseOptions(plain.toSpliced(at, 1), valued);
  return { options, operands: [...plain.slice(at, at + 1), ...operands] };
}

/** One word, by what the table says that it is. */
export function use(call: Call, arg: Arg, what: string): undefined {
  const { scope, shell } = call;
  const known = TOUCHES.get(what);
  if (known) return touch({ shell, scope }, arg, known);
  if (what === 'place') return place(call, arg);
  if (what === 'shell') {
    shell.runText(arg.text, fork(scope, { input: undefined }));
    return;
  }
  if (what === 'url') return url(shell, arg);
  if (what === 'host') return isUrl(arg.text) ? url(shell, arg) : host(shell, arg);
  const access = REMOTE.get(what);
  if (access) return remote(call, arg, access);
  if (what === 'process') shell.trace.add('process', arg.text, 'delete');
}

/** `host:path` touches the other host's file, and the host. */
export function remote(call: Call, arg: Arg, access: Access): undefined {
  const { scope, shell } = call;
  if (isUrl(arg.text)) return url(shell, arg);
  const there = remoteOf(arg);
  if (!there) return touch({ shell, scope }, arg, { kind: 'file', access });
  host(shell, { ...arg, text: there.host });
  const bare = there.host.slice(there.host.lastIndexOf('@') + 1);
  if (there.path !== '') shell.trace.add('file', `${bare}:${there.path}`, access);
}

/** The working folder is read. */
export function here({ scope, shell }: Call): undefined {
  shell.trace.add('directory', pathOf(scope, { text: '.', known: 'all' }), 'read');
}

const REMOTE: ReadonlyMap<string, Access> = new Map([
  ['remote', 'read'],
  ['remote-write', 'write'],
  ['remote-delete', 'delete'],
]);

const TOUCHES: ReadonlyMap<string, Touch> = new Map([
  ['read', { kind: 'file', access: 'read' }],
  ['write', { kind: 'file', access: 'write' }],
  ['delete', { kind: 'file', access: 'delete' }],
  ['execute', { kind: 'file', access: 'execute' }],
  ['dir', { kind: 'directory', access: 'read' }],
  ['dir-write', { kind: 'directory', access: 'write' }],
  ['dir-delete', { kind: 'directory', access: 'delete' }],
]);

/** A name without an extension is taken for a folder. */
function place({ shell, scope }: Call, arg: Arg): undefined {
  const base = arg.text.slice(arg.text.lastIndexOf('/') + 1);
  const folder = /^\.{0,2}$/.test(base) || !base.slice(1).includes('.') || base === '';
  touch({ shell, scope }, arg, { kind: folder ? 'directory' : 'file', access: 'read' });
}

/** What the options make of the operands. */
function changed(program: Known, parsed: Parameters<typeof has>[0]): readonly string[] {
  let { uses } = program;
  if (program.instead !== undefined && has(parsed, program.instead)) uses = uses.slice(1);
  if (program.targets !== undefined && has(parsed, program.targets)) uses = uses.slice(0, 1);
  if (has(parsed, 'remove-source-files')) uses = uses.map((word) => SENT.get(word) ?? word);
  if (program.writes !== undefined && has(parsed, program.writes)) {
    uses = uses.map((word) => word.replace(/^read/, 'write'));
  }
  if (program.reads !== undefined && has(parsed, program.reads)) {
    uses = uses.map((word) => word.replace(/^write/, 'read'));
  }
  if (program.folders === undefined || !has(parsed, program.folders)) return uses;
  return uses.map((word) => FOLDERS.get(word) ?? word);
}

/** `rsync --remove-source-files`. */
const SENT: ReadonlyMap<string, string> = new Map([['remote*', 'remote-delete*']]);

const FOLDERS: ReadonlyMap<string, string> = new Map([
  ['read*', 'dir*'],
  ['write*', 'dir-write*'],
  ['write', 'dir-write'],
  ['delete*', 'dir-delete*'],
]);

/** The use of each operand: what stands after a repeating one counts from the end. */
function placesOf(uses: readonly string[], count: number): string[] {
  const at = uses.findIndex((word) => word.endsWith('*'));
  if (at < 0) return uses.slice(0, count);
  const head = uses.slice(0, at);
  // one thing alone goes nowhere
  if (count === 1 && /^(read|delete|remote)\*/.test(uses[at] ?? '') && uses.length === at + 2) {
    return [uses[at] === 'remote*' ? 'remote' : 'read'];
  }
  // several things can only be put into a folder
  const many = count > 2 && uses.at(-1) === 'write';
  const tail = many ? ['dir-write'] : uses.slice(at + 1);
  const middle = Math.max(0, count - head.length - tail.length);
  const repeated = Array.from({ length: middle }, () => uses[at]?.slice(0, -1) ?? 'skip');
  return [...head, ...repeated, ...tail].slice(0, count);
}

/** What goes through a filter, and names that `ls` lists. */
function outputOf({ name, scope }: Call, program: Known, operands: readonly Arg[]) {
  if (program.passes && operands.length === 0) return scope.input;
  if (name === 'cat' && operands.length === 1 && operands[0]) {
    return operands[0].text === '-' ? scope.input : undefined;
  }
  const listed = name === 'ls' && operands.length > 0;
  const globs = operands.filter(({ known }) => known !== 'part');
  return listed && globs.length === operands.length
    ? ({ kind: 'names', names: globs } as const)
    : undefined;
}
