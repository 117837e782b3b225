/** Signed notes with Ed25519 keys (C2SP signed-note), and verifier keys as Go's sumdb has them. */
import { createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto';
import type { Signer } from '../seal/seal.ts';
import { parseBase64 } from './base64.ts';

/** Why evidence does not verify, in one sentence. */
export type Problem = { readonly problem: string };

/** Checks one key's signatures. */
export type Verifier = {
  readonly name: string;
  /** First 4 bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key). */
  readonly keyId: Buffer;
  readonly publicKey: KeyObject;
};

export type Note = {
  /** What was signed, final newline included. */
  readonly text: string;
  /** Names of the known keys that signed it; at least one. */
  readonly signers: readonly string[];
};

/** Signature lines that a note may carry; the rest would only cost time. */
const SIGNATURES = 100;
const ED25519 = 0x01;
/** RFC 8410: an Ed25519 SubjectPublicKeyInfo is this and the 32 raw bytes. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const PUBLIC_KEY_BYTES = 32;
const KEY_ID_BYTES = 4;

/** The text with a signature line by each signer. */
export function signNote(text: string, signers: readonly Signer[]): string {
  const lines = signers.map(({ origin, publicKey, privateKey }) => {
    const signature = sign(null, Buffer.from(text), privateKey);
    return `— ${origin} ${base64(keyIdOf(origin, publicKey), signature)}\n`;
  });
  return `${text}\n${lines.join('')}`;
}

/**
 * The text of a note that at least one known key signed. Lines by unknown keys are passed over;
 * a bad signature by a known key refuses the note.
 */
export function openNote(
  bytes: Uint8Array | string,
  verifiers: readonly Verifier[],
): Note | Problem {
  const note = decode(bytes);
  const cut = note?.lastIndexOf('\n\n') ?? -1;
  if (note === undefined || cut < 0 || !note.endsWith('\n'))
    return refuse('has no signed-note form');
  const text = note.slice(0, cut + 1);
  const lines = note.slice(cut + 2, -1).split('\n');
  if (lines.length > SIGNATURES) return refuse(`has more than ${SIGNATURES} signatures`);
  const signers = new Set<string>();
  for (const line of lines) {
    const signature = parseLine(line);
    if (signature === undefined) return refuse('has a malformed signature line');
    const verifier = verifiers.find(
      ({ name, keyId }) => name === signature.name && keyId.equals(signature.keyId),
    );
    if (verifier === undefined) continue;
    if (!verify(null, Buffer.from(text), verifier.publicKey, signature.bytes)) {
      return refuse(`has a wrong signature by ${verifier.name}`);
    }
    signers.add(verifier.name);
  }
  return signers.size > 0
    ? { text, signers: [...signers] }
    : refuse('has no signature by a known key');
}

/** A signer's verifier key: `name+hex8(key id)+base64(0x01 ‖ public key)`. */
export function formatVkey({ origin, publicKey }: Pick<Signer, 'origin' | 'publicKey'>): string {
  const id = keyIdOf(origin, publicKey).toString('hex');
  return `${origin}+${id}+${base64(Buffer.of(ED25519), publicKey)}`;
}

/** The verifier of a verifier key. */
export function parseVkey(vkey: string): Verifier | Problem {
  const [, name, id, key] = vkey.match(/^([^+]*)\+([^+]*)\+(.*)$/s) ?? [];
  const bytes = key === undefined ? undefined : parseBase64(key);
  const malformed = !isName(name) || bytes?.[0] !== ED25519;
  if (malformed || bytes.length !== 1 + PUBLIC_KEY_BYTES) {
    return { problem: 'The verifier key is not of the form name+hash+key with an Ed25519 key.' };
  }
  const raw = bytes.subarray(1);
  const keyId = keyIdOf(name, raw);
  if (keyId.toString('hex') !== id) {
    return { problem: 'The verifier key does not match its own hash.' };
  }
  return { name, keyId, publicKey: publicKeyOf(raw) };
}

/** A signer's own verifier. */
export function verifierOf({ origin, publicKey }: Pick<Signer, 'origin' | 'publicKey'>): Verifier {
  return {
    name: origin,
    keyId: keyIdOf(origin, publicKey),
    publicKey: publicKeyOf(publicKey),
  };
}

function publicKeyOf(raw: Buffer): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' });
}

function keyIdOf(name: string, publicKey: Uint8Array): Buffer {
  const input = Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(ED25519), publicKey]);
  return hash('sha256', input, 'buffer').subarray(0, KEY_ID_BYTES);
}

function base64(...parts: readonly Buffer[]): string {
  return Buffer.concat(parts).toString('base64');
}

/** UTF-8 without control characters other than the newline. */
function decode(bytes: Uint8Array | string): string | undefined {
  const raw = typeof bytes === 'string' ? Buffer.from(bytes) : Buffer.from(bytes);
  const text = raw.toString();
  const whole = Buffer.from(text).equals(raw);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  return whole && !/[\u0000-\u0009\u000b-\u001f]/.test(text) ? text : undefined;
}

function parseLine(line: string) {
  const [, name, text] = line.match(/^— (\S+) (\S+)$/) ?? [];
  const bytes = text === undefined ? undefined : parseBase64(text);
  if (!isName(name) || bytes === undefined || bytes.length <= KEY_ID_BYTES) return undefined;
  return { name, keyId: bytes.subarray(0, KEY_ID_BYTES), bytes: bytes.subarray(KEY_ID_BYTES) };
}

function isName(name: string | undefined): name is string {
  return name !== undefined && name !== '' && !/[\s+]/.test(name);
}

function refuse(reason: string): Problem {
  return { problem: `The note ${reason}.` };
}
