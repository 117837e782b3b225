/** Which version of Claw this is, as its package says. */
import { readFileSync } from 'node:fs';

/** The version in package.json, which lies two folders above this file in `src` and in `dist`. */
export function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
