/** An MCP server over stdio, for clients of both eras, that asks the running server's `/mcp`. */
import {
  type CallToolResult,
  type ListToolsResult,
  ProtocolError,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { asFault } from '../../fault/fault.ts';
import { withSession } from '../../server/mcp/default.ts';
import { INSTRUCTIONS } from '../../server/mcp/instruction.ts';
import { refusalOf } from '../../server/mcp/refusal.ts';
import { refuse } from '../problem.ts';
import type { Message, Upstream } from './upstream.ts';

export type BridgeOptions = {
  readonly upstream: Upstream;
  readonly version: string;
  /** The session of calls that name none. */
  readonly session: string | undefined;
  /**
   * Whether it may approve and deny: not with the local administrator's token that nobody gave it.
   * An agent would then decide on what the same agent asked for by its hooks.
   */
  readonly votes: boolean;
};

const VOTES: readonly string[] = ['approve', 'deny'];

/** What a header can carry; no tool of ours is called otherwise. */
const NAME = /^[\w.-]{1,128}$/;

/**
 * A server that is away when a client asks for its tools must not cost the client its tools: they
 * are then listed as this version has them, and the client is told to ask again once it is back.
 */
export function newBridge({ upstream, version, session, votes }: BridgeOptions): Server {
  const server = new Server(
    { name: 'claw', title: 'Claw, the flight recorder for AI agents', version },
    { capabilities: { tools: { listChanged: true } }, instructions: INSTRUCTIONS },
  );
  let guessed = false;
  server.setRequestHandler('tools/list', async (_request, { mcpReq }) => {
    const asked = { method: 'tools/list', params: {}, signal: mcpReq.signal } as const;
    const reply = await upstream(asked).catch(() => undefined);
    guessed = reply === undefined || 'error' in reply;
    const listed = reply && 'result' in reply ? (reply.result as ListToolsResult) : undefined;
    const { tools } = listed ?? { tools: await ownTools() };
    return { ...listed, tools: tools.filter(({ name }) => votes || !VOTES.includes(name)) };
  });
  server.setRequestHandler('tools/call', async ({ params }, { mcpReq }) => {
    const { name, arguments: given } = params;
    const args = withSession({ name, args: given, meta: mcpReq._meta, session });
    const { signal } = mcpReq;
    const onProgress = teller(mcpReq);
    try {
      if (!votes && VOTES.includes(name)) throw refuse('request.forbidden', 'mcpVote');
      if (!NAME.test(name)) throw new ProtocolError(INVALID, 'There is no such tool.');
      const asked = {
        method: 'tools/call',
        params: { name, arguments: args },
      } as const;
      const reply = await upstream({ ...asked, signal, ...(onProgress && { onProgress }) });
      if (guessed) {
        guessed = false;
        server.sendToolListChanged().catch(() => undefined);
      }
      if ('error' in reply) throw errorOf(reply.error);
      return reply.result as CallToolResult;
    } catch (error) {
      if (error instanceof ProtocolError) throw error;
      return refusalOf(asFault(error));
    }
  });
  return server;
}

const INVALID = -32_602;

function errorOf({ code, message }: Message): ProtocolError {
  return new ProtocolError(Number(code) || INVALID, String(message));
}

function teller({ _meta, notify }: ServerContext['mcpReq']) {
  const progressToken = _meta?.progressToken;
  if (progressToken === undefined) return undefined;
  return (params: Message) => {
    const told = { ...params, progress: Number(params['progress']), progressToken };
    notify({ method: 'notifications/progress', params: told }).catch(() => undefined);
  };
}

/** Loaded only then: it is the server's whole table of routes. */
async function ownTools() {
  const { ROUTES } = await import('../../server/menu.ts');
  const { toolsOf } = await import('../../server/mcp/menu.ts');
  const { describe } = await import('../../server/mcp/tool.ts');
  return toolsOf(ROUTES).map((tool) => describe(tool, { tenants: false }));
}
