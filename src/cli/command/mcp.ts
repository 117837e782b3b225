/** `clawctl mcp`: Claw's tools for an agent that starts its MCP servers itself, over stdio. */
import { once } from 'node:events';
import { findPlace } from '../reach/place.ts';
import { version } from '../version.ts';
import { type Command, option } from './command.ts';

/** Claude Code hands its servers the session's id, the same as its hooks name. */
const SESSION = ['CLAW_SESSION_ID', 'CLAUDE_CODE_SESSION_ID'];

export const mcp: Command = {
  options: [{ flags: '--session <id>', about: 'command.option.mcpSession' }],
  examples: [
    'clawctl mcp --session 3f0a1b2c',
    'claude mcp add claw -- clawctl mcp',
    'claude mcp add claw --env CLAW_TOKEN=claw_… -- clawctl mcp --url https://claw.example',
    'claude mcp add --transport http claw http://127.0.0.1:4620/mcp \\',
    '  --header "Authorization: Bearer claw_…"',
    'codex mcp add claw -- clawctl mcp',
    'gemini mcp add claw clawctl mcp',
  ],
  /** Nothing but the protocol goes to standard output. */
  run: async (context, input) => {
    const { env, t, terminal } = context;
    const place = () =>
      findPlace({
        env,
        url: option(input, 'url'),
        data: option(input, 'data'),
        token: option(input, 'token'),
      });
    const { exposed, url } = await place();
    if (exposed) terminal.note({ text: t('connect.plain', { url }), style: 'warn' });
    const { serveStdio } = await import('@modelcontextprotocol/server/stdio');
    const { newBridge } = await import('../mcp/bridge.ts');
    const { openUpstream } = await import('../mcp/upstream.ts');
    const own = version();
    const upstream = openUpstream({ place, version: own, tenant: option(input, 'tenant') });
    const session = option(input, 'session') ?? SESSION.map((name) => env[name]).find(Boolean);
    const votes = Boolean(option(input, 'token') ?? env['CLAW_TOKEN']);
    const stopped = context.interruption();
    const ended = once(process.stdin, 'close', { signal: stopped }).catch(() => undefined);
    const serving = serveStdio(() => newBridge({ upstream, version: own, session, votes }));
    await ended;
    await serving.close();
  },
};
