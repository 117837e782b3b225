// Sends a plugin's records to Claw from inside an agent: through a bounded folder on the disk, in
// the background. Nothing here throws into the agent. Plain JavaScript on Node and Bun alone.
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { open, readFile, rename, unlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Milliseconds that records wait for others, to share a file and a request. */
const GATHER_MS = 50;
const BATCH_RECORDS = 200;
const BATCH_BYTES = 2 * 1024 * 1024;
/** One record longer than this is dropped. */
const RECORD_BYTES = 8 * 1024 * 1024;
/** What may wait in memory, when the disk is slow. */
const MEMORY_BYTES = 32 * 1024 * 1024;
const SPOOL_BYTES = 64 * 1024 * 1024;
const SPOOL_FILES = 2000;
const REQUEST_MS = 10_000;
/** Nothing that the server answers is longer. */
const ANSWER_BYTES = 256 * 1024;
const FIRST_PAUSE_MS = 1000;
const LAST_PAUSE_MS = 60_000;
/** A claim of a process that lives may be this old; that of a dead one is given back at once. */
const STALE_MS = 10 * 60_000;
const DEPTH = 60;
/** Values of one record: what refers to the same thing over and over grows without end as a tree. */
const VALUES = 200_000;

const RECORD = /^\d{16}-\d+-[0-9a-f]{12}\.ndjson$/;
const CLAIM = /^(\d{16}-\d+-[0-9a-f]{12}\.(?:ndjson|drops))\.claim-(\d+)-(\d+)$/;
const HALF_WRITTEN = /^\.\d{16}-.*\.(\d+)$/;

/**
 * @typedef {object} Options
 * @property {string} runtime as the path of `/v1/capture/:runtime` names it
 * @property {string} server without a slash at its end
 * @property {string | undefined} [tokens] the private file of tokens; default: in the user's configuration
 * @property {string} [folder] where records wait; default: in the user's state
 * @property {readonly string[]} [drain] a command that sends what still waits when this process
 *   ends: a program and its first arguments
 *
 * @typedef {object} Sender
 * @property {(record: Record<string, unknown>) => void} record notes a record; it is on the disk
 *   within a moment, and sent when the server takes it
 * @property {(record: Record<string, unknown>, limit_ms: number) => Promise<void>} keep the same,
 *   and resolves when the record is durable on the disk, or the time is over
 * @property {(limit_ms: number) => Promise<void>} flush resolves when all is sent, or cannot be
 *   sent now, or the time is over
 * @property {(record: Record<string, unknown>) => Record<string, unknown>} stamp the record with
 *   its moment: asked about and kept, it is the same one
 * @property {(record: Record<string, unknown>, asking: Asking) => Promise<Reply>} ask the server
 *   about a stamped record; keeps nothing
 *
 * @typedef {{ query: string, limit_ms: number, signal?: AbortSignal | undefined }} Asking
 * @typedef {{ status: number, body?: unknown, fault?: string, tooLarge?: boolean }} Reply status 0:
 *   no answer; `fault` is what kept the server from deciding, where it answered all the same
 *
 * @typedef {Options & {
 *   lines: string[],
 *   bytes: number,
 *   last_at: number,
 *   pause_ms: number,
 *   not_before: number,
 *   held: readonly string[],
 *   writing: Promise<void>,
 *   sending: Promise<void> | undefined,
 *   timer: ReturnType<typeof setTimeout> | undefined,
 * }} State
 */

/** Of this process, however often a runtime loads and registers its plugins. */
const SENDERS = Symbol.for('claw.senders');

/**
 * The same sender for the same options: two would send one folder's files out of order.
 * @param {Options} options
 * @returns {Sender}
 */
export function openSender(options) {
  const all = /** @type {{ [SENDERS]?: Map<string, Sender> }} */ (globalThis);
  all[SENDERS] ??= new Map();
  const { runtime, server, tokens, folder } = options;
  const key = JSON.stringify([runtime, server, tokens ?? '', folder ?? '']);
  const sender = all[SENDERS].get(key) ?? startSender(options);
  all[SENDERS].set(key, sender);
  return sender;
}

/** @param {Options} options @returns {Sender} */
function startSender(options) {
  /** @type {State} */
  const state = {
    ...options,
    lines: [],
    bytes: 0,
    last_at: 0,
    pause_ms: FIRST_PAUSE_MS,
    not_before: 0,
    held: [],
    writing: Promise.resolve(),
    sending: undefined,
    timer: undefined,
  };
  process.once('exit', () => {
    quiet(() => lastWords(state));
    quiet(() => handOver(state));
  });
  process.once('beforeExit', () => void within(flush(state), REQUEST_MS));
  return {
    record: (record) => quiet(() => note(state, record)),
    keep: async (record, limit_ms) => {
      quiet(() => note(state, record));
      await within(persist(state), limit_ms);
    },
    flush: (limit_ms) => within(flush(state), limit_ms),
    stamp: (record) => stamped(state, record),
    ask: (record, asking) => ask(state, record, asking),
  };
}

/**
 * Strictly rising: two equal records of one moment stay two.
 * @param {State} state
 * @param {Record<string, unknown>} record
 */
function stamped(state, record) {
  if (typeof record['at'] === 'number') return record;
  state.last_at = Math.max(Date.now(), state.last_at + 1);
  return { ...record, at: state.last_at };
}

/** @param {State} state @param {Record<string, unknown>} record */
function note(state, record) {
  const line = lineOf(stamped(state, record));
  if (line === undefined || state.bytes + line.length > MEMORY_BYTES) {
    drop(state, 1);
    return;
  }
  state.lines.push(line);
  state.bytes += line.length;
  if (state.timer === undefined) {
    state.timer = setTimeout(() => void within(flush(state), REQUEST_MS), GATHER_MS);
    state.timer.unref?.();
  }
}

/** @param {unknown} record @returns {string | undefined} */
function lineOf(record) {
  try {
    const line = JSON.stringify(plain(record, [], { values: VALUES, chars: RECORD_BYTES }));
    return line.length > RECORD_BYTES ? undefined : line;
  } catch {
    return undefined;
  }
}

/**
 * A copy that JSON can hold: no functions, no circles, no bigint, of bounded depth and size. Throws
 * where nothing is left of it.
 * @param {unknown} value
 * @param {readonly unknown[]} above
 * @param {{ values: number, chars: number }} left
 * @returns {unknown}
 */
function plain(value, above, left) {
  if (left.values-- <= 0 || left.chars < 0) throw new RangeError('The record is too large.');
  if (typeof value === 'string') left.chars -= value.length;
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Error) return { name: value.name, message: value.message };
  if (ArrayBuffer.isView(value)) return { bytes: value.byteLength };
  if (above.includes(value)) return '[circular]';
  if (above.length >= DEPTH) return '[too deep]';
  const path = [...above, value];
  if (Array.isArray(value)) return value.map((item) => plain(item, path, left) ?? null);
  if (value instanceof Map) return plain(Object.fromEntries(value), path, left);
  if (value instanceof Set) return plain([...value], path, left);
  if (value instanceof AbortSignal || value instanceof Promise) return undefined;
  const entries = Object.entries(value);
  return Object.fromEntries(entries.map(([key, item]) => [key, plain(item, path, left)]));
}

