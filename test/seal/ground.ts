/** Root keys, events and keyrings for tests of sealing. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { openKeyring } from '../../src/seal/keyring.ts';
import { makeRootKey, type RootKey, readRootKey } from '../../src/seal/root.ts';
import type { Plain } from '../../src/seal/seal.ts';
import type { Store } from '../../src/store/store.ts';

export const folder = mkdtempSync(join(tmpdir(), 'claw-seal-'));
after(() => rmSync(folder, { recursive: true, force: true }));

export const entropy = (bytes: number) => randomBytes(bytes);
let files = 0;

export function newRoot(): RootKey {
  const path = join(folder, `root-${files++}.key`);
  makeRootKey(path, entropy);
  return readRootKey(path);
}

export function plain(text: string, fields: Partial<Plain> = {}): Plain {
  const id = '01a1fff1-adb5-7463-8fba-378bb3a785e7';
  return {
    tenant: 'acme',
    id,
    at_ms: 1,
    subject: 'user:jane',
    bytes: Buffer.from(text),
    ...fields,
  };
}

export async function keyring(store: Store, root: RootKey) {
  return openKeyring({ store, root, entropy, origin: 'test' });
}

export async function sealOne(ring: Awaited<ReturnType<typeof keyring>>, event: Plain) {
  const [sealed] = await ring.seal([event]);
  assert.ok(sealed);
  return sealed;
}

export async function everyByte(store: Store): Promise<string> {
  let all = '';
  for await (const key of store.list('')) all += key + (await store.get(key))?.toString('latin1');
  return all;
}
