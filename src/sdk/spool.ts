/** Keeps events on disk while the server is away, until some process on this folder sent them. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { open, readFile, truncate, unlink } from 'node:fs/promises';
import { Fault } from '../fault/fault.ts';
import { BLOCK_BYTES, type Folder, type Held, openFolder } from './folder.ts';
import type { Item } from './line.ts';

/**
 * A segment is written whole, synced (the file, then its folder) and only then made ready by
 * rename, so what `write` returned from survives kill -9 and, where the disk keeps its word, a
 * power cut. Nothing on disk is ever thrown away to make room: when it is full, the newest wait in
 * memory, and are dropped there.
 */
export type Spool = {
  /** True when the items are safe on disk; false when the spool has no room for them. */
  readonly write: (items: readonly Item[]) => Promise<boolean>;
  /** The same at once, for the end of the process. `over_bytes` may go past the bound. */
  readonly writeNow: (items: readonly Item[], over_bytes?: number) => boolean;
  /** Another process's leftovers, or ours: its lines, until `done` or `release`. */
  readonly claim: () => Promise<Segment | undefined>;
  /** Keeps the counts of drops beside the segments, in the place of those kept before. */
  readonly keepGaps: (items: readonly Item[]) => Promise<void>;
  readonly clearGaps: () => void;
  /** Look at the folder again before saying that it is empty. */
  readonly refresh: () => void;
  readonly bytes: () => number;
};

export type Segment = {
  readonly items: readonly Item[];
  readonly done: () => Promise<void>;
  readonly release: () => void;
};

type State = {
  readonly folder: Folder;
  readonly path: string;
  readonly limit_bytes: number;
  claimable: readonly string[];
  used_bytes: number;
  scanned_ms: number;
  prepared: boolean;
  /** Our own youngest segment, which takes more while it is small. */
  last: string | undefined;
  gaps: Held | undefined;
};

/** Segments that others leave are looked for this often. */
export const RESCAN_MS = 30_000;
/** A full folder is looked at this often. */
const LOOK_AGAIN_MS = 1000;
/** A segment below this grows by the next write, so that a slow trickle makes few files. */
const GROWING_BYTES = 128 * 1024;

export function openSpool(path: string, limit_bytes: number): Spool {
  const state: State = {
    folder: openFolder(path),
    path,
    limit_bytes,
    claimable: [],
    used_bytes: 0,
    scanned_ms: Number.NEGATIVE_INFINITY,
    prepared: false,
    last: undefined,
    gaps: undefined,
  };
  return {
    write: (items) => write(state, items),
    writeNow: (items, over_bytes) => writeNow(state, items, over_bytes ?? 0),
    claim: () =>
      claim(state).catch((error: unknown) => {
        throw refused(state, error);
      }),
    keepGaps: (items) => keepGaps(state, items),
    clearGaps: () => clearGaps(state),
    refresh: () => {
      state.scanned_ms = Number.NEGATIVE_INFINITY;
    },
    bytes: () => state.used_bytes,
  };
}

async function write(state: State, items: readonly Item[]): Promise<boolean> {
  ready(state);
  const text = textOf(items);
  if (!fits(state, text, 0)) return false;
  const grown = await growing(state);
  const held = state.folder.fresh();
  try {
    await writeSynced(held, (grown?.text ?? '') + text);
  } catch (error) {
    discard(held);
    if (grown) state.folder.release(grown.held);
    throw refused(state, error);
  }
  // Between this rename and the unlink both hold the same events: sent twice, recorded once.
  const kept = state.folder.release(held);
  if (!kept && grown) state.folder.release(grown.held);
  if (!kept) return false;
  if (grown) await unlink(grown.held.path).catch(ignore);
  await syncFolder(state);
  state.last = held.name;
  state.used_bytes += grown ? Buffer.byteLength(text) : onDisk(text);
  return true;
}

