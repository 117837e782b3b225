/** The contract for sealing: event bytes in, an envelope and its commitment out, and back again. */
import type { KeyObject } from 'node:crypto';

/** An event in sealed form: what the journal orders and the ledger commits to. */
export type SealedEvent = {
  readonly tenant: string;
  /** The event's UUID, lower case. */
  readonly id: string;
  /** When Claw accepted it, Unix milliseconds. */
  readonly at_ms: number;
  /** 32 bytes: SHA-256("claw/event/v1" ‖ salt ‖ canonical event bytes). */
  readonly commitment: Uint8Array;
  /** The envelope that this part makes and opens; opaque to all others. */
  readonly envelope: Uint8Array;
};

/** An event on its way in: who it is about decides under which key it is sealed. */
export type Plain = {
  readonly tenant: string;
  readonly id: string;
  readonly at_ms: number;
  /** The data subject: the user, else the session. Never stored in the clear. */
  readonly subject: string;
  /** Canonical event bytes. */
  readonly bytes: Uint8Array;
};

/** What a commitment commits to. */
export type Opened = { readonly salt: Buffer; readonly bytes: Buffer };

/** Why an envelope does not open: its key was destroyed, or bytes do not fit key or commitment. */
export type Unopened = { readonly problem: 'erased' | 'tampered' };

/** Opens envelopes; what a verifier with keys needs. */
export type Opener = {
  /** Checks the commitment too: what opens is what the tree committed to. */
  readonly open: (sealed: SealedEvent) => Opened | Unopened;
  /** Opens a value that was sealed apart under this name. */
  readonly openObject?: (tenant: string, name: string, envelope: Uint8Array) => Buffer | Unopened;
  /**
   * Reads a tenant's keys again, where another process may make some: what did not open before
   * may open now. False where nothing was added.
   */
  readonly refresh?: (tenant: string) => Promise<boolean>;
};

export type Sealer = Opener & {
  /** Resolves when every key that it needed is durable. Order is kept. */
  readonly seal: (events: readonly Plain[]) => Promise<readonly SealedEvent[]>;
};

/** Signs a tenant's checkpoints. */
export type Signer = {
  /** The log's origin and key name, as checkpoints and verifier keys write it. */
  readonly origin: string;
  readonly privateKey: KeyObject;
  /** 32 raw bytes of the Ed25519 public key. */
  readonly publicKey: Buffer;
};

/** SHA-256("claw/event/v1" ‖ salt ‖ event bytes) opens what an entry holds as `c`. */
export const COMMITMENT_PREFIX = 'claw/event/v1';
/** Bytes of a salt. */
export const SALT_BYTES = 32;
