/** What cannot be taken back, told from the words of commands: names that policies may ask for. */
import { type LineCommand, programOf } from './line.ts';

/** Each danger and what it is, for the reference. */
export const DANGERS = {
  delete_recursive: 'a whole folder is deleted (not `node_modules`, `dist`, `/tmp/…` and the like)',
  wipe_system: 'the root folder, a home or a folder of the system is deleted or laid open',
  force_push: 'the history of a git remote is overwritten, or a branch of it deleted',
  discard_changes: 'work that is in no commit is thrown away: `git reset --hard`, `git clean -f`',
  rewrite_history: 'the history of a repository is rewritten',
  drop_data: 'tables or databases are dropped or emptied',
  destroy_infrastructure: 'machines or services are destroyed: `terraform destroy`, clouds',
  delete_cluster_objects: 'objects of a cluster are deleted: `kubectl delete`, `helm uninstall`',
  delete_volumes: 'volumes of containers are deleted',
  format_disk: 'a disk is formatted or partitioned',
  overwrite_device: 'a device is written to',
  open_permissions: 'files are opened to everyone, recursively',
  stop_machine: 'the machine, or everything on it, is stopped',
  open_firewall: 'the firewall is emptied or switched off',
  publish: 'a package or an image is published',
  pipe_to_shell: 'what was downloaded is run unseen',
  reverse_shell: 'a shell is handed to another machine',
  fork_bomb: 'a command that starts itself without end',
  govern_claw: 'Claw is told to approve, to change its policies or to let go of an agent',
} as const;

export type Danger = keyof typeof DANGERS;

/** Of one line's commands. */
export function dangersOf(line: string, commands: readonly LineCommand[]): ReadonlySet<Danger> {
  const found = new Set<Danger>();
  let fetched = false;
  for (const command of commands) {
    const program = programOf(command)
      .toLowerCase()
      .replace(/\.exe$/, '');
    for (const danger of ofCommand(program, command)) found.add(danger);
    if (fetched && command.piped && INTERPRETERS.test(program)) found.add('pipe_to_shell');
    fetched = FETCHERS.has(program) || (fetched && command.piped);
    if (command.outputs.some(isDevice)) found.add('overwrite_device');
    if (SQL_CLIENTS.has(program) && dropsData(line)) found.add('drop_data');
  }
  if (line.includes('/dev/tcp/') || line.includes('/dev/udp/')) found.add('reverse_shell');
  if (line.replaceAll(/\s/g, '').includes(':(){:|:&};:')) found.add('fork_bomb');
  return found;
}

const FETCHERS = new Set(['curl', 'wget', 'fetch', 'iwr', 'invoke-webrequest']);
const INTERPRETERS = /^((ba|da|z|k|a|fi)?sh|python[\d.]*|node|perl|ruby|php|iex|sudo)$/;
const SQL_CLIENTS = new Set(
  (
    'psql mysql mariadb sqlite3 sqlite sqlcmd sqlplus cockroach clickhouse clickhouse-client' +
    ' duckdb bq mongosh mongo'
  ).split(' '),
);