/** What is noted goes to the disk, one file a batch; files appear whole. @param {State} state */
function persist(state) {
  state.writing = state.writing.then(async () => {
    clearTimeout(state.timer);
    state.timer = undefined;
    while (state.lines.length > 0) {
      const batch = takeBatch(state);
      state.held = batch;
      try {
        await keepBatch(folderOf(state), batch);
      } catch {
        drop(state, batch.length);
      }
      state.held = [];
    }
  });
  return state.writing;
}

/** @param {State} state @returns {string[]} */
function takeBatch(state) {
  let bytes = 0;
  let count = 0;
  for (const line of state.lines) {
    if (count >= BATCH_RECORDS || (count > 0 && bytes + line.length > BATCH_BYTES)) break;
    bytes += line.length;
    count++;
  }
  state.bytes -= bytes;
  return state.lines.splice(0, count);
}

/** @param {string} folder @param {readonly string[]} batch */
async function keepBatch(folder, batch) {
  const bytes = Buffer.from(`${batch.join('\n')}\n`);
  makeRoom(folder, bytes.length);
  const name = fileName(bytes.length);
  const aside = join(folder, `.${name}.${process.pid}`);
  const file = await open(aside, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(aside, join(folder, name));
}

/** Throws where the spool is full: what is there already is older, and stays. */
/** @param {string} folder @param {number} more */
function makeRoom(folder, more) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const sizes = readdirSync(folder).map((name) => Number(/^\d{16}-(\d+)-/.exec(name)?.[1] ?? 0));
  const bytes = sizes.reduce((sum, size) => sum + size, more);
  if (sizes.length >= SPOOL_FILES || bytes > SPOOL_BYTES) throw new Error('the spool is full');
}

