/** Asks a running server's `/mcp`, statelessly (MCP 2026-07-28): each request stands for itself. */
import { faultOf, refuse } from '../problem.ts';
import type { Place } from '../reach/place.ts';
import { serverEvents } from '../reach/sse.ts';

const VERSION = '2026-07-28';
const META = 'io.modelcontextprotocol';

export type Message = Readonly<Record<string, unknown>>;

export type Question = {
  readonly method: 'tools/list' | 'tools/call';
  readonly params: Message;
  readonly signal: AbortSignal;
  /** Where whoever asks wants to be told how it goes on. */
  readonly onProgress?: (params: Message) => void;
};

/** What the server answered: a result, or an error of the protocol. */
export type Reply = { readonly result: Message } | { readonly error: Message };

export type UpstreamOptions = {
  /** Found anew for each question: a server that starts later is found too. */
  readonly place: () => Promise<Place>;
  readonly version: string;
  readonly tenant: string | undefined;
};

export type Upstream = (question: Question) => Promise<Reply>;

/** Throws `server.unreachable` where nobody answers, and what the server itself refuses. */
export function openUpstream({ place, version, tenant }: UpstreamOptions): Upstream {
  let id = 0;
  return async ({ method, params, signal, onProgress }) => {
    const { url, token } = await place();
    const meta = {
      [`${META}/protocolVersion`]: VERSION,
      [`${META}/clientInfo`]: { name: 'clawctl', version },
      [`${META}/clientCapabilities`]: {},
      ...(onProgress && { progressToken: 1 }),
    };
    const message = { jsonrpc: '2.0', id: ++id, method, params: { ...params, _meta: meta } };
    const query = tenant === undefined ? '' : `?${new URLSearchParams({ tenant })}`;
    const fetching = fetch(`${url}/mcp${query}`, {
      method: 'POST',
      signal,
      // A redirect could carry the token, and what is asked, to another host.
      redirect: 'error',
      headers: {
        authorization: `Bearer ${await token()}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': VERSION,
        'mcp-method': method,
        ...(typeof params['name'] === 'string' && { 'mcp-name': params['name'] }),
      },
      body: JSON.stringify(message),
    });
    const response = await fetching.catch((error: unknown) => {
      throw signal.aborted ? error : refuse('server.unreachable', 'unreachable', { url });
    });
    const reply = await replyOf(response, onProgress).catch((error: unknown) => {
      if (signal.aborted || !(error instanceof TypeError)) throw error;
      throw refuse('server.unreachable', 'cutAnswer', { url });
    });
    if (!reply) throw refuse('server.unreachable', 'foreignAnswer', { status: response.status });
    return reply;
  };
}

type OnProgress = Question['onProgress'];

async function replyOf(response: Response, onProgress: OnProgress): Promise<Reply | undefined> {
  const type = response.headers.get('content-type') ?? '';
  if (!type.startsWith('text/event-stream')) {
    const body = parsed(await response.text());
    const reply = asReply(body);
    if (!reply && !response.ok) throw faultOf(body, response.status);
    return reply;
  }
  if (!response.body) return undefined;
  for await (const { data } of serverEvents(response.body)) {
    const message = parsed(data);
    const reply = asReply(message);
    if (reply) return reply;
    if (message?.['method'] === 'notifications/progress') {
      onProgress?.((message['params'] ?? {}) as Message);
    }
  }
  return undefined;
}

/** Claw's own refusals name no version of JSON-RPC. */
function asReply(message: Message | undefined): Reply | undefined {
  if (message?.['jsonrpc'] !== '2.0') return undefined;
  const { result, error } = message;
  if (typeof result === 'object' && result !== null) return { result: result as Message };
  if (typeof error === 'object' && error !== null) return { error: error as Message };
  return undefined;
}

function parsed(text: string): Message | undefined {
  try {
    return JSON.parse(text) as Message;
  } catch {
    return undefined;
  }
}