function writeNow(state: State, items: readonly Item[], over_bytes: number): boolean {
  ready(state);
  const text = textOf(items);
  if (!fits(state, text, over_bytes)) return false;
  const held = state.folder.fresh();
  try {
    const file = openSync(held.path, 'wx', 0o600);
    try {
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    discard(held);
    throw refused(state, error);
  }
  state.used_bytes += onDisk(text);
  return state.folder.release(held);
}

async function claim(state: State): Promise<Segment | undefined> {
  for (;;) {
    const [name, ...others] = state.claimable;
    if (name === undefined) {
      if (Date.now() - state.scanned_ms < RESCAN_MS && state.last === undefined) return undefined;
      scan(state);
      state.last = undefined;
      if (state.claimable.length === 0) return undefined;
      continue;
    }
    state.claimable = others;
    const held = state.folder.claim(name);
    if (held) return segment(state, held, name !== held.name);
  }
}

async function segment(state: State, held: Held, orphan: boolean): Promise<Segment> {
  const text = await readFile(held.path, 'utf8');
  // What a process was writing when it was killed ends anywhere: it never called that part safe.
  const whole = orphan ? text.slice(0, text.lastIndexOf('\n') + 1) : text;
  if (whole.length < text.length) await truncate(held.path, Buffer.byteLength(whole));
  const lines = whole.split('\n').filter((line) => line !== '');
  return {
    items: lines.map((line) => ({ id: '', line, size_bytes: Buffer.byteLength(line) })),
    done: async () => {
      await unlink(held.path).catch(ignore);
      state.used_bytes = Math.max(0, state.used_bytes - onDisk(text));
    },
    release: () => {
      if (state.folder.release(held)) state.claimable = [held.name, ...state.claimable];
    },
  };
}

async function keepGaps(state: State, items: readonly Item[]): Promise<void> {
  ready(state);
  const next = state.folder.fresh();
  const place = state.gaps ?? next;
  try {
    await writeSynced(next, textOf(items));
    // Over the old one in one step: never two counts of the same drops.
    if (place !== next) renameSync(next.path, place.path);
  } catch (error) {
    discard(next);
    throw refused(state, error);
  }
  state.gaps = place;
}

function clearGaps(state: State): void {
  if (state.gaps) discard(state.gaps);
  state.gaps = undefined;
}

/** Takes back our youngest segment, if it is small and nobody else has it. */
async function growing(state: State): Promise<{ held: Held; text: string } | undefined> {
  if (state.last === undefined) return undefined;
  const held = state.folder.claim(state.last);
  state.last = undefined;
  if (!held) return undefined;
  const text = await readFile(held.path, 'utf8');
  if (text.length < GROWING_BYTES && text.endsWith('\n')) return { held, text };
  state.folder.release(held);
  return undefined;
}

async function writeSynced(held: Held, text: string): Promise<void> {
  const file = await open(held.path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the rename itself durable; where folders cannot be synced, the file's own sync stands. */
async function syncFolder({ path }: State): Promise<void> {
  const folder = await open(path, 'r').catch(ignore);
  await folder?.sync().catch(ignore);
  await folder?.close();
}

function ready(state: State): void {
  if (!state.prepared || !existsSync(state.path)) state.folder.prepare();
  state.prepared = true;
  if (Date.now() - state.scanned_ms >= RESCAN_MS) scan(state);
}

function scan(state: State): void {
  const { claimable, used_bytes } = state.folder.scan();
  state.claimable = claimable;
  state.used_bytes = used_bytes;
  state.scanned_ms = Date.now();
}

/** Before it says no, it looks again: another process may have made room. */
function fits(state: State, text: string, over_bytes: number): boolean {
  const most = state.limit_bytes + over_bytes - onDisk(text);
  if (state.used_bytes > most && Date.now() - state.scanned_ms >= LOOK_AGAIN_MS) scan(state);
  return state.used_bytes <= most;
}

function onDisk(text: string): number {
  return Math.max(Buffer.byteLength(text), BLOCK_BYTES);
}

function textOf(items: readonly Item[]): string {
  return `${items.map(({ line }) => line).join('\n')}\n`;
}

function discard(held: Held): void {
  try {
    unlinkSync(held.path);
  } catch {
    // It was never made, or somebody took it: either way it is not ours to remove.
  }
}

function ignore(): undefined {
  return undefined;
}

function refused({ path }: State, cause: unknown): Fault {
  if (cause instanceof Fault) return cause;
  const full = (cause as NodeJS.ErrnoException).code === 'ENOSPC';
  return full
    ? new Fault('data.full', `The disk of the spool folder ${path} is full.`, { cause })
    : new Fault('data.unwritable', `The spool folder ${path} cannot be used.`, { cause });
}
