/** A bounded folder where hooks leave records while the server is away; any number may use it. */
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { crypto, fs } from './builtin.ts';
import type { Answer } from './post.ts';

type Env = Readonly<Record<string, string | undefined>>;

export type Entry = {
  readonly runtime: string;
  /** RFC 3339 with microseconds: tells equal records apart and stays the same in a replay. */
  readonly captured_at: string;
  readonly record: Buffer;
  /** Why the hook blocked the call that the record announces. */
  readonly blocked?: string;
};

type Claimed = {
  readonly entry: Entry;
  readonly done: () => void;
  readonly release: () => void;
};

export type Spool = {
  /** Durable when it returns; a full spool counts a drop instead. */
  readonly keep: (entry: Entry) => void;
  readonly drop: () => void;
  /** Names of what waits, oldest first. */
  readonly waiting: () => readonly string[];
  /** Takes one for this process alone; undefined where another has it. */
  readonly claim: (name: string) => Claimed | undefined;
  /** Sends a `gap` event for the drops counted so far; they are forgotten when it is taken. */
  readonly reportDrops: (send: (gap: object) => Promise<Answer>) => Promise<void>;
};

const MAX_RECORDS = 1000;
const MAX_BYTES = 64 * 1024 * 1024;
/** The file of drops has a line each; above this it grows no more and says "at least". */
const MAX_DROP_BYTES = 64 * 1024;
/** A claim older than this was left by a process that died. */
const STALE_MS = 60_000;
/** What a runtime may be called. */
export const RUNTIME = /^[a-z0-9-]{1,64}$/;
const INSTANT = /^[\d:.TZ-]{20,30}$/;
const RECORD = /^(\d{16})-(\d+)-[0-9a-f]{12}\.record$/;
const ASIDE = /^\.(\d{13})\d{3}-.*\.record$/;
const CLAIM = /^(.+)\.claim-(\d+)-[0-9a-f]{12}$/;

/**
 * `owner` is the server and the token: records wait apart for each, so that one project's never
 * go to another's tenant. Every file appears whole (written aside, then renamed), and a rename
 * is the claim: of two processes one wins. A process that dies between sending and forgetting
 * leaves a claim that is sent again; the event's id is the same, so it is recorded once.
 */
export function openSpool(env: Env, owner: string): Spool {
  const root = rootOf(env);
  const folder = () => join(root, sha256(owner).slice(0, 16));
  // Most calls find nothing, and need not know which folder would be theirs.
  const empty = () => list(root).length === 0;
  return {
    keep: (entry) => keep(folder(), entry),
    drop: () => drop(folder()),
    waiting: () => {
      if (empty()) return [];
      reclaim(folder());
      return list(folder())
        .filter((name) => RECORD.test(name))
        .sort();
    },
    claim: (name) => claim(folder(), name),
    reportDrops: async (send) => {
      if (!empty()) await reportDrops(folder(), send);
    },
  };
}

