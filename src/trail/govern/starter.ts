/** Policies that hold where a tenant has put none of its own in force: Claw's, or a folder's. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../fault/fault.ts';
import { compile } from '../../policy/cedar.ts';
import type { PolicyFile } from '../../policy/policy.ts';

/** Who puts them in force, and what they are. */
export type Brought = { readonly files: readonly PolicyFile[]; readonly author: string };

/** `policies/` of the package: as far above this file as above the compiled one. */
const FOLDER = join(import.meta.dirname, '..', '..', '..', 'policies');

/** Every `policies/*.cedar` of the package, in order of name; read once. */
export function starterPolicies(): readonly PolicyFile[] {
  read ??= cedarFilesIn(FOLDER);
  return read;
}

let read: readonly PolicyFile[] | undefined;

/** Of the configured folder, else of the package. Throws `config.invalid`, `policy.invalid`. */
export function broughtPolicies(folder: string | undefined): Brought {
  if (folder === undefined) return { files: starterPolicies(), author: 'claw' };
  let files: readonly PolicyFile[];
  try {
    files = cedarFilesIn(folder);
  } catch (cause) {
    throw unusable(folder, 'cannot be read', cause);
  }
  if (files.length === 0) throw unusable(folder, 'holds no *.cedar file');
  // Now, not at the first decision.
  compile(files);
  return { files, author: 'config' };
}

function unusable(folder: string, reason: string, cause?: unknown): Fault {
  return new Fault('config.invalid', `The policy folder ${folder} ${reason}.`, {
    field: 'policies',
    hint: 'clawctl policy check FOLDER tells whether Claw can use it.',
    cause,
  });
}

function cedarFilesIn(folder: string): readonly PolicyFile[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.cedar'))
    .sort()
    .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));
}
