/** Package managers: they fetch from registries, write folders and run what they fetch. */
import { has, parseOptions, type Values, valuesOf } from './option.ts';
import { type Arg, type Call, type Handler, type Input, literal } from './scope.ts';
import { isUrl, touch, url } from './target.ts';

type Manager = {
  /** As package URLs name it: `pkg:npm/left-pad`. */
  readonly registry: string;
  readonly gets: string;
  readonly removes?: string;
  /** Subcommands that run a package's program: `npx`, `npm exec`. */
  readonly runs?: string;
  readonly values?: string;
  /** Where it puts things by default. */
  readonly folder?: string;
};

const NODE = {
  registry: 'npm',
  gets: 'install i ci add update upgrade up dlx create init',
  removes: 'uninstall remove rm un unlink',
  folder: 'node_modules',
  values: 'w workspace prefix:dir registry:url C:dir dir:dir filter F',
};
const SYSTEM = {
  gets: 'install update upgrade dist-upgrade full-upgrade download build-dep add reinstall',
  removes: 'remove purge autoremove del erase uninstall',
  values: 'o t c',
};

const MANAGERS: Readonly<Record<string, Manager>> = {
  npm: NODE,
  pnpm: NODE,
  yarn: NODE,
  bun: NODE,
  pip: {
    registry: 'pypi',
    gets: 'install download wheel',
    removes: 'uninstall',
    values:
      'r:read c:read e:dir t:dir-write i:url requirement:read constraint:read editable:dir' +
      ' target:dir-write index-url:url extra-index-url:url f:url find-links:url',
  },
  uv: { registry: 'pypi', gets: 'add sync lock install', removes: 'remove', values: 'r:read' },
  poetry: { registry: 'pypi', gets: 'add install update', removes: 'remove' },
  conda: { registry: 'conda', gets: 'install create update', removes: 'remove', values: 'n c f' },
  apt: { registry: 'deb', ...SYSTEM },
  yum: { registry: 'rpm', ...SYSTEM },
  apk: { registry: 'apk', ...SYSTEM },
  brew: { registry: 'brew', gets: 'install upgrade update tap', removes: 'uninstall remove' },
  pacman: { registry: 'alpm', gets: '-S -Sy -Syu -U', removes: '-R -Rs -Rns' },
  gem: { registry: 'gem', gets: 'install update fetch', removes: 'uninstall', values: 'v' },
  bundle: { registry: 'gem', gets: 'install update add', removes: 'remove' },
  cargo: {
    registry: 'cargo',
    gets: 'install add update fetch',
    removes: 'uninstall remove',
    values: 'version path:dir git:url features',
  },
  go: { registry: 'golang', gets: 'get install', values: 'C:dir' },
  composer: { registry: 'composer', gets: 'require install update', removes: 'remove' },
};

const SAME: Readonly<Record<string, string>> = {
  pip3: 'pip',
  pipx: 'pip',
  'apt-get': 'apt',
  aptitude: 'apt',
  dnf: 'yum',
  zypper: 'yum',
  mamba: 'conda',
  micromamba: 'conda',
  bundler: 'bundle',
};

/** Programs that fetch a package and run it. */
const RUNNERS: Readonly<Record<string, string>> = {
  npx: 'npm',
  bunx: 'npm',
  pnpx: 'npm',
  uvx: 'pypi',
};

export const PACKAGERS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ...[...Object.keys(MANAGERS), ...Object.keys(SAME)].map((name) => [name, manage] as const),
  ...Object.keys(RUNNERS).map((name) => [name, runPackage] as const),
]);

function manage(call: Call): Input | undefined {
  const manager = MANAGERS[SAME[call.name] ?? call.name];
  if (!manager) return undefined;
  const values = valuesOf(manager.values ?? '');
  const words =
    call.name === 'uv' && call.words[0]?.text === 'pip' ? call.words.slice(1) : call.words;
  const parsed = parseOptions(words, values);
  const verb = call.name === 'pacman' ? words[0] : parsed.operands[0];
  const named = call.name === 'pacman' ? parsed.operands : parsed.operands.slice(1);
  const does = (verbs: string | undefined) => verbs?.split(' ').includes(verb?.text ?? '') ?? false;
  const bare = verb === undefined && (call.name === 'yarn' || call.name === 'bun');
  if (does(manager.removes)) remove(call, manager, named);
  else if (bare || does(manager.gets)) {
    given(call, parsed.options, values);
    get(call, manager, named);
    installed(call, manager, has(parsed, 'g global'));
  } else if (verb) other(call, [verb, ...named]);
  return undefined;
}

/** Anything but installing: it lists, or runs a project's own code. */
function other({ name, shell }: Call, [verb, script]: readonly Arg[]): undefined {
  if (!verb) return;
  if (
    /^(list|ls|show|info|search|view|outdated|freeze|check|config|help|why|env)$/.test(verb.text)
  ) {
    return;
  }
  const what = [name, verb.text, ...(script && verb.text === 'run' ? [script.text] : [])].join(' ');
  shell.trace.add('command', what, 'execute');
  shell.trace.doubt(0.5, `what ${what} does is not known`);
}

function get({ shell, scope }: Call, { registry }: Manager, named: readonly Arg[]): undefined {
  for (const arg of named) {
    if (isUrl(arg.text.replace(/^\w+\+/, ''))) url(shell, arg);
    else if (/^(\.{0,2}\/|\.{1,2}$|~)/.test(arg.text)) {
      touch({ shell, scope }, arg, { kind: 'directory', access: 'read' });
    } else shell.trace.add('other', `pkg:${registry}/${arg.text}`, 'network');
  }
  if (named.length === 0) shell.trace.add('other', `pkg:${registry}`, 'network');
}

function installed({ shell, scope }: Call, { folder }: Manager, everywhere: boolean): undefined {
  if (folder === undefined || everywhere) return;
  touch({ shell, scope }, literal(folder), { kind: 'directory', access: 'write' });
}

function remove({ shell }: Call, { registry }: Manager, named: readonly Arg[]): undefined {
  for (const { text } of named) shell.trace.add('other', `pkg:${registry}/${text}`, 'delete');
}

type Options = readonly { readonly name: string; readonly value?: Arg }[];

function given({ shell, scope }: Call, options: Options, values: Values): undefined {
  for (const { name, value } of options) {
    const what = value && values.get(name);
    if (!value || !what) continue;
    if (what === 'url') url(shell, value);
    else {
      // `.[dev]` is the folder with some of its extras
      const path = { ...value, text: value.text.replace(/\[[^\]/]*\]$/, '') };
      const kind = what.startsWith('dir') ? 'directory' : 'file';
      const access = what === 'dir-write' ? 'write' : 'read';
      touch({ shell, scope }, path, { kind, access });
    }
  }
}

const RUN = valuesOf('p package c call from with python');

function runPackage({ name, words, shell }: Call): undefined {
  const { operands, options } = parseOptions(words, RUN, { first: true });
  const wanted = options.find(
    ({ value, name: option }) => value && /^(p|package|from)$/.test(option),
  );
  const program = operands[0];
  const fetched = wanted?.value ?? program;
  if (fetched) shell.trace.add('other', `pkg:${RUNNERS[name]}/${fetched.text}`, 'network');
  if (!program) return;
  shell.trace.add('command', program.text, 'execute');
  shell.trace.doubt(0.5, `what ${program.text} does is not known`);
}
