/** Base64 that has one text for each byte string, so that a changed character never passes. */

/** The bytes of canonical, padded base64, or undefined for any other text. */
export function parseBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
