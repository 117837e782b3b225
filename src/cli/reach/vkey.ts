/** A log's public key as people hand it over: its text, or a file that holds it. */
import { readFile } from 'node:fs/promises';
import { refuse } from '../problem.ts';

/** Throws `usage.invalid` for what is neither. */
export async function readVkey(given: string): Promise<string> {
  const text = (await readFile(given, 'utf8').catch(() => given)).trim();
  if (!/^[^+\s]+\+[0-9a-f]{8}\+\S+$/.test(text)) throw refuse('usage.invalid', 'badVkey');
  return text;
}
