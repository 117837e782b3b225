/** Runs a server under strace: counts its calls on the data folder, and makes one of them fail. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataOf } from './server_process.ts';

/** Calls that change the data folder or make it durable. */
export const CALLS = [
  'fsync',
  'fdatasync',
  'pwrite64',
  'pwritev',
  'write',
  'rename',
  'openat',
  'unlink',
  'ftruncate',
  'mkdir',
] as const;
export type CallName = (typeof CALLS)[number];

export const FAULTS = ['error=EIO', 'error=ENOSPC', 'signal=KILL'] as const;
export type FaultName = (typeof FAULTS)[number];

/**
 * Files that one thread works on alone, since strace counts the calls of each thread for itself:
 * `start` what the main thread makes first, `index` what SQLite writes, `data` all the rest.
 */
export const GROUPS = ['start', 'data', 'index'] as const;
export type Group = (typeof GROUPS)[number];

export type Point = { readonly group: Group; readonly call: CallName; readonly n: number };

/** Calls of each group on a data folder, the most that one thread made. */
export type Counts = ReadonlyMap<string, number>;

/** Why strace cannot be used here, if it cannot. */
export function straceMissing(): string | undefined {
  const tried = spawnSync('strace', ['-o', '/dev/null', 'true']);
  if (tried.error) return 'strace is not installed';
  return tried.status === 0 ? undefined : 'strace may not trace here';
}

/** One thread for all files, so that their calls have one order. */
export const ONE_THREAD = { UV_THREADPOOL_SIZE: '1', UV_USE_IO_URING: '0' } as const;

export function watching(home: string): readonly string[] {
  return ['strace', '-f', '-y', '-qq', '-o', logOf(home), '-e', `trace=${CALLS.join(',')}`];
}

export function injecting(home: string, { call, n, group }: Point, fault: FaultName) {
  const paths = pathsOf(home, group).flatMap((path) => ['-P', path]);
  const inject = `inject=${call}:${fault}:when=${n}`;
  return ['strace', '-f', '-qq', '-o', logOf(home), ...paths, '-e', `trace=${call}`, '-e', inject];
}

export function keyOf(group: Group, call: CallName): string {
  return `${group} ${call}`;
}

/** Calls that `watching` saw, by group and name. */
export function countCalls(home: string): Counts {
  const data = dataOf({ home });
  const groups = new Map(GROUPS.map((group) => [group, new Set(pathsOf(home, group))] as const));
  const threads = new Map<string, number>();
  for (const line of readFileSync(logOf(home), 'utf8').split('\n')) {
    const [, pid, call] = /^(\d+)\s+(\w+)\(/.exec(line) ?? [];
    if (pid === undefined || !line.includes(data)) continue;
    const paths = [...line.matchAll(/["<]([^"<>]+)[">]/g)].map((match) => match[1] ?? '');
    const group = GROUPS.find((each) => paths.some((path) => groups.get(each)?.has(path)));
    if (group === undefined) continue;
    const key = `${keyOf(group, call as CallName)} ${pid}`;
    threads.set(key, (threads.get(key) ?? 0) + 1);
  }
  const counts = new Map<string, number>();
  for (const [key, count] of threads) {
    const call = key.slice(0, key.lastIndexOf(' '));
    counts.set(call, Math.max(counts.get(call) ?? 0, count));
  }
  return counts;
}

/** Whether a fault was made; a killed process leaves no line that says so. */
export function injected(home: string): boolean {
  return /INJECTED|killed by SIGKILL/.test(readFileSync(logOf(home), 'utf8'));
}

function logOf(home: string): string {
  return join(home, 'strace.log');
}

/** Names that a short run may touch; strace takes whole paths alone. */
function pathsOf(home: string, group: Group): readonly string[] {
  const names = NAMES[group];
  return names.map((name) => join(dataOf({ home }), name));
}

const TENANTS = ['default', 'a', 'b', 'c'];
const LOCKS = ['lock.db', 'lock.db-journal', 'lock.json', 'keys/root.key', 'keys/root.key.new'];

const NAMES: Readonly<Record<Group, readonly string[]>> = {
  start: LOCKS,
  index: ['', '.db', '.db-wal', '.db-shm', '.db-journal'].map((end) =>
    end === '' ? 'index' : `index/0000000000000000${end}`,
  ),
  data: [
    ...['', 'journal', 'head', 'keys', 'archive', 'ledger', 'object', '~unfinished', 'format.json'],
    ...['credentials.json', 'credentials.json.new', 'head/_archive', 'head/', 'keys/', 'archive/'],
    ...TENANTS.flatMap(tenantNames),
    ...numbered(20, (n) => `keys/new.${String(n).padStart(10, '0')}.log`),
    ...numbered(400, (n) => `~unfinished/${n}`),
    ...numbered(200, (n) => `journal/${String(n).padStart(16, '0')}.log`),
  ],
};

function tenantNames(tenant: string): readonly string[] {
  return [
    ...['head', 'archive', 'object', 'keys', 'ledger'].map((part) => `${part}/${tenant}`),
    ...['tenant.json', 'subject', 'subject/'].map((name) => `keys/${tenant}/${name}`),
    ...numbered(20, (n) => `keys/${tenant}/subject/${String(n).padStart(10, '0')}.json`),
    ...['checkpoint', 'vkey', 'tile', 'tile/0', 'tile/entries'].map((n) => `ledger/${tenant}/${n}`),
    ...['tile/0/000.p', 'tile/entries/000.p'].map((name) => `ledger/${tenant}/${name}`),
  ];
}

function numbered(count: number, name: (n: number) => string): readonly string[] {
  return Array.from({ length: count }, (_, n) => name(n));
}
