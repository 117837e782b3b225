/** The contract of a fuzzed part: where inputs come from, and what must hold for each of them. */
import assert from 'node:assert/strict';
import type fc from 'fast-check';
import { Fault } from '../../src/fault/fault.ts';

export type Target = {
  readonly name: string;
  /** What mutations begin with. */
  readonly seeds: () => readonly (string | Buffer)[];
  /** What is put together from, beside bytes at random. */
  readonly words?: readonly string[];
  /** Inputs that are nearly right, made by fast-check. */
  readonly made: fc.Arbitrary<string | Uint8Array>;
  /** Throws where a promise is broken. */
  readonly check: (input: Buffer) => void | Promise<void>;
  /** How many times as costly an input is as one of a parser in memory. */
  readonly cost?: number;
  readonly close?: () => void | Promise<void>;
};

/** A refusal with a code, the caller's doing or one of these; throws anything else again. */
export function orderly(error: unknown, others: readonly string[] = []): Fault {
  if (!(error instanceof Fault)) throw error;
  const expected = error.status < 500 || others.includes(error.code);
  assert.ok(expected, `${error.code} ${error.status}: ${error.message}`);
  return error;
}

/** Absolute paths, stacks, tokens: nothing of the machine may go over the wire. */
const SECRET =
  /(^|[\s"'(=])\/(home|root|tmp|usr|var|work|Users)\/|file:\/\/|node:internal|\n\s+at |claw_[0-9A-Za-z_-]{20}/;

export function discreet(text: string): void {
  assert.doesNotMatch(text, SECRET);
}

/** The value, or undefined where it was refused as it may be over the wire. */
export function tried<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    discreet(orderly(error).message);
    return undefined;
  }
}

/** The same for work that takes time and for what is on this machine's own disk. */
export async function triedLater<T>(
  work: () => Promise<T>,
  others?: readonly string[],
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    orderly(error, others);
    return undefined;
  }
}
