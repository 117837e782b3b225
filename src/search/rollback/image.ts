/** What a file held at one moment, as far as records tell, and whether two such states agree. */
import { createHash } from 'node:crypto';

/** A file's content: by its hash, and whole where a record holds it. */
export type Content = {
  readonly kind: 'content';
  /** Hex. */
  readonly sha256: string;
  readonly bytes: number;
  readonly data?: Buffer;
  /** Text as a runtime tells it; its line endings may have been others. */
  readonly text?: string;
  /** The bytes were hashed where the file is: it is no text that a runtime has put in order. */
  readonly exact: boolean;
  /** Permission bits. */
  readonly mode?: number;
};

export type Image =
  | { readonly kind: 'absent' }
  /** No file, or an empty one: the record does not tell them apart. */
  | { readonly kind: 'nothing' }
  | Content;

export const ABSENT: Image = { kind: 'absent' };
export const NOTHING: Image = { kind: 'nothing' };

/** What a runtime's record says that a file held. */
export function textImage(text: string): Content {
  const data = Buffer.from(text);
  return { kind: 'content', sha256: hashOf(data), bytes: data.length, data, text, exact: false };
}

export function hashOf(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Whether one state can be the other: runtimes tell text with its line endings made one. */
export function fits(after: Image, before: Image): boolean {
  if (after.kind === 'nothing' || before.kind === 'nothing') {
    return isNothing(after) && isNothing(before);
  }
  if (after.kind === 'absent' || before.kind === 'absent') return after.kind === before.kind;
  if (after.sha256 === before.sha256) return true;
  if (after.exact && before.exact) return false;
  const [one, other] = [textOf(after), textOf(before)];
  return one !== undefined && other !== undefined && plain(one) === plain(other);
}

/** The text of a content, where it is one. */
export function textOf({ text, data }: Content): string | undefined {
  return text ?? data?.toString();
}

/**
 * The hash of a file as it was, with the content that a runtime told as text: where one of the
 * forms of line endings has that hash, the content is known to the byte.
 */
export function settle(exact: Content, told: Image | undefined): Content {
  const text = told?.kind === 'content' ? textOf(told) : undefined;
  if (exact.data !== undefined || text === undefined) return exact;
  const forms = [text, plain(text).replaceAll('\n', '\r\n')].map((form) => Buffer.from(form));
  const data = forms.find((form) => hashOf(form) === exact.sha256);
  return data === undefined ? exact : { ...exact, data };
}

/** Whether text cannot be what the file held: something was replaced on the way. */
export function isDamaged({ text, exact }: Content): boolean {
  return !exact && text !== undefined && (text.includes('\ufffd') || !text.isWellFormed());
}

/** The text with the line endings that all of `like` has. */
export function endedLike(text: string, like: string): string {
  const lines = like.split('\n').length - 1;
  const ended = like.split('\r\n').length - 1;
  return ended > 0 && ended === lines ? plain(text).replaceAll('\n', '\r\n') : text;
}

function isNothing(image: Image): boolean {
  return image.kind !== 'content' || image.bytes === 0;
}

function plain(text: string): string {
  return text.replaceAll('\r\n', '\n');
}