/** Sorts by time. @param {number} size */
function fileName(size) {
  const micros = Math.floor((performance.timeOrigin + performance.now()) * 1000);
  return `${String(micros).padStart(16, '0')}-${size}-${randomBytes(6).toString('hex')}.ndjson`;
}

/**
 * The process ends: what is in memory is written at once, and what was just being written again,
 * as nobody will finish that file. Sent twice, a record is recorded once.
 * @param {State} state
 */
function lastWords(state) {
  let batch = state.held;
  for (; batch.length > 0 || state.lines.length > 0; batch = []) {
    if (batch.length === 0) batch = takeBatch(state);
    try {
      const text = `${batch.join('\n')}\n`;
      const folder = folderOf(state);
      makeRoom(folder, Buffer.byteLength(text));
      writeFileSync(join(folder, fileName(Buffer.byteLength(text))), text, { mode: 0o600 });
    } catch {
      drop(state, batch.length);
    }
  }
}

/** What waits when this process ends is sent by another: the next session may be far. */
/** @param {State} state */
function handOver(state) {
  const { drain: [program, ...args] = [], runtime, server, tokens = '' } = state;
  if (program === undefined || waiting(folderOf(state)).length === 0) return;
  const words = [...args, runtime, server, tokens, String(process.pid)];
  spawn(program, words, { detached: true, stdio: 'ignore' })
    .on('error', () => {})
    .unref();
}

/** A line a drop: when, and how many. @param {State} state @param {number} count */
function drop(state, count) {
  quiet(() => {
    const folder = folderOf(state);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = join(folder, 'drops');
    if (existsSync(file) && statSync(file).size > 64 * 1024) return;
    appendFileSync(file, `${Date.now()} ${count}\n`, { mode: 0o600 });
  });
}

/** @param {State} state */
async function flush(state) {
  await persist(state);
  state.sending ??= drain(state).finally(() => {
    state.sending = undefined;
  });
  await state.sending;
}

/** Oldest first; the first that cannot be sent ends it for a while. @param {State} state */
async function drain(state) {
  if (Date.now() < state.not_before) return again(state);
  const folder = folderOf(state);
  reclaim(folder);
  if (!(await reportDrops(state, folder))) return later(state);
  for (const name of waiting(folder)) {
    if (!(await sendFile(state, folder, name))) return later(state);
  }
  state.pause_ms = FIRST_PAUSE_MS;
  // What came meanwhile has its own timer.
}

/** @param {string} folder */
function waiting(folder) {
  return list(folder)
    .filter((name) => RECORD.test(name))
    .sort();
}

