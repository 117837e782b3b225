/** Inputs that are kept: a JSON file a target, each input in base64, small enough to be committed. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, 'corpus');
/** Inputs of a target, and bytes of one, that are kept. */
const MOST_INPUTS = 20;
const MOST_BYTES = 1500;

export function readCorpus(target: string): readonly Buffer[] {
  const file = join(FOLDER, `${target}.json`);
  if (!existsSync(file)) return [];
  const kept: readonly string[] = JSON.parse(readFileSync(file, 'utf8'));
  return kept.map((each) => Buffer.from(each, 'base64'));
}

/** What broke something comes first and always stays. */
export function addToCorpus(
  target: string,
  { broken, reached }: { readonly broken: readonly Buffer[]; readonly reached: readonly Buffer[] },
): void {
  const small = reached.filter((input) => input.length <= MOST_BYTES);
  const all = [...broken, ...readCorpus(target), ...small].map((input) => input.toString('base64'));
  const kept = [...new Set(all)].slice(0, Math.max(MOST_INPUTS, broken.length));
  if (kept.length === 0) return;
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, `${target}.json`), `${JSON.stringify(kept, null, 1)}\n`);
}
