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
  const { way, server, enforcing } = installed;
  const asks = enforcing?.way;
  if (asks?.kind === 'command' && !runsOurs(asks.command, installer)) return false;
  if (way.kind === 'http') return true;
  if (way.kind === 'command') {
    return runsOurs(way.command, installer);
  }
  const options = {
    server,
    enforcement: enforcing?.enforcement,
    token: '',
    shim: shim(),
    paths: ground.paths,
    drain: drain(),
  };
  const sources = await sourcesOf(installer);
  const after = installer.install(ground.texts, { ...options, sources, ...tokensNamed(env) });
  return changesIn(ground, after).length === 0;
}

function runsOurs(command: string, { runtime }: Installer): boolean {
  return command.startsWith(`${shim()} hook ${runtime} --server `);
}

/** Where the private file of tokens is, if not at its usual place. */
export function tokensNamed(env: NodeJS.ProcessEnv): { readonly tokens?: string } {
  const tokens = tokenPath(env);
  return tokens === usualTokenPath(env) ? {} : { tokens };
}
