/** The data folder's own version, so that an older Claw never writes into a newer one's data. */
import { join } from 'node:path';
import { Fault } from '../fault/fault.ts';
import { openFileStore } from './file.ts';
import type { Store } from './store.ts';

/** Version of the data folder's layout that this program reads and writes. */
export const FORMAT = 1;
const KEY = 'format.json';

export type Format = { readonly format: number; readonly made_by: string };

/** Marks a new folder with this program's format, or checks the mark. Throws as `readFormat`. */
export async function claimFolder(
  folder: string,
  made_by: string,
  store: Store = openFileStore({ root: folder }),
): Promise<Format> {
  const found = await readFormat(folder, store);
  if (found !== undefined) return found;
  const format = { format: FORMAT, made_by };
  await store.put(KEY, Buffer.from(`${JSON.stringify(format)}\n`));
  return format;
}

/**
 * The folder's format, or undefined where it has no mark; changes nothing. Throws `data.newer`
 * for a version that this program does not know, `config.invalid` for a mark that says none.
 */
export async function readFormat(
  folder: string,
  store: Store = openFileStore({ root: folder }),
): Promise<Format | undefined> {
  const bytes = await store.get(KEY);
  if (bytes === undefined) return undefined;
  const found = parse(bytes.toString('utf8'));
  if (found === undefined) {
    throw new Fault('config.invalid', `The file ${join(folder, KEY)} does not say a format.`, {
      field: 'format',
      hint: `Restore it from a backup, or write {"format":${FORMAT}} if this Claw made the folder.`,
    });
  }
  if (found.format > FORMAT) {
    throw new Fault(
      'data.newer',
      `The data folder has format ${found.format}, made by ${found.made_by}; this knows ${FORMAT}.`,
      { limit: FORMAT, hint: 'Upgrade Claw, or use another data folder.' },
    );
  }
  return found;
}

function parse(text: string): Format | undefined {
  try {
    const { format, made_by } = JSON.parse(text);
    if (!Number.isSafeInteger(format) || format < 1) return undefined;
    return { format, made_by: typeof made_by === 'string' ? made_by : 'an unnamed program' };
  } catch {
    return undefined;
  }
}
