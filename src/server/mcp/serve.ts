/** Claw's MCP server for one connection of either era: it lists tools, and calls them. */
import {
  type McpRequestContext,
  ProtocolError,
  ProtocolErrorCode,
  type RequestId,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { Fault } from '../../fault/fault.ts';
import { ANY_TENANT } from '../../trail/credential.ts';
import type { RawCall } from '../call.ts';
import { may } from '../guard.ts';
import { withSession } from './default.ts';
import { INSTRUCTIONS } from './instruction.ts';
import { runTool } from './run.ts';
import { type Arguments, describe, type Tool } from './tool.ts';

/** What came in one HTTP request: who calls, and what went wrong inside. */
export type Exchange = {
  readonly call: RawCall;
  readonly bugs: Fault[];
  /** Ends the answer to a request that is cancelled, which nothing else would end. */
  readonly end?: (id: RequestId) => void;
};

type Auth = NonNullable<McpRequestContext['authInfo']>;

/** The SDK hands this on to handlers; the token itself stays out of it. */
export function authOf(exchange: Exchange): Auth {
  const clientId = exchange.call.who?.id ?? '';
  return { token: '', clientId, scopes: [], extra: { exchange } };
}

function exchangeOf({ http }: ServerContext): Exchange {
  const exchange = http?.authInfo?.extra?.['exchange'];
  if (!exchange) throw new RangeError('an MCP request came without its exchange');
  return exchange as Exchange;
}

/** Seconds between a waiting call's words to a client that asked for progress. */
const PROGRESS_S = 2;

export type ServeOptions = {
  readonly tools: readonly Tool[];
  readonly version: string;
  /** Aborts when the whole server closes. */
  readonly closing: AbortSignal;
};

export function newServer(options: ServeOptions): Server {
  const server = new Server(
    { name: 'claw', title: 'Claw, the flight recorder for AI agents', version: options.version },
    { capabilities: { tools: {} }, instructions: INSTRUCTIONS },
  );
  server.setRequestHandler('tools/list', (_request, context) => ({
    tools: listed(options.tools, exchangeOf(context).call),
  }));
  server.setRequestHandler('tools/call', async ({ params }, context) => {
    const tool = options.tools.find(({ name }) => name === params.name);
    if (!tool) {
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'There is no tool of this name.');
    }
    const { call, bugs, end } = exchangeOf(context);
    const { id, signal: cancelled } = context.mcpReq;
    cancelled.addEventListener('abort', () => end?.(id), { once: true });
    const signal = AbortSignal.any([cancelled, call.signal, options.closing]);
    const { name, arguments: given } = params;
    const args = withSession({ name, args: given, meta: context.mcpReq._meta });
    const stop = progress(context, args);
    const onBug = (bug: Fault) => void bugs.push(bug);
    try {
      return await runTool({ tool, args, call, signal, onBug });
    } finally {
      stop();
    }
  });
  return server;
}

type Listed = ReturnType<typeof describe>;
const DESCRIBED = { one: new WeakMap<Tool, Listed>(), every: new WeakMap<Tool, Listed>() };

/** What the caller's role may use; the schemas of each tool are made once. */
function listed(tools: readonly Tool[], { who }: RawCall): Listed[] {
  const tenants = who?.tenant === ANY_TENANT;
  const known = tenants ? DESCRIBED.every : DESCRIBED.one;
  return tools
    .filter(({ access }) => who && may(who, access))
    .map((tool) => {
      const made = known.get(tool) ?? describe(tool, { tenants });
      known.set(tool, made);
      return made;
    });
}

/** Tells a client that asked how long its call has waited; gives back what ends that. */
function progress({ mcpReq }: ServerContext, args: Arguments) {
  const progressToken = mcpReq._meta?.progressToken;
  const wait_s = args['wait_s'];
  if (progressToken === undefined || typeof wait_s !== 'number' || wait_s <= 0) return () => {};
  let waited_s = 0;
  const timer = setInterval(() => {
    waited_s += PROGRESS_S;
    const message = 'Waiting for a person to decide.';
    const params = { progressToken, progress: waited_s, total: wait_s, message };
    mcpReq.notify({ method: 'notifications/progress', params }).catch(() => undefined);
  }, PROGRESS_S * 1000);
  return () => clearInterval(timer);
}