function sha256(...parts: readonly string[]): string {
  const hash = crypto().createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

function rootOf(env: Env): string {
  if (env['CLAW_SPOOL']) return env['CLAW_SPOOL'];
  const home = env['HOME'] ?? homedir();
  return join(env['XDG_STATE_HOME'] || join(home, '.local', 'state'), 'claw', 'spool');
}

function keep(folder: string, { runtime, captured_at, record, blocked }: Entry): void {
  makeFolder(folder);
  const sizes = list(folder).map((name) => Number(RECORD.exec(name)?.[2] ?? 0));
  const bytes = sizes.reduce((sum, size) => sum + size, record.length);
  if (sizes.length >= MAX_RECORDS || bytes > MAX_BYTES) {
    drop(folder);
    return;
  }
  const micros = captured_at.replaceAll(/\D/g, '').slice(17, 20);
  const order = `${Date.parse(captured_at)}${micros.padEnd(3, '0')}`;
  const name = `${order.padStart(16, '0')}-${record.length}-${nonce()}.record`;
  const aside = join(folder, `.${name}`);
  const head = Buffer.from(`${JSON.stringify({ runtime, captured_at, blocked })}\n`);
  const file = fs.openSync(aside, 'wx', 0o600);
  fs.writeSync(file, Buffer.concat([head, record]));
  fs.fsyncSync(file);
  fs.closeSync(file);
  fs.renameSync(aside, join(folder, name));
}

/** One line of 14 bytes a drop: appended whole even by many processes at once. */
function drop(folder: string): void {
  makeFolder(folder);
  const file = join(folder, 'drops');
  if (sizeOf(file) >= MAX_DROP_BYTES) return;
  fs.appendFileSync(file, `${Date.now()}\n`, { mode: 0o600 });
}

function claim(folder: string, name: string): Claimed | undefined {
  const taken = take(folder, name);
  if (taken === undefined) return undefined;
  const path = join(folder, taken);
  const release = () => fs.renameSync(path, join(folder, name));
  const entry = read(path);
  if (entry) return { entry, done: () => fs.unlinkSync(path), release };
  fs.unlinkSync(path);
  drop(folder);
  return undefined;
}

function read(path: string): Entry | undefined {
  try {
    const bytes = fs.readFileSync(path);
    const end = bytes.indexOf('\n');
    const { runtime, captured_at, blocked } = JSON.parse(bytes.subarray(0, end).toString());
    // They become a path and a header.
    const fit = typeof runtime === 'string' && RUNTIME.test(runtime);
    if (!fit || !INSTANT.test(captured_at)) return undefined;
    const entry = { runtime, captured_at, record: bytes.subarray(end + 1) };
    if (blocked === undefined) return entry;
    return typeof blocked === 'string' && RUNTIME.test(blocked) ? { ...entry, blocked } : undefined;
  } catch {
    return undefined;
  }
}

/** Its new name, where this process was first. */
function take(folder: string, name: string): string | undefined {
  const taken = `${name}.claim-${Date.now()}-${nonce()}`;
  try {
    fs.renameSync(join(folder, name), join(folder, taken));
    return taken;
  } catch {
    return undefined;
  }
}

/** Gives back what dead processes had claimed, and removes what they had half written. */
function reclaim(folder: string): void {
  for (const found of list(folder)) {
    const [, name = '', at] = CLAIM.exec(found) ?? ASIDE.exec(found)?.toSpliced(1, 0, '') ?? [];
    if (at === undefined || Date.now() - Number(at) < STALE_MS) continue;
    try {
      if (RECORD.test(name)) fs.renameSync(join(folder, found), join(folder, name));
      else if (name === '') fs.unlinkSync(join(folder, found));
    } catch {
      // Another process was first.
    }
  }
}

/**
 * The claimed file stays until the gap is taken, and its content makes the event's id: sent
 * again after a crash or a lost answer, it is the same event.
 */
async function reportDrops(folder: string, send: (gap: object) => Promise<Answer>): Promise<void> {
  const left = list(folder).filter((name) => {
    const [, base, at] = CLAIM.exec(name) ?? [];
    return base === 'drops' && Date.now() - Number(at) >= STALE_MS;
  });
  const names = ['drops', ...left].filter((name) => sizeOf(join(folder, name)) > 0);
  for (const name of names) {
    const taken = name === 'drops' ? take(folder, name) : name;
    if (taken === undefined) continue;
    const path = join(folder, taken);
    const drops = fs.readFileSync(path, 'utf8');
    if ((await send(gapOf(drops))) !== 'taken') continue;
    // Another process may have opened the file before the rename and written after it was read.
    const late = fs.readFileSync(path, 'utf8').slice(drops.length);
    if (late !== '') fs.appendFileSync(join(folder, 'drops'), late, { mode: 0o600 });
    fs.unlinkSync(path);
  }
}

function gapOf(drops: string): object {
  const lines = drops.trim().split('\n');
  const count = lines.length;
  // A line that was torn stands for a drop all the same, whenever it was.
  const times = lines.map(Number).filter((at) => at > 0 && at < Date.now());
  const hash = sha256('claw/hook/gap/v1\n', drops);
  const id = hash.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*/, '$1-$2-8$3-8$4-$5');
  const [first = 0, last = first] = [times[0], times.at(-1)];
  const least = drops.length >= MAX_DROP_BYTES ? 'At least ' : '';
  return {
    id,
    type: 'gap',
    session_id: 'clawctl hook',
    time: new Date(first).toISOString(),
    detail: `${least}${count} hook records were dropped: the spool was full or they were refused.`,
    source: { kind: 'hook' },
    attributes: { dropped: count, last_at: new Date(last).toISOString() },
  };
}

/**
 * Not `mkdirSync(…, { recursive: true })`: where a parent exists and yet takes no folder
 * (`/proc`), that loops for ever (seen in Node 24.21), and the agent would wait with it.
 */
function makeFolder(path: string): void {
  try {
    fs.mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    makeFolder(dirname(path));
    if (!fs.existsSync(path)) fs.mkdirSync(path, { mode: 0o700 });
  }
}

function list(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
}

function sizeOf(path: string): number {
  try {
    return fs.statSync(path).size;
  } catch {
    return 0;
  }
}

function nonce(): string {
  return crypto().randomBytes(6).toString('hex');
}