/** @param {State} state @param {number} [pause_ms] */
function later(state, pause_ms = state.pause_ms) {
  state.not_before = Date.now() + pause_ms;
  state.pause_ms = Math.min(state.pause_ms * 2, LAST_PAUSE_MS);
  again(state);
}

/** @param {State} state */
function again(state) {
  const wait_ms = Math.max(0, state.not_before - Date.now()) + 1;
  setTimeout(() => void within(flush(state), REQUEST_MS), wait_ms).unref?.();
}

/** False where the server is away. @param {State} state @param {string} folder @param {string} name */
async function sendFile(state, folder, name) {
  const claimed = claim(folder, name);
  if (claimed === undefined) return true;
  try {
    const lines = (await readFile(claimed, 'utf8')).split('\n').filter((line) => line !== '');
    const refused = await send(state, lines);
    if (refused === undefined) {
      await rename(claimed, join(folder, name));
      return false;
    }
    if (refused > 0) drop(state, refused);
    await unlink(claimed);
  } catch {
    // Somebody took the file away: nothing is left to send.
  }
  return true;
}

/**
 * How many records the server will never take; undefined where it is away. Too large a batch is
 * halved: one record that is too large by itself never holds up the others.
 * @param {State} state
 * @param {readonly string[]} lines
 * @returns {Promise<number | undefined>}
 */
async function send(state, lines) {
  if (lines.length === 0) return 0;
  const { status, body } = await post(state, lines.join('\n'));
  if (status >= 200 && status < 300) return 0;
  if (![400, 413, 415, 422].includes(status)) return undefined;
  const rejected = /** @type {{ rejected?: unknown } | undefined} */ (body)?.rejected;
  if (typeof rejected === 'number') return Math.min(rejected, lines.length);
  if (lines.length === 1) return 1;
  const half = Math.ceil(lines.length / 2);
  const first = await send(state, lines.slice(0, half));
  if (first === undefined) return undefined;
  const second = await send(state, lines.slice(half));
  return second === undefined ? undefined : first + second;
}

/** @param {State} state @param {string} body @returns {Promise<Reply>} */
function post(state, body) {
  const path = `/v1/capture/${state.runtime}`;
  const signal = AbortSignal.timeout(REQUEST_MS);
  return request(state, { path, type: 'application/x-ndjson', body, signal });
}

/**
 * @param {State} state
 * @param {Record<string, unknown>} record
 * @param {Asking} asking
 * @returns {Promise<Reply>}
 */
async function ask(state, record, { query, limit_ms, signal: cancelled }) {
  const body = lineOf(record);
  if (body === undefined) return { status: 0, tooLarge: true };
  const path = `/v1/enforce/${state.runtime}?${query}`;
  const over = AbortSignal.timeout(limit_ms);
  const signal = cancelled === undefined ? over : AbortSignal.any([over, cancelled]);
  return request(state, { path, type: 'application/json', body, signal });
}

/**
 * @param {State} state
 * @param {{ path: string, type: string, body: string, signal: AbortSignal }} posted
 * @returns {Promise<Reply>}
 */
async function request(state, { path, type, body, signal }) {
  const token = tokenOf(state);
  try {
    const response = await fetch(`${state.server}${path}`, {
      method: 'POST',
      headers: {
        'content-type': type,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body,
      redirect: 'error',
      signal,
    });
    const fault = response.headers.get('x-claw-fault');
    const { status } = response;
    return { status, body: parsed(await textIn(response)), ...(fault ? { fault } : {}) };
  } catch {
    return { status: 0 };
  }
}

/** Throws where it is longer than any answer. @param {Response} response */
async function textIn({ body }) {
  const reader = body?.getReader();
  const chunks = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true };
    if (done || value === undefined) return Buffer.concat(chunks).toString();
    bytes += value.length;
    chunks.push(value);
    if (bytes > ANSWER_BYTES) {
      await reader?.cancel();
      throw new RangeError('The answer is too long.');
    }
  }
}

