/** The hashes of a server's tool definitions, kept from one run to the next. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type KnownTools, TOOLS } from '../adapter/mcp/definition.ts';

export type ToolStore = {
  readonly known: KnownTools;
  /** Writes what has changed since the last time. Never throws: `onError` is told once. */
  readonly save: () => void;
};

export type ToolStoreOptions = {
  readonly env: NodeJS.ProcessEnv;
  /** What makes it this server: its name and its command line or address; only hashed. */
  readonly identity: readonly string[];
  readonly onError: (reason: string) => void;
};

const MAX_BYTES = 4 * 1024 * 1024;
const HASH = /^[0-9a-f]{64}$/;

/** A file that cannot be read as ours counts as none: definitions are then first seen again. */
export function openToolStore({ env, identity, onError }: ToolStoreOptions): ToolStore {
  const file = join(folderOf(env), `${nameOf(identity)}.json`);
  const known = read(file);
  let saved = text(known);
  let failed = false;
  return {
    known,
    save: () => {
      const now = text(known);
      if (now === saved) return;
      saved = now;
      try {
        write(file, now);
      } catch (error) {
        if (!failed) onError(error instanceof Error ? error.message : 'it threw');
        failed = true;
      }
    },
  };
}

/** XDG Base Directory: state that persists between restarts and is not worth backing up. */
function folderOf(env: NodeJS.ProcessEnv): string {
  const base = env['XDG_STATE_HOME'] || join(env['HOME'] || homedir(), '.local', 'state');
  return join(base, 'claw', 'mcp');
}

function nameOf(identity: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(['claw/mcp/v1', ...identity]));
  return hash.digest('hex').slice(0, 32);
}

function text(known: KnownTools): string {
  return `${JSON.stringify({ version: 1, tools: [...known] })}\n`;
}

function read(file: string): KnownTools {
  const known: KnownTools = new Map();
  try {
    if (statSync(file).size > MAX_BYTES) return known;
    const { tools } = JSON.parse(readFileSync(file, 'utf8')) as { tools?: unknown };
    for (const pair of Array.isArray(tools) ? tools.slice(0, TOOLS) : []) {
      const [name, hash] = Array.isArray(pair) ? (pair as unknown[]) : [];
      if (typeof name === 'string' && typeof hash === 'string' && HASH.test(hash)) {
        known.set(name, hash);
      }
    }
  } catch {
    // None yet, or none of ours.
  }
  return known;
}

/** Whole or not at all: another proxy of the same server may write at the same time. */
function write(file: string, content: string): void {
  mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 });
  const fresh = `${file}.${process.pid}-${randomBytes(6).toString('hex')}`;
  try {
    writeFileSync(fresh, content, { mode: 0o600, flag: 'wx' });
    renameSync(fresh, file);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}
