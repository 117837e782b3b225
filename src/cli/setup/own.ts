/** Whether what stands in a project's files to be run is what this clawctl puts there. */
import type { Installed, Installer } from '../../adapter/installer.ts';
import { tokenPath, usualTokenPath } from '../hook/token.ts';
import { changesIn, type Ground } from './files.ts';
import { drain, shim, sourcesOf } from './runtime.ts';

export type Found = {
  readonly installer: Installer;
  readonly ground: Ground;
  readonly installed: Installed;
  readonly env: NodeJS.ProcessEnv;
};

/**
 * A repository may bring settings that look like ours and name any program: what the runtime
 * itself would ask its user about first must not run because somebody called the doctor.
 */
export async function isOwn({ installer, ground, installed, env }: Found): Promise<boolean> {
  const { way, server } = installed;
  if (way.kind === 'http') return true;
  if (way.kind === 'command') {
    return way.command.startsWith(`${shim()} hook ${installer.runtime} --server `);
  }
  const { enforcement } = installed.enforcing ?? {};
  const options = {
    server,
    token: '',
    shim: shim(),
    paths: ground.paths,
    drain: drain(),
    enforcement,
  };
  const sources = await sourcesOf(installer);
  const after = installer.install(ground.texts, { ...options, sources, ...tokensNamed(env) });
  return changesIn(ground, after).length === 0;
}

/** Where the private file of tokens is, if not at its usual place. */
export function tokensNamed(env: NodeJS.ProcessEnv): { readonly tokens?: string } {
  const tokens = tokenPath(env);
  return tokens === usualTokenPath(env) ? {} : { tokens };
}