/** @param {string} text @returns {unknown} */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Tells what was dropped; true where there is nothing to tell, or it was taken. */
/** @param {State} state @param {string} folder */
async function reportDrops(state, folder) {
  const fresh = join(folder, 'drops');
  const told = list(folder).filter((name) => name.endsWith('.drops'));
  if (existsSync(fresh)) {
    const name = fileName(0).replace('.ndjson', '.drops');
    renameSync(fresh, join(folder, name));
    told.push(name);
  }
  for (const name of told) {
    const claimed = claim(folder, name);
    if (claimed === undefined) continue;
    const refused = await send(state, [dropRecord(readFileSync(claimed, 'utf8'))]);
    if (refused === undefined) {
      renameSync(claimed, join(folder, name));
      return false;
    }
    unlinkSync(claimed);
  }
  return true;
}

/** @param {string} text */
function dropRecord(text) {
  const drops = [...text.matchAll(/^(\d+) (\d+)$/gm)].map(([, at, n]) => [Number(at), Number(n)]);
  const times = drops.map(([at = 0]) => at);
  const count = drops.reduce((sum, [, n = 0]) => sum + n, 0);
  const from = Math.min(...times);
  const to = Math.max(...times);
  return JSON.stringify({ hook: 'claw.dropped', count, from, to, at: to });
}

/** For this process alone; undefined where another was first. */
/** @param {string} folder @param {string} name */
function claim(folder, name) {
  const path = join(folder, `${name}.claim-${process.pid}-${Date.now()}`);
  try {
    renameSync(join(folder, name), path);
    return path;
  } catch {
    return undefined;
  }
}

/** Gives back what dead processes had claimed, and removes what they had half written. */
/** @param {string} folder */
function reclaim(folder) {
  for (const found of list(folder)) {
    quiet(() => {
      const [, name, pid, at] = CLAIM.exec(found) ?? [];
      const half = HALF_WRITTEN.exec(found)?.[1];
      if (half !== undefined && !lives(Number(half))) unlinkSync(join(folder, found));
      if (name === undefined) return;
      const stale = Date.now() - Number(at) > STALE_MS;
      if (stale || !lives(Number(pid))) renameSync(join(folder, found), join(folder, name));
    });
  }
}

/** @param {number} pid */
export function lives(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {{ code?: string }} */ (error).code === 'EPERM';
  }
}

/** @param {string} folder @returns {string[]} */
function list(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Records wait apart for each server and token: none goes to another's tenant. */
/** @param {State} state */
function folderOf(state) {
  const home = process.env['HOME'] || homedir();
  const states = process.env['XDG_STATE_HOME'] || join(home, '.local', 'state');
  const root = state.folder ?? join(states, 'claw', 'plugin');
  const owner = `${state.server}\n${tokenOf(state) ?? ''}`;
  const hash = createHash('sha256').update(owner).digest('hex').slice(0, 16);
  return join(root, `${state.runtime}-${hash}`);
}

/** @param {State} state @returns {string | undefined} */
function tokenOf({ tokens, server, runtime }) {
  const home = process.env['HOME'] || homedir();
  const config = process.env['XDG_CONFIG_HOME'] || join(home, '.config');
  try {
    const text = readFileSync(tokens || join(config, 'claw', 'tokens.json'), 'utf8');
    const token = JSON.parse(text).tokens?.[server]?.[runtime];
    return typeof token === 'string' && /^[\x21-\x7e]+$/.test(token) ? token : undefined;
  } catch {
    return undefined;
  }
}

/** @param {() => void} work */
function quiet(work) {
  try {
    work();
  } catch {
    // The agent must not notice.
  }
}

/** Whatever becomes of the work, and at the latest when the time is over. */
/** @param {Promise<void>} work @param {number} limit_ms @returns {Promise<void>} */
function within(work, limit_ms) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, limit_ms);
    timer.unref?.();
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    work.then(end, end);
  });
}
