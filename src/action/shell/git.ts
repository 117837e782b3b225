/** What the subcommands of git touch. */
import { has, parseOptions, valuesOf } from './option.ts';
import { type Arg, type Call, literal, type Scope } from './scope.ts';
import { host, isUrl, pathOf, remoteOf, touch, url } from './target.ts';

const GLOBAL = valuesOf('C c git-dir work-tree namespace exec-path config-env');
const VALUES = valuesOf(
  'm F:read b B o n depth branch message file:read author date since until grep format pretty' +
    ' origin reference filter upstream-name C c S x exec strategy output:write source s X',
);

/** What a subcommand does to its operands, else to the working tree. */
const ON_TREE: ReadonlyMap<string, 'read' | 'write' | 'delete'> = new Map(
  Object.entries({
    read:
      'status diff log show blame grep ls-files ls-tree cat-file rev-parse rev-list describe' +
      ' shortlog reflog archive format-patch bundle fsck count-objects annotate whatchanged' +
      ' merge-base for-each-ref show-ref name-rev cherry range-diff check-ignore var',
    write:
      'add commit checkout switch restore reset stash merge rebase cherry-pick revert apply am' +
      ' init branch tag config worktree notes gc prune repack mv sparse-checkout filter-branch' +
      ' update-index update-ref symbolic-ref bisect replace rerere lfs',
    delete: 'rm clean',
  } as const).flatMap(([access, names]) =>
    names.split(' ').map((name) => [name, access as 'read' | 'write' | 'delete'] as const),
  ),
);
const REMOTE = new Set(['clone', 'fetch', 'pull', 'push', 'ls-remote', 'remote', 'submodule']);
/** What these take as values; `-n`, `-x` and the like are none of it. */
const PATH_VALUES = valuesOf(
  'e exclude s source p C directory m F message pathspec-from-file:read chmod whitespace exclude',
);
const OUTPUT = valuesOf('o:write output:write output-directory:dir-write remote format prefix n');
/** Subcommands that write what they make into a file or folder of its own. */
const PACKS = new Set(['archive', 'format-patch']);
/** Subcommands whose operands are paths; elsewhere paths stand after `--`. */
const PATHS = new Set(['add', 'rm', 'mv', 'restore', 'clean', 'apply', 'am', 'check-ignore']);

export function git(call: Call): undefined {
  const global = parseOptions(call.words, GLOBAL, { first: true });
  const [name, ...rest] = global.operands;
  if (!name) return;
  const folders = global.options.flatMap(({ name, value }) =>
    value && (name === 'C' || name === 'work-tree') ? value : [],
  );
  const scope = folders.reduce(within, call.scope);
  configured(call, global.options);
  const at = { ...call, name: name.text, words: rest, scope };
  if (REMOTE.has(name.text)) return exchange(at);
  const access = ON_TREE.get(name.text);
  if (!access) {
    call.shell.trace.doubt(0.5, `what git ${name.text} does is not known`);
    return;
  }
  tree(at, access);
}

function within(scope: Scope, folder: Arg): Scope {
  if (folder.known !== 'all') return { ...scope, cwd: undefined };
  const path = pathOf({ ...scope, place: '' }, folder);
  return { ...scope, cwd: /^[/~]/.test(path) ? path : undefined };
}

function tree(at: Call, access: 'read' | 'write' | 'delete'): undefined {
  const { words, shell, scope, name } = at;
  const split = words.findIndex(({ text }) => text === '--');
  const before = split < 0 ? words : words.slice(0, split);
  const values = PATHS.has(name) ? PATH_VALUES : PACKS.has(name) ? OUTPUT : VALUES;
  const { operands, options } = parseOptions(before, values);
  for (const option of options) {
    if (!option.value || !/^(o|output|output-directory)$/.test(option.name)) continue;
    if (!PACKS.has(name) && option.name !== 'output') continue;
    const kind = name === 'format-patch' ? 'directory' : 'file';
    touch({ shell, scope }, option.value, { kind, access: 'write' });
  }
  if (name === 'worktree' || name === 'bundle') return elsewhere(at, operands);
  const paths = [
    ...(PATHS.has(name) ? operands : []),
    ...(split < 0 ? [] : words.slice(split + 1)),
  ];
  const staged = name === 'rm' && options.some((option) => option.name === 'cached');
  for (const path of paths) {
    const whole = path.text === '.';
    const kind = whole ? 'directory' : 'file';
    touch({ shell, scope }, path, { kind, access: staged ? 'read' : accessOf(name, path, paths) });
  }
  if (paths.length > 0) return;
  if (name === 'clean' && !has({ operands, options }, 'n dry-run')) {
    // what is not tracked, anywhere below
    touch({ shell, scope }, { text: './**', known: 'pattern' }, { kind: 'file', access });
    return;
  }
  const seen = name === 'clean' ? 'read' : access;
  shell.trace.add('directory', pathOf(scope, literal('.')), seen);
}

