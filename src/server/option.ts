/** What a server is opened with, and every limit of the HTTP face with its default. */
import type { Credentials } from '../trail/credential.ts';
import type { Trail } from '../trail/trail.ts';

const MIB = 1024 * 1024;

export const LIMITS = {
  /** Bytes of one request's body, as sent and as inflated. */
  body_bytes: 32 * MIB,
  /** Bytes of one event's JSON text. */
  event_bytes: 16 * MIB,
  /** Events of one request. */
  batch_events: 10_000,
  /** JSON values of one request: bounds what parsing it may allocate. */
  batch_values: 500_000,
  /** Bytes of all requests in work at once. */
  inflight_bytes: 64 * MIB,
  /** Bytes of all answers that are not read yet. */
  answer_bytes: 32 * MIB,
  /** Milliseconds that a slow client may keep room that others need. */
  patience_ms: 5_000,
  /** Large bodies that are worked on at once: parsed, they take many times their bytes. */
  large_bodies: 4,
  /** Sockets open at once. */
  connections: 1024,
  /** Bytes of a request's header. */
  header_bytes: 16 * 1024,
  /** Milliseconds in which a request's header must have come. */
  header_ms: 10_000,
  /** Milliseconds in which a whole request must have come. */
  request_ms: 60_000,
  /** Milliseconds after which a socket on which nothing moves is closed. */
  idle_ms: 120_000,
  /** Live tails at once; half of them of one tenant. */
  tails: 128,
  /** Exports at once; half of them of one tenant. */
  exports: 32,
  /** Requests of MCP clients in work at once; half of them of one tenant. */
  mcp_requests: 512,
  /** Sessions of MCP clients at once; half of them of one tenant. */
  mcp_sessions: 1024,
  /** Milliseconds after which an MCP session that nobody used is over. */
  mcp_session_ms: 3_600_000,
  /** Milliseconds that a live tail waits for its reader to go on reading before it is cut. */
  tail_stall_ms: 10_000,
  /** Milliseconds between the heartbeats of a live tail. */
  tail_heartbeat_ms: 15_000,
  /** Milliseconds that closing waits for requests in work. */
  close_ms: 10_000,
  /** Readings that may wait to be recorded. */
  notes: 1000,
  /** Refused requests that are recorded as events a minute; the rest are counted. */
  refusals_per_minute: 10,
  /** Tool calls that adapters are told about, the latest. */
  known_calls: 100_000,
  /** Sessions whose numbered telemetry is watched for what never comes, the latest. */
  sequences: 10_000,
  /** Holes in one session's numbers that are told apart. */
  sequence_holes: 100,
  /** Milliseconds that a missing number may be late. */
  sequence_wait_ms: 30_000,
  /** Tenants that get their own metrics. */
  metric_tenants: 100,
};

export type Limits = { readonly [limit in keyof typeof LIMITS]: number };

export type ServerOptions = {
  readonly trail: Trail;
  readonly credentials: Credentials;
  readonly version: string;
  /** Loopback where absent. */
  readonly host?: string;
  /** 0 takes any free port; 4620 where absent. */
  readonly port?: number;
  readonly limits?: Partial<Limits>;
  /** Tiles and checkpoints for anybody, without a token. */
  readonly ledgerPublic?: boolean;
  /** The tenant of an operator who names none; `default` where absent. */
  readonly defaultTenant?: string;
  /** Without it, listening beyond loopback needs `tls`. */
  readonly allowPlainHttp?: boolean;
  /** Names by which the server may be called, beside its own, where it listens on loopback. */
  readonly allowedHosts?: readonly string[];
  /** Paths of PEM files. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** JSON lines, one a request; nothing where absent. */
  readonly log?: { readonly level: string; readonly stream?: { write: (line: string) => void } };
  /** Unix milliseconds. */
  readonly now?: () => number;
};

export type Server = {
  readonly url: string;
  readonly port: number;
  /** Refuses new requests, lets those in work finish, and records the last readings. */
  readonly close: () => Promise<void>;
};
