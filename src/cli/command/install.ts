/** `clawctl install RUNTIME`: hooks or a plugin into a runtime, with a token of their own. */
import type { Installer, InstallOptions, Texts } from '../../adapter/installer.ts';
import { refuse } from '../problem.ts';
import type { Client } from '../reach/client.ts';
import { trustCodex } from '../setup/codex.ts';
import {
  checkEnforced,
  ENFORCEMENT,
  enforcementOf,
  tellEnforcement,
  wasEnforced,
} from '../setup/enforcement.ts';
import {
  agree,
  type Change,
  changesIn,
  type Ground,
  SCOPES,
  survey,
  writeChanges,
} from '../setup/files.ts';
import { tokensNamed } from '../setup/own.ts';
import { run } from '../setup/program.ts';
import {
  drain,
  installerOf,
  PROGRAM,
  RUNTIME_ARGUMENT,
  shim,
  sourcesOf,
} from '../setup/runtime.ts';
import { isAccepted, keepToken, newToken, tokenAt } from '../setup/token.ts';
import { type Command, type Context, flag, type Input, option } from './command.ts';

/** Stands for a token that is not made yet in a change that is only shown: tokens are masked. */
const FUTURE_TOKEN = 'claw_new';

/** The exit code of `git check-ignore`; 128 says that there is no repository. */
const NOT_IGNORED = 1;

export const install: Command = {
  arguments: [RUNTIME_ARGUMENT],
  options: [
    ...SCOPES,
    { flags: '--transport <way>', about: 'command.option.transport' },
    { flags: '--otlp', about: 'command.option.otlp' },
    ...ENFORCEMENT,
    PROGRAM,
  ],
  examples: [
    'clawctl install claude-code',
    'clawctl install codex --project --yes',
    'clawctl install gemini --otlp',
    'clawctl install claude-code --enforce --approval-wait 120',
  ],
  run: async (context, input) => {
    const installer = installerOf(input);
    const ground = await survey(context, input, installer);
    const client = await context.connect();
    const given = await optionsOf(context, input, { installer, ground, client });
    const kept = await keptToken(context, { installer, ground, client });
    const planned = installer.install(ground.texts, { ...given, token: kept ?? FUTURE_TOKEN });
    checkEnforced({ installer, ground }, planned, given.enforcement);
    const changes = changesIn(ground, planned);
    if (changes.length > 0 || kept === undefined) {
      announceTrust(context, ground);
      if (changes.length > 0 && !(await agree(context, changes, input))) return;
      const token = kept ?? (await newToken(context, client, installer.runtime));
      await write(context, { installer, ground, client, given }, token);
    }
    const trust = await trustCodex(context, input, { installer, agreed: changes.length > 0 });
    if (trust === 'declined') return;
    const files = [...changes.map(({ file }) => file), ...(trust?.files ?? [])];
    report(context, { installer, ground, files, trust: trust?.state, given });
    await warnOfGit(context, { installer, ground });
  },
};

type Target = {
  readonly installer: Installer;
  readonly ground: Ground;
  readonly client: Client;
};

type Given = Omit<InstallOptions, 'token'>;

async function optionsOf(
  { env }: Context,
  input: Input,
  { installer, ground, client }: Target,
): Promise<Given> {
  const otlp = flag(input, 'otlp');
  const transport = option(input, 'transport');
  if (otlp && !installer.otlp) throw notFor('--otlp', installer);
  if (transport !== undefined && installer.runtime !== 'claude-code') {
    throw notFor('--transport', installer);
  }
  if (transport !== undefined && transport !== 'http' && transport !== 'command') {
    throw refuse('usage.invalid', 'choice', { option: '--transport', choices: 'http, command' });
  }
  return {
    server: client.url,
    shim: shim(),
    paths: ground.paths,
    sources: await sourcesOf(installer),
    drain: drain(),
    otlp,
    enforcement: enforcementOf(input),
    ...(transport === undefined ? {} : { transport }),
    ...tokensNamed(env),
  };
}

function notFor(option: string, { title }: Installer): Error {
  return refuse('usage.invalid', 'notFor', { option, runtime: title });
}

/** Codex's own step, which is agreed to with the change that needs it. */
function announceTrust({ t, terminal, format }: Context, { paths }: Ground): void {
  const { hooks, config: file } = paths;
  if (format === 'json' || hooks === undefined || file === undefined) return;
  terminal.note(t('install.trustAhead', { file }));
}

/** The token that is there already, where the server still takes it. */
async function keptToken(
  { env }: Context,
  { installer, ground, client }: Target,
): Promise<string | undefined> {
  const token = tokenAt(installer, ground.texts, { env, server: client.url });
  if (token === undefined) return undefined;
  return (await isAccepted(client.url, token)) ? token : undefined;
}

/** The token first: no hook ever runs without it. */
async function write(
  { env }: Context,
  { installer, ground, client, given }: Target & { readonly given: Given },
  token: string,
): Promise<void> {
  const { runtime } = installer;
  if (installer.token === 'file') await keepToken({ env, server: client.url, runtime }, token);
  const after: Texts = installer.install(ground.texts, { ...given, token });
  const changes: readonly Change[] = changesIn(ground, after);
  await writeChanges(changes);
}

/** Claude Code tells git to leave its local settings alone when it makes them; we made them. */
async function warnOfGit(
  { t, terminal, env }: Context,
  { installer, ground }: Pick<Target, 'installer' | 'ground'>,
): Promise<void> {
  if (ground.place.scope !== 'project' || installer.token !== 'settings') return;
  const [file = ''] = Object.values(ground.paths);
  const { code } = await run('git', { args: ['check-ignore', '-q', '--', file], env });
  if (code === NOT_IGNORED)
    terminal.note({ text: t('install.notIgnored', { file }), style: 'alarm' });
}

type Outcome = {
  readonly installer: Installer;
  readonly ground: Ground;
  readonly files: readonly string[];
  readonly trust: 'trusted' | 'byHand' | undefined;
  readonly given: Given;
};

function report(context: Context, { installer, ground, files, trust, given }: Outcome): void {
  const { t, terminal, format } = context;
  const { enforcement } = given;
  const { title: runtime } = installer;
  const [first = ''] = Object.values(ground.paths);
  const changed = files.length > 0;
  if (format === 'json') {
    const file = files[0] ?? first;
    const told = { ...(trust && { trust }), ...(enforcement && { enforcement }) };
    terminal.json({ file, files, changed, ...told });
    return;
  }
  if (!changed) terminal.line(t('install.nothing', { file: first }));
  else {
    terminal.line({ text: t('install.done', { file: files.join(', '), runtime }), style: 'good' });
  }
  if (trust === 'byHand') terminal.note({ text: t('install.trustByHand'), style: 'alarm' });
  tellEnforcement(context, installer, {
    now: enforcement,
    before: wasEnforced({ installer, ground }),
  });
  if (changed) terminal.line(t('install.watch', { runtime: installer.runtime }));
}
