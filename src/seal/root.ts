/** The root key: a file of its own that nobody else reads; tenant keys are wrapped under it. */
import { hkdfSync } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { Fault } from '../fault/fault.ts';
import { writeFault } from '../store/disk.ts';

export type Entropy = (bytes: number) => Buffer;

export type RootKey = {
  /** 32 bytes for one purpose, derived by HKDF-SHA-256 (RFC 5869). */
  readonly derive: (purpose: string) => Buffer;
};

const FORM = /^claw-root-key-v1:([A-Za-z0-9+/]{43}=)\n?$/;

/** Reads the root key; throws `seal.root_key` where it is missing, damaged, or open to others. */
export function readRootKey(path: string): RootKey {
  let text: string;
  try {
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Fault('seal.root_key', `The root key ${path} cannot be read.`, {
      hint: 'Put the root key of this data folder back, from where you keep its copy.',
      cause,
    });
  }
  const match = FORM.exec(text);
  if (!match?.[1]) {
    throw new Fault('seal.root_key', `${path} is not a root key of Claw, or is damaged.`, {
      hint: 'Put the root key of this data folder back, from where you keep its copy.',
    });
  }
  const key = Buffer.from(match[1], 'base64');
  return {
    derive: (purpose) => Buffer.from(hkdfSync('sha256', key, '', `claw/${purpose}/v1`, 32)),
  };
}

/**
 * Makes a root key file and its folder: 0600, durable before it is used. Beside its place first:
 * half a key would be taken for a damaged one. Throws `seal.root_key` where there is a key,
 * `data.full` and `data.unwritable`.
 */
export function makeRootKey(path: string, entropy: Entropy): void {
  if (existsSync(path)) throw new Fault('seal.root_key', `There is a root key at ${path} already.`);
  const fresh = `${path}.new`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // One that a crash left behind may have another mode.
    rmSync(fresh, { force: true });
    const text = `claw-root-key-v1:${entropy(32).toString('base64')}\n`;
    writeFileSync(fresh, text, { flag: 'wx', mode: 0o600, flush: true });
    renameSync(fresh, path);
    syncFolder(dirname(path));
  } catch (error) {
    throw writeFault(error, `the root key ${path}`);
  }
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
