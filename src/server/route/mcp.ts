/** Claw's own MCP server over streamable HTTP, for clients of both eras. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { Fault } from '../../fault/fault.ts';
import type { RawCall } from '../call.ts';
import type { Face } from '../face.ts';
import { jsonBody } from '../json-body.ts';
import { isLoopback } from '../loopback.ts';
import type { Door } from '../mcp/door.ts';
import * as parameter from '../parameter.ts';
import { type Answer, NOTHING, type Route, route } from '../route.ts';

/** Bytes of a message: one tool call. */
const MESSAGE_BYTES = 4 * 1024 * 1024;

const ONE = {
  path: '/mcp',
  access: 'member',
  query: z.strictObject(parameter.tenant),
  params: NOTHING,
  answer: { types: ['text/event-stream', 'application/json'] },
} as const;

/** `routes` is the table that its tools are made of. */
export function mcpRoutes(routes: () => readonly Route[]): readonly Route[] {
  return [
    route({
      ...ONE,
      method: 'POST',
      summary: 'A JSON-RPC message of an MCP client; tools are listed by the role of the token.',
      faults: ['batch.invalid', 'batch.too_large', 'request.unsupported', 'request.too_many'],
      body: { types: ['application/json'] },
      handle: async (call) => {
        checkOrigin(call.request);
        const body = await jsonBody(call, MESSAGE_BYTES);
        if (body === undefined) throw notOne();
        return answer(call, routes, body);
      },
    }),
    route({
      ...ONE,
      method: 'DELETE',
      summary: 'Ends the session of an MCP client of the era 2025-11-25.',
      faults: [],
      handle: async (call) => {
        checkOrigin(call.request);
        return answer(call, routes, undefined);
      },
    }),
  ];
}

/** Made at the first request: the SDK behind it takes longer to load than all else. */
const doors = new WeakMap<Face, Promise<Door>>();

async function answer(
  call: RawCall & { readonly tenant: string },
  routes: () => readonly Route[],
  body: unknown,
): Promise<Answer> {
  const { face } = call;
  const made = doors.get(face) ?? open(face, routes());
  doors.set(face, made);
  const door = await made;
  const { toNodeHandler } = await import('@modelcontextprotocol/node');
  // A notification is answered at once: what cancels a waiting request must always get through.
  const free = isRequest(body) ? face.mcp.take(call.tenant) : () => {};
  return {
    kind: 'raw',
    write: async (response: ServerResponse) => {
      const bugs: Fault[] = [];
      const fetch = (request: Request) => door.answer({ call, request, body, bugs });
      try {
        const handle = toNodeHandler({ fetch });
        const request = call.request as Parameters<typeof handle>[0];
        await handle(request, response, body ?? null);
      } finally {
        free();
      }
      // The client was told that there is one; what it is goes into the log.
      const [bug] = bugs;
      if (bug) throw bug;
    },
  };
}

function isRequest(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'id' in body && 'method' in body;
}

async function open(face: Face, routes: readonly Route[]): Promise<Door> {
  const { openDoor } = await import('../mcp/door.ts');
  return openDoor(face, routes);
}

/** Against pages of other sites in a browser, which say where they come from. */
function checkOrigin({ headers }: IncomingMessage): void {
  const { origin, host } = headers;
  if (origin === undefined) return;
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  if (url && (url.host === host || isLoopback(url.hostname))) return;
  throw new Fault('request.forbidden', 'The Origin header names another site.', {
    field: 'origin',
    hint: 'Call it from a program, or from a page of this server.',
  });
}

function notOne(): Fault {
  return new Fault('batch.invalid', 'The body must be one JSON-RPC message.', {
    hint: 'Send each message in a request of its own.',
  });
}
