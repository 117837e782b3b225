/** Sessions of clients of the era 2025-11-25: bounded, each its credential's own, and expiring. */
import { randomUUID } from 'node:crypto';
import {
  type Server,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import { Fault } from '../../fault/fault.ts';
import type { Limits } from '../option.ts';

export type Session = {
  readonly credential_id: string;
  readonly tenant: string;
  readonly transport: WebStandardStreamableHTTPServerTransport;
  readonly server: Server;
  /** Requests in work. */
  open: number;
  /** Unix milliseconds. */
  used_ms: number;
};

export type Sessions = {
  /** Undefined for one that does not exist, is over, or is another credential's. */
  readonly find: (id: string, credential_id: string) => Session | 'foreign' | undefined;
  /** Throws `request.too_many` where all of them are in use. */
  readonly begin: (owner: Owner) => Promise<Session>;
  readonly count: () => number;
  readonly close: () => Promise<void>;
};

type Owner = Pick<Session, 'credential_id' | 'tenant'>;

export type SessionsOptions = {
  readonly limits: Pick<Limits, 'mcp_sessions' | 'mcp_session_ms'>;
  readonly newServer: () => Server;
  /** Unix milliseconds. */
  readonly now: () => number;
};

export function openSessions({ limits, newServer, now }: SessionsOptions): Sessions {
  const sessions = new Map<string, Session>();
  const isOver = ({ open, used_ms }: Session) =>
    open === 0 && now() - used_ms > limits.mcp_session_ms;
  const end = async (id: string) => {
    const session = sessions.get(id);
    sessions.delete(id);
    await session?.server.close();
  };
  const makeRoom = ({ tenant }: Owner) => {
    for (const [id, session] of sessions) if (isOver(session)) void end(id);
    const own = [...sessions].filter(([, session]) => session.tenant === tenant);
    const each = Math.ceil(limits.mcp_sessions / 2);
    if (own.length < each && sessions.size < limits.mcp_sessions) return;
    // Whose session is ended begins a new one when it comes back: nothing is lost.
    const idle = own.filter(([, { open }]) => open === 0);
    const [oldest] = idle.sort(([, one], [, other]) => one.used_ms - other.used_ms);
    if (!oldest) throw tooMany(own.length < each ? limits.mcp_sessions : each);
    void end(oldest[0]);
  };
  return {
    count: () => sessions.size,
    find: (id, credential_id) => {
      const session = sessions.get(id);
      if (!session) return undefined;
      if (session.credential_id !== credential_id) return 'foreign';
      if (!isOver(session)) return session;
      void end(id);
      return undefined;
    },
    begin: async (owner) => {
      makeRoom(owner);
      const server = newServer();
      const transport = new WebStandardStreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (id) => void sessions.set(id, session),
        onsessionclosed: (id) => void sessions.delete(id),
      });
      const session = { ...owner, transport, server, open: 0, used_ms: now() };
      await server.connect(transport);
      return session;
    },
    close: async () => {
      await Promise.all([...sessions.keys()].map(end));
    },
  };
}

function tooMany(limit: number): Fault {
  return new Fault('request.too_many', `There are ${limit} MCP sessions in use already.`, {
    limit,
    retry_after_s: 30,
  });
}
