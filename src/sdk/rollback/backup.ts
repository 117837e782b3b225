/** Keeps what a rollback replaces, removes and has compensated, in the user's own folder. */
import {
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Plan } from './plan.ts';

export type Backup = {
  /** The folder of this rollback, made when something is first kept. */
  readonly folder: string;
  /** Durable when it returns. */
  readonly keep: (n: number, path: string, data: Uint8Array) => void;
  readonly marks: Marks;
};

/** Compensations run once, whatever plan names their call: `begun` and then `done`. */
export type Marks = {
  readonly stateOf: (event_id: string) => 'new' | 'begun' | 'done';
  readonly set: (event_id: string, state: 'begun' | 'done') => void;
};

const { O_WRONLY, O_CREAT, O_EXCL } = constants;
const NAME_CHARS = 100;
const ID = /^[0-9a-f-]{36}$/;

/** `~/.claw/rollback`, where the user names no other folder. */
export function stateFolder(): string {
  return join(homedir(), '.claw', 'rollback');
}

export function openBackup(state: string, { rollback_id }: Pick<Plan, 'rollback_id'>): Backup {
  const folder = join(state, rollback_id);
  return {
    folder,
    keep: (n, path, data) => {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const name = `${n}-${basename(path).slice(0, NAME_CHARS)}`;
      for (let again = 0; ; again++) {
        const file = join(folder, again === 0 ? name : `${name}.${again}`);
        if (existsSync(file) && readFileSync(file).equals(data)) return;
        if (!existsSync(file)) return writeNew(file, data);
      }
    },
    marks: openMarks(join(state, 'compensated')),
  };
}

function openMarks(folder: string): Marks {
  const fileOf = (event_id: string, state: string) => {
    if (!ID.test(event_id)) throw new TypeError('The plan names no event.');
    return join(folder, `${event_id}.${state}`);
  };
  return {
    stateOf: (event_id) => {
      if (existsSync(fileOf(event_id, 'done'))) return 'done';
      return existsSync(fileOf(event_id, 'begun')) ? 'begun' : 'new';
    },
    set: (event_id, state) => {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writeNew(fileOf(event_id, state), Buffer.alloc(0));
    },
  };
}

function writeNew(file: string, data: Uint8Array): void {
  const handle = openSync(file, O_WRONLY | O_CREAT | O_EXCL, 0o600);
  try {
    writeFileSync(handle, data);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  syncFolder(dirname(file));
}

/** So that the name is as durable as the content. */
function syncFolder(folder: string): void {
  const handle = openSync(folder, constants.O_RDONLY);
  try {
    fsyncSync(handle);
  } catch {
    // Some file systems cannot sync a folder.
  } finally {
    closeSync(handle);
  }
}
