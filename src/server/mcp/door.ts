/** Takes the HTTP requests of MCP clients of both eras to Claw's MCP server. */
import {
  createMcpHandler,
  isInitializeRequest,
  isLegacyRequest,
  type RequestId,
} from '@modelcontextprotocol/server';
import type { Fault } from '../../fault/fault.ts';
import type { RawCall } from '../call.ts';
import type { Face } from '../face.ts';
import { refuser } from '../guard.ts';
import type { Route } from '../route.ts';
import { toolsOf } from './menu.ts';
import { authOf, newServer } from './serve.ts';
import { openSessions, type Session, type Sessions } from './session.ts';

export type Door = {
  /** Answers a request; `bugs` is filled until the answer was read. */
  readonly answer: (asked: Asked) => Promise<Response>;
};

export type Asked = {
  readonly call: RawCall;
  readonly request: Request;
  readonly body: unknown;
  readonly bugs: Fault[];
};

export function openDoor(face: Face, routes: readonly Route[]): Door {
  const { limits, version, closing, now } = face;
  const options = { tools: toolsOf(routes), version, closing };
  const sessions = openSessions({ limits, now, newServer: () => newServer(options) });
  // An answer that waits says so on the wire, and whoever waits is still there.
  const handler = createMcpHandler(() => newServer(options), { responseMode: 'sse' });
  closing.addEventListener(
    'abort',
    () => void Promise.allSettled([sessions.close(), handler.close()]),
  );
  return {
    answer: async (asked) => {
      const { call, request, body, bugs } = asked;
      const id = request.headers.get('mcp-session-id');
      const legacy = request.method === 'DELETE' || (await isLegacyRequest(request, body));
      if (!legacy || (id === null && !isInitializeRequest(body))) {
        return handler.fetch(request, { authInfo: authOf({ call, bugs }), parsedBody: body });
      }
      const session = await sessionFor(sessions, asked, id);
      if (!session) return unknownSession(body);
      return inSession(session, now, (transport) => {
        const end = (id: RequestId) => transport.closeSSEStream(id);
        const authInfo = authOf({ call, bugs, end });
        return transport.handleRequest(request, { authInfo, parsedBody: body });
      });
    },
  };
}

/** A client that initializes begins a new one, whatever it says of an old one. */
async function sessionFor(
  sessions: Sessions,
  { call, body }: Asked,
  id: string | null,
): Promise<Session | undefined> {
  const { who, face, request } = call;
  if (!who) return undefined;
  if (isInitializeRequest(body) || id === null) {
    return sessions.begin({ credential_id: who.id, tenant: who.tenant });
  }
  const found = sessions.find(id, who.id);
  if (found !== 'foreign') return found;
  refuser(face, '/mcp', request)('session', who);
  return undefined;
}

type Transport = Session['transport'];

/** It is in use until its answer was read, or nobody reads it any more. */
async function inSession(
  session: Session,
  now: () => number,
  ask: (transport: Transport) => Promise<Response>,
): Promise<Response> {
  session.open++;
  session.used_ms = now();
  const free = () => {
    session.open--;
    session.used_ms = now();
  };
  try {
    const response = await ask(session.transport);
    if (!response.body) {
      free();
      return response;
    }
    const watched = response.body.pipeThrough(new TransformStream({ flush: free, cancel: free }));
    return new Response(watched, response);
  } catch (error) {
    free();
    throw error;
  }
}

/** As the specification has it: the client begins anew. */
function unknownSession(body: unknown): Response {
  const id: unknown = Object(body).id;
  const message = 'There is no such session, or it is over: initialize again.';
  return Response.json(
    { jsonrpc: '2.0', id: id ?? null, error: { code: -32_001, message } },
    { status: 404 },
  );
}
