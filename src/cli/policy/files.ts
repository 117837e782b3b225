/** Policy files and their tests, read from a folder or one by one. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { PolicyFile } from '../../policy/policy.ts';
import { refuse } from '../problem.ts';

/** Every `*.cedar` of a folder in order of name, or the one file; throws where there is none. */
export async function policyFiles(path: string): Promise<readonly PolicyFile[]> {
  const files = await filesOf(path, '.cedar');
  if (files.length === 0) throw refuse('usage.invalid', 'noPolicies', { path });
  return files;
}

/** Every `*.test.json` of a folder. */
export async function exampleFiles(path: string): Promise<readonly PolicyFile[]> {
  const files = await filesOf(path, '.test.json');
  if (files.length === 0) throw refuse('usage.invalid', 'noExamples', { path });
  return files;
}

async function filesOf(path: string, ending: string): Promise<PolicyFile[]> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw refuse('usage.invalid', 'noPolicies', { path });
  if (!found.isDirectory()) return [{ name: basename(path), text: await readFile(path, 'utf8') }];
  const names = (await readdir(path)).filter((name) => name.endsWith(ending)).sort();
  return Promise.all(
    names.map(async (name) => ({ name, text: await readFile(join(path, name), 'utf8') })),
  );
}
