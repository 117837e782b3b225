/** What processes cost, as Linux's /proc says; undefined on other systems. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { rounded, type Values } from './measure.ts';

/** Linux counts processor time in hundredths of a second. */
const TICKS = 100;

/** Seconds of processor time of a process, its living children and its ended ones. */
export function cpuOf(pid: number): number | undefined {
  const own = ticksOf(pid);
  if (!own) return undefined;
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => ticksOf(Number(name)) ?? [])
    .filter(({ parent }) => parent === pid);
  return [own, ...children].reduce((sum, { used, ended }) => sum + used + ended, 0) / TICKS;
}

/** Seconds of processor time of this process's children that have ended. */
export function cpuOfEnded(): number | undefined {
  const own = ticksOf(process.pid);
  return own && own.ended / TICKS;
}

/** Seconds of processor time from now on, of this process as `client` and of others by name. */
export function startMeter(others: Readonly<Record<string, () => number>> = {}): () => Values {
  const meters = { client: cpuOfSelf, ...others };
  const before = Object.entries(meters).map(([name, read]) => [name, read, read()] as const);
  return () =>
    Object.fromEntries(before.map(([name, read, from]) => [name, rounded(read() - from)]));
}

function cpuOfSelf(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Bytes of memory that a process holds now, and the most that it ever held. */
export function memoryOf(pid: number): { resident: number; peak: number } | undefined {
  const text = read(`/proc/${pid}/status`);
  const bytes = (field: string) =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text ?? '')?.[1]) * 1024;
  return text === undefined ? undefined : { resident: bytes('VmRSS'), peak: bytes('VmHWM') };
}

/** Open file handles of a process. */
export function handlesOf(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return undefined;
  }
}

/** Bytes of all files below a folder. */
export function folderBytes(folder: string): number {
  return filesIn(folder).reduce((sum, file) => sum + statSync(file).size, 0);
}

/**
 * Asks the system to forget what it has cached of a folder's larger files, as after a reboot.
 * Throws where `dd` is not GNU's.
 */
export function forgetCached(folder: string): void {
  const files = filesIn(folder).filter((file) => statSync(file).size > 64 * 1024);
  for (const file of files) {
    execFileSync('dd', [`if=${file}`, 'iflag=nocache', 'count=0', 'status=none']);
  }
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

type Ticks = { readonly parent: number; readonly used: number; readonly ended: number };

function ticksOf(pid: number): Ticks | undefined {
  const text = read(`/proc/${pid}/stat`);
  // The command's name, in parentheses, may itself hold spaces and parentheses.
  const fields = text
    ?.slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [parent, used, ended] = [fields?.[1], sum(fields, 11), sum(fields, 13)];
  return parent === undefined ? undefined : { parent, used, ended };
}

function sum(fields: readonly number[] | undefined, at: number): number {
  return (fields?.[at] ?? 0) + (fields?.[at + 1] ?? 0);
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
