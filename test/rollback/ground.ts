/** A folder for each test, and what is in it. */
import { lstatSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Plan } from '../../src/sdk/rollback/plan.ts';
import { hashOf } from '../../src/search/rollback/image.ts';
import type { Step } from '../../src/search/rollback/plan.ts';

export const ID = '0199a3f2-7c11-7e2a-9d55-3f0a1b2c3d4e';

/** What every step of these plans has. */
export const base = { tool: 'Write', event_id: 'e', session_id: 's', calls: 1 };

export const hashed = (text: string) => ({
  sha256: hashOf(Buffer.from(text)),
  bytes: text.length,
});

export function openGround() {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'claw-rollback-')));
  return {
    root: join(base, 'work'),
    state: join(base, 'state'),
    base,
    close: () => rmSync(base, { recursive: true, force: true }),
  };
}

export function planOf(steps: readonly Step[]): Plan {
  return { rollback_id: ID, steps };
}

/** Every file below a folder, by its path in it: content and permission bits. */
export function filesIn(folder: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    const path = join(entry.parentPath, entry.name);
    const content = entry.isFile() ? readFileSync(path).toString('base64') : 'no file';
    found.set(path.slice(folder.length + 1), `${lstatSync(path).mode & 0o777} ${content}`);
  }
  return found;
}
