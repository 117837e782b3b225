/** A call on its way to a route, and who may make it. */
import type { IncomingMessage } from 'node:http';
import type { Credential } from '../trail/credential.ts';
import type { Face } from './face.ts';

/**
 * Who may call: a role (an admin may do everything, an approver what a viewer may); `member`, any
 * role; `open`, anybody; `ledger`, a viewer, or
 * anybody where the ledger is public; `operator`, an operator, or anybody on loopback.
 */
export type Access =
  | 'recorder'
  | 'viewer'
  | 'approver'
  | 'admin'
  | 'member'
  | 'open'
  | 'ledger'
  | 'operator';

/** A request on its way to a route, before its parameters were checked. */
export type RawCall = {
  readonly face: Face;
  /** Undefined only where a route is open to anybody. */
  readonly who: Credential | undefined;
  readonly query: unknown;
  readonly params: unknown;
  readonly request: IncomingMessage;
  /** The JSON of the request, where another face of the server has read it: a tool's arguments. */
  readonly body?: unknown;
  /** Aborts when the caller goes away. */
  readonly signal: AbortSignal;
  /** Tells the notebook why the call was refused. */
  readonly refuse: (reason: 'tenant') => void;
};