/** Settings by which git runs what it is told to. */
const RUNS = /^(alias\..*|core\.(pager|editor|sshcommand|fsmonitor|hookspath|askpass))=/i;

function configured({ shell }: Call, options: Options): undefined {
  for (const { name, value } of options) {
    if (name === 'c' && value && RUNS.test(value.text)) {
      shell.trace.doubt(0.5, `what ${value.text} makes git run is not known`);
    }
  }
}

type Options = ReturnType<typeof parseOptions>['options'];

/** `worktree add folder`, `worktree remove folder`, `bundle create file`. */
function elsewhere(at: Call, [verb, target]: readonly Arg[]): undefined {
  const { name, shell, scope } = at;
  const makes = verb?.text === 'add' || verb?.text === 'create';
  const removes = verb?.text === 'remove';
  const kind = name === 'bundle' ? 'file' : 'directory';
  const access = makes ? 'write' : removes ? 'delete' : 'read';
  if (target) touch({ shell, scope }, target, { kind, access });
  const changes = name === 'worktree' && (makes || removes || verb?.text === 'prune');
  shell.trace.add('directory', pathOf(scope, literal('.')), changes ? 'write' : 'read');
}

/** `add` and `apply` only read what they are given; `mv` takes its sources away. */
function accessOf(name: string, path: Arg, paths: readonly Arg[]): 'read' | 'write' | 'delete' {
  if (name === 'mv') return path === paths.at(-1) ? 'write' : 'delete';
  if (name === 'add' || name === 'apply' || name === 'am' || name === 'check-ignore') return 'read';
  const access = ON_TREE.get(name);
  return access ?? 'read';
}

function exchange(call: Call): undefined {
  const { name, words, shell, scope } = call;
  const { operands } = parseOptions(words, VALUES);
  const tree = pathOf(scope, literal('.'));
  if (name === 'remote' || name === 'submodule') {
    for (const operand of operands) if (isRepository(operand)) repository(call, operand);
    const changes = /^(add|update|set-url|remove|rename|init|deinit)$/.test(
      operands[0]?.text ?? '',
    );
    shell.trace.add('directory', tree, changes ? 'write' : 'read');
    return;
  }
  const [source, target] = operands;
  if (source) repository(call, source);
  else shell.trace.add('other', 'git remote', 'network');
  if (name === 'clone') {
    const into = target ?? (source && cloned(source));
    if (into) touch({ shell, scope }, into, { kind: 'directory', access: 'write' });
  } else if (name !== 'ls-remote') {
    shell.trace.add('directory', tree, name === 'push' ? 'read' : 'write');
  }
}

function isRepository(arg: Arg): boolean {
  return isUrl(arg.text) || remoteOf(arg) !== undefined;
}

/** A URL, `user@host:path`, a local folder, or the name of a remote. */
function repository({ shell, scope, name }: Call, arg: Arg): undefined {
  const there = remoteOf(arg);
  if (isUrl(arg.text)) return url(shell, arg);
  if (there) {
    shell.trace.add('url', arg.text, 'network');
    host(shell, { ...arg, text: there.host });
    return;
  }
  if (name === 'clone' || /^[./~]/.test(arg.text)) {
    touch({ shell, scope }, arg, { kind: 'directory', access: 'read' });
  } else shell.trace.add('other', `git remote ${arg.text}`, 'network');
}

/** The folder that a clone makes: the last part of the repository's name. */
function cloned({ text, known }: Arg): Arg | undefined {
  const base = text
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .split(/[/:]/)
    .at(-1);
  return base ? { text: base, known } : undefined;
}
