/** Reads and replaces a file that holds secrets: mode 0600, whole or not at all, durable. */
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Fault } from '../fault/fault.ts';

/** The text, or undefined where there is no file. A mode that lets others read is set to 0600. */
export async function readPrivate(
  path: string,
): Promise<{ readonly text: string; readonly repaired: boolean } | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      const others = (await file.stat()).mode & 0o077;
      if (others !== 0) await file.chmod(0o600);
      return { text: await file.readFile('utf8'), repaired: others !== 0 };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new Fault('data.unwritable', `${path} cannot be read: ${codeOf(error)}.`, {
      hint: 'Give the user that runs Claw the right to read and write it.',
      cause: error,
    });
  }
}

/** Durable when it resolves; a crash leaves the old text or the new. */
export async function replacePrivate(path: string, text: string): Promise<void> {
  const fresh = `${path}.new`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    // One that a crash left behind may have another mode.
    await rm(fresh, { force: true });
    const file = await open(fresh, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, path);
    await syncFolder(dirname(path));
  } catch (error) {
    const code = codeOf(error) === 'ENOSPC' ? 'data.full' : 'data.unwritable';
    throw new Fault(code, `${path} cannot be written: ${codeOf(error)}.`, { cause: error });
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
