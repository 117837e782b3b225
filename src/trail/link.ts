/** The token of a link by which one person may vote on one approval, until it expires. Pure. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/** Characters of the person's name in a link. */
export const PERSON_CHARS = 128;
const TOKEN_CHARS = 2048;

const schema = z.strictObject({
  v: z.literal(1),
  tenant: z.string(),
  approval_id: z.string(),
  /** Who may vote with it. */
  person: z.string().min(1).max(PERSON_CHARS),
  /** Id of the credential that made it: the link ends with it. */
  by: z.string(),
  /** Unix seconds. */
  exp: z.int(),
});

export type Link = Omit<z.infer<typeof schema>, 'v'>;

export function signLink(key: Buffer, link: Link): string {
  const text = Buffer.from(JSON.stringify({ v: 1, ...link })).toString('base64url');
  return `${text}.${macOf(key, text).toString('base64url')}`;
}

/** What a token says, expired or not; undefined for one that nobody signed. */
export function readLink(key: Buffer, token: string): Link | undefined {
  const [text = '', mac = '', ...rest] = token.slice(0, TOKEN_CHARS + 1).split('.');
  const given = Buffer.from(mac, 'base64url');
  const right = macOf(key, text);
  if (token.length > TOKEN_CHARS || rest.length > 0 || given.length !== right.length)
    return undefined;
  if (!timingSafeEqual(given, right)) return undefined;
  try {
    const { v: _, ...link } = schema.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
    return link;
  } catch {
    return undefined;
  }
}

function macOf(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(`claw/approval-link/v1\n${text}`).digest();
}