/** SQL that takes a whole table or database away. */
export function dropsData(text: string): boolean {
  return (
    /\bdrop\s{1,8}(table|database|schema|collection|keyspace)\b/i.test(text) ||
    /\btruncate\s{1,8}(table\s|\w)/i.test(text) ||
    /\bdropDatabase\(|\.drop\(\)/.test(text) ||
    (/\bdelete\s{1,8}from\b/i.test(text) && !/\bwhere\b/i.test(text))
  );
}

type Rule = (words: readonly string[], program: string) => Iterable<Danger>;

function ofCommand(program: string, { words }: LineCommand): Iterable<Danger> {
  if (program.startsWith('mkfs')) return ['format_disk'];
  const rule = RULES.get(program);
  return rule === undefined ? [] : rule(words.slice(1), program);
}

const RULES: ReadonlyMap<string, Rule> = new Map(
  (
    [
      ['rm rmdir del remove-item ri rd', removes],
      ['git', ofGit],
      ['terraform tofu terragrunt pulumi cdk sst', destroys],
      ['kubectl oc', (words) => on(words, /^(delete|drain)$/, 'delete_cluster_objects')],
      ['helm', (words) => on(words, /^(uninstall|delete)$/, 'delete_cluster_objects')],
      ['docker podman nerdctl docker-compose', ofContainers],
      ['aws gcloud az doctl fly flyctl heroku gh gsutil eksctl', ofCloud],
      ['fdisk sfdisk sgdisk parted wipefs mkswap format-volume diskpart', () => ['format_disk']],
      ['dd', (words) => (words.some(writesDevice) ? ['overwrite_device'] : [])],
      ['tee cp shred', (words) => (words.some(isDevice) ? ['overwrite_device'] : [])],
      ['chmod chown chgrp', ofPermissions],
      ['find', ofFind],
      ['redis-cli', (words) => on(words, /^flush(all|db)$/i, 'drop_data')],
      ['dropdb', () => ['drop_data']],
      ['shutdown reboot halt poweroff killall5 stop-computer', () => ['stop_machine']],
      ['kill', (words) => (words.at(-1) === '-1' && words.length > 1 ? ['stop_machine'] : [])],
      ['pkill killall', (words) => on(words, /claw/, 'govern_claw')],
      ['iptables nft', (words) => on(words, /^(-F|--flush|flush)$/, 'open_firewall')],
      ['ufw', (words) => on(words, /^(disable|reset)$/, 'open_firewall')],
      ['npm yarn pnpm cargo bun', (words) => on(words.slice(0, 2), /^publish$/, 'publish')],
      ['twine gem', (words) => on(words.slice(0, 1), /^(upload|push)$/, 'publish')],
      ['nc ncat netcat', (words) => on(words, /^-\w{0,8}[ec]$|^--(sh-)?exec$/, 'reverse_shell')],
      ['clawctl', ofClaw],
    ] satisfies readonly (readonly [string, Rule])[]
  ).flatMap(([programs, rule]) => programs.split(' ').map((name) => [name, rule] as const)),
);

function on(words: readonly string[], what: RegExp, danger: Danger): Danger[] {
  return words.some((word) => what.test(word)) ? [danger] : [];
}

/** What is made anew by a build, and what nobody keeps. */
const MADE =
  'node_modules|dist|build|out|target|coverage|tmp|\\.next|\\.turbo|\\.cache|\\.venv|venv|' +
  '__pycache__|\\.pytest_cache|\\.mypy_cache|\\.ruff_cache|\\.tox|[\\w.-]+\\.egg-info';
const HARMLESS = new RegExp(`^(\\./)?([\\w@.-]+/){0,8}(${MADE})(/[\\w*.-]*)?$`);
const TEMPORARY = /^(\/private)?(\/var)?\/tmp\/[^/.*]/;
const ROOTS = /^(\/|~|\$HOME|\$\{HOME\}|[A-Za-z]:)?[/\\]?\*?$/;
const OF_SYSTEM =
  'bin|boot|dev|etc|home|lib|lib64|opt|proc|root|sbin|srv|sys|usr|var|Users|System|Library|' +
  'Applications|Windows|Program Files';
const FOLDERS = new RegExp(`^(/|[A-Za-z]:\\\\)(${OF_SYSTEM})([/\\\\]\\*?)?$`);
/** One below these is a whole home, or all programs and libraries. */
const WHOLE = 'boot|dev|etc|home|lib|usr|var|Users|System|Windows';
const BELOW = new RegExp(`^(/|[A-Za-z]:\\\\)(${WHOLE})[/\\\\][^/\\\\]{1,64}([/\\\\]\\*?)?$`);

function removes(words: readonly string[], program: string): Danger[] {
  const recursive = words.some((word) =>
    /^-[a-z]*r[a-z]*$|^--recursive$|^[/-](s|recurse)$/i.test(word),
  );
  if (program === 'rmdir' || !recursive) return [];
  const targets = words.filter((word) => !word.startsWith('-') && !/^\/[sq]$/i.test(word));
  if (targets.some(isSystem)) return ['wipe_system', 'delete_recursive'];
  const kept = targets.filter((target) => {
    const plain = !target.includes('..');
    return !(plain && (HARMLESS.test(target) || TEMPORARY.test(target)));
  });
  return kept.length > 0 || targets.length === 0 ? ['delete_recursive'] : [];
}

function isSystem(target: string): boolean {
  const plain = target.replace(/(.)[/\\]+$/, '$1').replaceAll(/\/{2,}/g, '/');
  return (
    plain !== '' &&
    !TEMPORARY.test(plain) &&
    [ROOTS, FOLDERS, BELOW].some((form) => form.test(plain))
  );
}

function ofGit(all: readonly string[]): Danger[] {
  const start = all.findIndex(
    (word, i) => !word.startsWith('-') && !/^-[cC]$/.test(all[i - 1] ?? ''),
  );
  const [verb, ...words] = all.slice(Math.max(start, 0));
  const has = (what: RegExp) => words.some((word) => what.test(word));
  switch (verb) {
    case 'push':
      return has(/^(-\w*[fd]\w*|--force.*|--delete|--mirror|--prune|\+.+|:.+)$/)
        ? ['force_push']
        : [];
    case 'reset':
      return has(/^--hard$/) ? ['discard_changes'] : [];
    case 'clean':
      return has(/^(-\w*f\w*|--force)$/) && !has(/^(-\w*n\w*|--dry-run)$/)
        ? ['discard_changes']
        : [];
    case 'checkout':
    case 'switch':
      return has(/^(-f|--force|--discard-changes)$/) ? ['discard_changes'] : [];
    case 'stash':
      return has(/^(drop|clear)$/) ? ['discard_changes'] : [];
    case 'branch':
      return has(/^-D$/) ? ['discard_changes'] : [];
    case 'filter-branch':
    case 'filter-repo':
      return ['rewrite_history'];
    case 'reflog':
      return has(/^(expire|delete)$/) ? ['rewrite_history'] : [];
    default:
      return [];
  }
}

function destroys(words: readonly string[]): Danger[] {
  return on(words, /^(destroy|remove|-destroy|--destroy)$/, 'destroy_infrastructure');
}

function ofContainers(words: readonly string[], program: string): Danger[] {
  const has = (what: RegExp) => words.some((word) => what.test(word));
  if (has(/^prune$/)) return ['delete_volumes'];
  if (words[0] === 'volume' && has(/^(rm|remove)$/)) return ['delete_volumes'];
  const compose = program === 'docker-compose' || words[0] === 'compose';
  if (compose && has(/^down$/) && has(/^(-v|--volumes)$/)) return ['delete_volumes'];
  return words[0] === 'push' ? ['publish'] : [];
}

function ofCloud(words: readonly string[], program: string): Danger[] {
  const verbs = words.filter((word) => !word.startsWith('-')).slice(0, 5);
  const grave = /^(delete|destroy|terminate|remove|purge|rb)(-.+)?$|:destroy$/;
  const emptied =
    (program === 'aws' || program === 'gsutil') &&
    verbs.includes('rm') &&
    words.some((word) => /^(--recursive|-r)$/.test(word));
  return emptied || verbs.some((word) => grave.test(word)) ? ['destroy_infrastructure'] : [];
}

function ofPermissions(words: readonly string[]): Danger[] {
  if (!words.some((word) => /^-\w*R\w*$|^--recursive$/.test(word))) return [];
  if (words.some((word) => word.startsWith('/') && isSystem(word))) return ['wipe_system'];
  const open = /^0?777$|^[ugoa]*[ao][ugoa]*\+\w*w\w*$/;
  return words.some((word) => open.test(word)) ? ['open_permissions'] : [];
}

function ofFind(words: readonly string[]): Danger[] {
  const deletes = words.includes('-delete');
  const chosen = words.some((word) => /^-i?(name|path|regex|newer|mtime|empty)$/.test(word));
  return deletes && !chosen ? ['delete_recursive'] : [];
}

/** What only people may tell Claw; reading the trail is anyone's. */
function ofClaw(words: readonly string[]): Danger[] {
  const named = words
    .filter((word) => !word.startsWith('-'))
    .slice(0, 2)
    .join(' ');
  const governs =
    /^(approvals (approve|deny)|policy apply|enforcement|token (create|revoke)|uninstall|reindex)/;
  return governs.test(named) ? ['govern_claw'] : [];
}

function writesDevice(word: string): boolean {
  return word.startsWith('of=') && isDevice(word.slice(3));
}

function isDevice(path: string): boolean {
  return /^\/dev\/(sd|hd|vd|xvd|nvme|mmcblk|disk|rdisk|mapper\/|dm-|md|loop|mem|kmem|port)/.test(
    path,
  );
}
