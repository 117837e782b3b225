/** JSON text that is harmless to print: whatever could act on a terminal is escaped. */

/** JSON.stringify escapes C0 controls and lone surrogates; these it leaves as they are. */
const ACTING = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;

/** JSON of a value, on one line; it reads back as the same value. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    ACTING,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
