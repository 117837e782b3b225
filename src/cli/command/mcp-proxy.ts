/** `clawctl mcp-proxy`: an MCP server as it is, and a record of what it was asked and answered. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { openWatch } from '../../adapter/mcp/watch.ts';
import { createHttpProxy } from '../../proxy/mcp-http.ts';
import { nameOfCommand } from '../../proxy/mcp-name.ts';
import { openToolStore, type ToolStore } from '../../proxy/mcp-state.ts';
import { type Ended, relayStdio } from '../../proxy/mcp-stdio.ts';
import { openWatching, type Watching } from '../../proxy/mcp-watching.ts';
import { type Claw, connect } from '../../sdk/sdk.ts';
import { refuse, report } from '../problem.ts';
import { type Command, type Context, type Input, option, whole } from './command.ts';

/** What the end of the proxy waits for the server of Claw, in milliseconds; then it spools. */
const FLUSH_MS = 1000;
/** A runtime that says whose session it is in the environment of the servers that it starts. */
const SESSION_VARIABLES: ReadonlyMap<string, string> = new Map([
  ['claude-code', 'CLAUDE_CODE_SESSION_ID'],
]);

export const mcpProxy: Command = {
  arguments: [{ name: '[command...]', about: 'command.argument.mcpCommand' }],
  options: [
    { flags: '--name <name>', about: 'command.option.mcpName' },
    { flags: '--upstream <address>', about: 'command.option.mcpUpstream' },
    { flags: '--port <port>', about: 'command.option.proxyPort' },
    { flags: '--session <id>', about: 'command.option.mcpSession' },
  ],
  examples: [
    'clawctl mcp-proxy --name fs -- npx -y @modelcontextprotocol/server-filesystem /srv/files',
    'clawctl mcp-proxy --name tickets --upstream https://tickets.example/mcp --port 8700',
    '',
    '.mcp.json:',
    '{"mcpServers": {"fs": {"command": "clawctl", "args": ["mcp-proxy", "--name", "fs", "--",',
    '  "npx", "-y", "@modelcontextprotocol/server-filesystem", "/srv/files"]}}}',
  ],
  run: async (context, input) => {
    const words = input.arguments.filter((word) => word !== undefined);
    const upstream = option(input, 'upstream');
    if (upstream === undefined) {
      if (words.length === 0) throw refuse('usage.invalid', 'argument', { name: 'COMMAND' });
      if (option(input, 'port') !== undefined) throw conflict('--port', 'COMMAND');
      return overStdio(context, input, words);
    }
    if (words.length > 0) throw conflict('--upstream', 'COMMAND');
    await overHttp(context, input, addressOf(upstream));
  },
};

function conflict(one: string, other: string) {
  return refuse('usage.invalid', 'conflict', { one, other });
}

/** Nothing but the server's own bytes goes to standard output. */
async function overStdio(context: Context, input: Input, words: readonly string[]): Promise<void> {
  const [command = '', ...args] = words;
  const { CLAW_TOKEN: _, ...env } = context.env;
  const claw = await recorder(context, input);
  const place = nameOfCommand(words);
  const tools = toolStore(context, ['stdio', option(input, 'name') ?? '', ...words]);
  const watching = watchingOf(context, input, { claw, tools, place, transport: 'stdio' });
  // clawctl ends at once when nobody reads its output; here that is the server's to decide.
  process.stdout.removeAllListeners('error');
  const { stdin, stdout } = process;
  try {
    end(await relayStdio({ command, args, env, input: stdin, output: stdout, watching }));
  } finally {
    await claw.close({ timeout_ms: FLUSH_MS });
  }
}

/** As the server ended: with its code, or by its signal once everything is closed. */
function end({ code, signal }: Ended): void {
  if (signal === null) process.exitCode = code ?? 1;
  else process.once('exit', () => process.kill(process.pid, signal));
}

async function overHttp(context: Context, input: Input, upstream: URL): Promise<void> {
  const { t, terminal, format } = context;
  const stopped = context.interruption();
  const port = whole(input, 'port', { least: 0, most: 65_535 }) ?? 0;
  const claw = await recorder(context, input);
  const place = upstream.hostname;
  const identity = ['http', option(input, 'name') ?? '', `${upstream.origin}${upstream.pathname}`];
  const tools = toolStore(context, identity);
  const proxy = createHttpProxy({
    upstream,
    open: (session) =>
      watchingOf(context, input, { claw, tools, place, transport: 'http', session }),
  });
  try {
    proxy.server.listen(port, '127.0.0.1');
    await once(proxy.server, 'listening');
    const bound = (proxy.server.address() as AddressInfo).port;
    const url = `http://127.0.0.1:${bound}${upstream.pathname}`;
    if (format === 'json') terminal.json({ url, upstream: upstream.origin + upstream.pathname });
    else terminal.line(t('proxy.ready', { url, upstream: upstream.host }));
    if (!stopped.aborted) await once(stopped, 'abort');
  } finally {
    await proxy.close();
    await claw.close({ timeout_ms: FLUSH_MS });
  }
}

/** Throws `usage.invalid`; a name and password in it would be in the process list. */
function addressOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const known = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (!url || !known || url.username !== '') {
    throw refuse('usage.invalid', 'badUpstream', { url: text.replace(/\/\/[^/@]*@/, '//…@') });
  }
  return url;
}

/** A flight recorder that fails must not bring the plane down: without a token it spools. */
async function recorder(context: Context, input: Input): Promise<Claw> {
  const { t, terminal } = context;
  const { url, token } = await context.place();
  const secret = await token().catch(() => undefined);
  if (secret === undefined) terminal.note({ text: t('proxy.noToken', { url }), style: 'warn' });
  const told = new Set<string>();
  const claw = connect({
    url,
    ...(secret === undefined ? {} : { token: secret }),
    onError: (fault) => {
      if (!told.has(fault.code)) report(fault, context);
      told.add(fault.code);
    },
  });
  const tenant_id = option(input, 'tenant');
  if (tenant_id === undefined) return claw;
  return { ...claw, record: (draft) => claw.record({ ...draft, tenant_id }) };
}

function toolStore({ env, t, terminal }: Context, identity: readonly string[]): ToolStore {
  const onError = (reason: string) =>
    terminal.note({ text: t('proxy.noState', { reason }), style: 'warn' });
  return openToolStore({ env, identity, onError });
}

type Watched = {
  readonly claw: Claw;
  readonly tools: ToolStore;
  readonly place: string;
  readonly transport: 'stdio' | 'http';
  readonly session?: string | undefined;
};

function watchingOf({ env }: Context, input: Input, watched: Watched): Watching {
  const { claw, tools, place, transport, session } = watched;
  const nonce = randomBytes(8).toString('hex');
  const given = option(input, 'session');
  const watch = openWatch({
    server: option(input, 'name'),
    place,
    transport,
    nonce,
    known: tools.known,
    scoped: transport === 'http' && session === undefined,
    cwd: transport === 'stdio' ? process.cwd() : undefined,
    sessionOf: (runtime) => {
      const variable = transport === 'stdio' ? SESSION_VARIABLES.get(runtime) : undefined;
      const named = variable === undefined ? undefined : env[variable];
      return given ?? (named || `mcp-${session ?? nonce}`);
    },
  });
  return openWatching({ watch, record: claw.record, now: Date.now, listed: tools.save });
}
