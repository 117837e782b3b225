/** What the subcommands of git touch. */
import { has, lastValue, parseOptions, valuesOf } from './option.ts';
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
/** Subcommands whose operands are paths; elsewhere paths stand after `--`. */
const PATHS = new Set(['add', 'rm', 'mv', 'restore', 'clean', 'apply', 'am', 'check-ignore']);

export function git(call: Call): undefined {
  const global = parseOptions(call.words, GLOBAL, { first: true });
  const [name, ...rest] = global.operands;
  if (!name) return;
  const folder = lastValue(global, 'C');
  const scope = folder ? within(call.scope, folder) : call.scope;
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

function tree(call: Call, access: 'read' | 'write' | 'delete'): undefined {
  const { words, shell, scope, name } = call;
  const split = words.findIndex(({ text }) => text === '--');
  const before = split < 0 ? words : words.slice(0, split);
  const { operands, options } = parseOptions(before, VALUES);
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
