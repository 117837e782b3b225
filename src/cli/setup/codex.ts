/** The step that Codex alone has: it runs no hook whose hash its user has not trusted. */
import { resolve } from 'node:path';
import { type ListedHook, trustHooks } from '../../adapter/codex/install.ts';
import type { Installer } from '../../adapter/installer.ts';
import { type Context, type Input, option } from '../command/command.ts';
import { listedHooks } from './codex-trust.ts';
import { agree, type Change, survey, writeChanges } from './files.ts';
import { findProgram } from './program.ts';

export type Trusting = {
  /** `byHand`: some hook of ours still waits for the user's `/hooks` in Codex. */
  readonly state: 'trusted' | 'byHand';
  readonly files: readonly string[];
};

type Asked = {
  readonly installer: Installer;
  /** Whether the change of the hooks, which names this step, was agreed to just now. */
  readonly agreed: boolean;
};

/**
 * Trusts exactly the commands that stand in `hooks.json` as ours, under the keys and hashes that
 * Codex itself gives them. Undefined for other runtimes.
 */
export async function trustCodex(
  context: Context,
  input: Input,
  { installer, agreed }: Asked,
): Promise<Trusting | 'declined' | undefined> {
  if (installer.runtime !== 'codex') return undefined;
  const { paths, texts } = await survey(context, input, installer);
  const listed = await ask(context, input, installer);
  if (listed === undefined) return { state: 'byHand', files: [] };
  const { hooks = '', config: file = '' } = paths;
  const trust = trustHooks(
    { hooks: texts['hooks'] ?? '{}', config: texts['config'] },
    listed,
    hooks,
  );
  const state = trust.trusted >= trust.wanted && trust.wanted > 0 ? 'trusted' : 'byHand';
  if (trust.config === texts['config']) return { state, files: [] };
  const change: Change = { file, before: texts['config'], after: trust.config };
  if (!agreed && !(await agree(context, [change], input))) return 'declined';
  await writeChanges([change]);
  return { state, files: [file] };
}

/** Whether Codex says itself that it runs every hook of ours. */
export async function trustedHooks(
  context: Context,
  input: Input,
  installer: Installer,
): Promise<boolean> {
  const { paths, texts } = await survey(context, input, installer);
  const listed = await ask(context, input, installer);
  const { hooks = '' } = paths;
  if (listed === undefined) return false;
  const running = listed.filter(({ trustStatus }) => trustStatus === 'trusted');
  const trust = trustHooks({ hooks: texts['hooks'] ?? '{}', config: undefined }, running, hooks);
  return trust.wanted > 0 && trust.trusted >= trust.wanted;
}

async function ask(
  { env }: Context,
  input: Input,
  { program: wanted }: Installer,
): Promise<readonly ListedHook[] | undefined> {
  const program = await findProgram(wanted, { env, given: option(input, 'program') });
  if (program === undefined) return undefined;
  return listedHooks({ program, env, cwd: resolve('.') }).catch(() => undefined);
}
