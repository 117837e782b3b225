/** Replaces strings as editing tools do: once where there is one place, or everywhere. */

export type Replacement = { readonly from: string; readonly to: string; readonly all: boolean };

/** Undefined where the tool would have refused: the text is not there, or in several places. */
export function replaced(text: string, { from, to, all }: Replacement): string | undefined {
  if (from === '') return undefined;
  const at = text.indexOf(from);
  if (at < 0) return undefined;
  if (all) return everywhere(text, from, to);
  if (text.indexOf(from, at + 1) >= 0) return undefined;
  return text.slice(0, at) + to + text.slice(at + from.length);
}

/** Characters of a file that was edited: records that make more of it are not followed. */
const TEXT_CHARS = 33_554_432;

function everywhere(text: string, from: string, to: string): string | undefined {
  const parts = text.split(from);
  const chars = text.length + (parts.length - 1) * (to.length - from.length);
  return chars > TEXT_CHARS ? undefined : parts.join(to);
}

/** A field's text; undefined where it is none. */
export function textIn(fields: Readonly<Record<string, unknown>>, name: string) {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}
