/** `clawctl mcp-proxy`: an MCP server as it is, and a record of what it was asked and answered. */
import { once } from 'node:events';
import type { Gate } from '../../proxy/gate.ts';
import type { McpGate } from '../../proxy/mcp-gate.ts';
import { nameOfCommand } from '../../proxy/mcp-name.ts';
import { type Ended, relayStdio, startServer } from '../../proxy/mcp-stdio.ts';
import type { Watching } from '../../proxy/mcp-watching.ts';
import { refuse } from '../problem.ts';
import { type Command, type Context, type Input, option, whole } from './command.ts';
import { GATE_OPTIONS } from './gate-option.ts';

/** A stream of events never ends by itself: what is under way gets this long, in milliseconds. */
const GRACE_MS = 1000;

export const mcpProxy: Command = {
  arguments: [{ name: '[command...]', about: 'command.argument.mcpCommand' }],
  options: [
    { flags: '--name <name>', about: 'command.option.mcpName' },
    { flags: '--upstream <address>', about: 'command.option.mcpUpstream' },
    { flags: '--port <port>', about: 'command.option.mcpPort' },
    { flags: '--session <id>', about: 'command.option.session' },
    ...GATE_OPTIONS,
  ],
  examples: [
    'clawctl mcp-proxy --name fs -- npx -y @modelcontextprotocol/server-filesystem /srv/files',
    'clawctl mcp-proxy --name tickets --upstream https://tickets.example/mcp --port 8700',
    'clawctl mcp-proxy --enforce --name fs -- npx -y @modelcontextprotocol/server-filesystem /srv',
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
  const started = startServer({ command, args, env });
  // clawctl ends at once when nobody reads its output; here that is the server's to decide.
  process.stdout.removeAllListeners('error');
  try {
    const { openRecording } = await import('../mcp-recording.ts');
    const watched = { place: nameOfCommand(words), transport: 'stdio', identity: words } as const;
    const recording = await openRecording(context, input, watched);
    const ends = { input: process.stdin, output: process.stdout };
    const { gate } = recording;
    try {
      const watching = recording.open();
      const held = gate && { gate: await heldBy(gate, watching) };
      end(await relayStdio(started, { ...ends, watching, ...held }));
    } finally {
      await recording.close();
    }
  } finally {
    started.child.kill();
  }
}

async function heldBy(gate: Gate, watching: Watching): Promise<McpGate> {
  const { openMcpGate } = await import('../../proxy/mcp-gate.ts');
  return openMcpGate(gate, watching);
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
  const { openRecording } = await import('../mcp-recording.ts');
  const { startHttpProxy } = await import('../../proxy/mcp-http.ts');
  const address = upstream.origin + upstream.pathname;
  const watched = { place: upstream.hostname, transport: 'http', identity: [address] } as const;
  const recording = await openRecording(context, input, watched);
  try {
    const { open, gate } = recording;
    const proxy = await startHttpProxy({ upstream, port, open, gate });
    if (format === 'json') terminal.json({ url: proxy.url, upstream: address });
    else terminal.line(t('mcp.ready', { url: proxy.url, upstream: upstream.host }));
    if (!stopped.aborted) await once(stopped, 'abort');
    await proxy.close(GRACE_MS);
  } finally {
    await recording.close();
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
