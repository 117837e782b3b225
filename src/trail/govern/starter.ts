/** The policies that Claw brings along: in force where a trail has put none of its own in force. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PolicyFile } from '../../policy/policy.ts';

/** `policies/` of the package: as far above this file as above the compiled one. */
const FOLDER = join(import.meta.dirname, '..', '..', '..', 'policies');

/** Every `policies/*.cedar` of the package, in order of name; read once. */
export function starterPolicies(): readonly PolicyFile[] {
  read ??= readdirSync(FOLDER)
    .filter((name) => name.endsWith('.cedar'))
    .sort()
    .map((name) => ({ name, text: readFileSync(join(FOLDER, name), 'utf8') }));
  return read;
}

let read: readonly PolicyFile[] | undefined;
