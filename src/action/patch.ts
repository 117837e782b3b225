/** Reads which files a patch in the `*** Begin Patch` envelope adds, changes, moves and deletes. */
import type { Access } from '../event/event.ts';
import { RESOURCES } from '../event/event.ts';

export type Patched = { readonly path: string; readonly access: Access };

/** Characters of a patch that are read. */
export const PATCH_CHARS = 4_194_304;
const BEGIN = '*** Begin Patch';
const HEAD = /^\*\*\* (Add File|Update File|Delete File|Move to): (.+)$/;

/**
 * In the patch's order. Content lines begin with `+`, `-` or a blank, so that a heading inside of
 * content is no heading; what stands before the envelope is none either.
 */
export function patchedFiles(text: string): Patched[] {
  const from = text.slice(0, PATCH_CHARS).indexOf(BEGIN);
  if (from < 0) return [];
  const files: Patched[] = [];
  for (const line of linesOf(text.slice(from, PATCH_CHARS))) {
    if (files.length > RESOURCES) break;
    const [, heading, path = ''] = HEAD.exec(line.trimEnd()) ?? [];
    const last = files.at(-1);
    if (heading === undefined) continue;
    if (heading === 'Move to' && last?.access === 'write') {
      files[files.length - 1] = { ...last, access: 'delete' };
    }
    files.push({ path, access: heading === 'Delete File' ? 'delete' : 'write' });
  }
  return files;
}

function* linesOf(text: string): Generator<string> {
  let at = 0;
  while (at < text.length) {
    const end = text.indexOf('\n', at);
    const line = text.slice(at, end < 0 ? undefined : end);
    if (line.startsWith('*** End Patch')) return;
    if (line.startsWith('*** ') && line.length < 8192) yield line;
    if (end < 0) return;
    at = end + 1;
  }
}
