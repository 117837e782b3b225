/** The folder that a benchmark works in: a given one is kept, a temporary one goes in any case. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function workFolder(given: string, name: string): string {
  // So that what is to be done at the end is done though somebody has had enough.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => process.exit(130));
  if (given !== '') {
    mkdirSync(given, { recursive: true });
    return given;
  }
  const folder = mkdtempSync(join(tmpdir(), `claw-${name}-`));
  // PostgreSQL runs as a user of its own, who must get through to its folder.
  chmodSync(folder, 0o711);
  // A server that was just killed may still be on its way out.
  const removing = { recursive: true, force: true, maxRetries: 10, retryDelay: 100 };
  process.once('exit', () => rmSync(folder, removing));
  return folder;
}
