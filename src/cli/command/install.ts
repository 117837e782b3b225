/** `clawctl install claude-code`: hooks into Claude Code's settings, with a token of their own. */
import { hostname, userInfo } from 'node:os';
import { fileURLToPath } from 'node:url';
import { installHooks, TOKEN_VARIABLE } from '../../adapter/claude-code/install.ts';
import { Fault } from '../../fault/fault.ts';
import { refuse } from '../problem.ts';
import { type Client, openClient } from '../reach/client.ts';
import { agree, readSettings, SCOPES, settingsFile, writeSettings } from '../settings.ts';
import { type Command, type Context, type Input, option } from './command.ts';

/** Stands for a token that is not made yet in a change that is only shown: tokens are masked. */
const FUTURE_TOKEN = 'claw_new';

export const installClaudeCode: Command = {
  options: [...SCOPES, { flags: '--transport <way>', about: 'command.option.transport' }],
  examples: [
    'clawctl install claude-code',
    'clawctl install claude-code --project --yes',
    'clawctl install claude-code --transport command',
  ],
  run: async (context, input) => {
    const { t, terminal, format } = context;
    const file = settingsFile(context, input);
    const before = await readSettings(file);
    const client = await context.connect();
    const kept = await keptToken(client, before);
    const hooks = { server: client.url, shim: shim(), ...transportOf(input) };
    const change = installHooks(before, { ...hooks, token: kept ?? FUTURE_TOKEN });
    if (!change.changed) return done(context, { file, changed: false });
    if (!(await agree(context, { file, change, input }))) return;
    const token = kept ?? (await newToken(context, client));
    await writeSettings(file, installHooks(before, { ...hooks, token }).text);
    done(context, { file, changed: true });
    if (format === 'text') {
      terminal.line({ text: t('install.done', { file }), style: 'good' });
      terminal.line(t('install.watch'));
    }
  },
};

/** By HTTP a hook costs next to nothing; by command its record is spooled while Claw is away. */
function transportOf(input: Input): { readonly transport?: 'http' | 'command' } {
  const way = option(input, 'transport');
  if (way === undefined) return {};
  if (way === 'http' || way === 'command') return { transport: way };
  throw refuse('usage.invalid', 'choice', { option: '--transport', choices: 'http, command' });
}

/** The token that the settings hold already, where the server still knows it. */
async function keptToken(client: Client, before: string | undefined): Promise<string | undefined> {
  const token = tokenIn(before);
  if (token === undefined) return undefined;
  const asHook = openClient({ url: client.url, token: async () => token, tenant: undefined });
  try {
    await asHook.post('/v1/events', []);
  } catch (error) {
    if (error instanceof Fault && error.code === 'request.unauthorised') return undefined;
  }
  return token;
}

function tokenIn(settings: string | undefined): string | undefined {
  try {
    const { env } = JSON.parse(settings ?? '{}') as { env?: Readonly<Record<string, unknown>> };
    const token = env?.[TOKEN_VARIABLE];
    return typeof token === 'string' && token.startsWith('claw_') ? token : undefined;
  } catch {
    return undefined;
  }
}

/** Whose sessions they are: the hooks' records name no user of their own. */
async function newToken({ t, terminal, format }: Context, client: Client): Promise<string> {
  const { username } = userInfo();
  const name = `claude-code ${username}@${hostname()}`;
  const request = { name, role: 'recorder', user: username };
  const { token } = await client.post<{ token: string }>('/v1/tokens', request);
  if (format === 'text') terminal.note(t('install.token', { name }));
  return token;
}

type Done = { readonly file: string; readonly changed: boolean };

function done({ t, terminal, format }: Context, { file, changed }: Done): void {
  if (format === 'json') terminal.json({ file, changed });
  else if (!changed) terminal.line(t('install.nothing', { file }));
}

/** This very Node and this very clawctl: hooks run where no PATH of ours is set. */
function shim(): string {
  const script = fileURLToPath(new URL('../../../bin/clawctl.js', import.meta.url));
  return [process.execPath, script].map(quoted).join(' ');
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `"${word.replaceAll(/["\\$`]/g, '\\$&')}"`;
}
