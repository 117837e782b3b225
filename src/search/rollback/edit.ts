/** Gemini's, OpenCode's and OpenClaw's tools that write and edit files. */
import { isObject } from '../../event/name.ts';
import type { Change, Told } from './change.ts';
import { ABSENT, textImage } from './image.ts';
import { type Replacement, replaced, textIn } from './text.ts';

/** `returnDisplay` holds the file before and after. */
export function geminiChanges({ args, result }: Told): readonly Change[] {
  const display = isObject(result['returnDisplay']) ? result['returnDisplay'] : {};
  const path = textIn(display, 'filePath') ?? textIn(args, 'file_path');
  if (path === undefined) return [];
  const original = textIn(display, 'originalContent');
  const written = textIn(display, 'newContent');
  const known = original === undefined ? undefined : textImage(original);
  return [
    {
      path,
      before: display['isNewFile'] === true ? ABSENT : known,
      after: written === undefined ? undefined : textImage(written),
    },
  ];
}

/**
 * OpenCode's and OpenClaw's records hold what was replaced, not the file: what it held before is
 * known where the same session made it.
 */
export function editChanges({ args, result }: Told): readonly Change[] {
  const path = textIn(args, 'filePath') ?? textIn(args, 'path') ?? textIn(args, 'file_path');
  if (path === undefined) return [];
  const content = textIn(args, 'content');
  if (content !== undefined) {
    return [{ path, before: isNew(result) ? ABSENT : undefined, after: textImage(content) }];
  }
  const edits = editsIn(args);
  if (edits.length === 0) return [];
  const edit = (text: string) => {
    let now: string | undefined = text;
    for (const one of edits) now &&= replaced(now, one);
    return now;
  };
  return [{ path, edit }];
}

/** OpenCode says `metadata.exists`, OpenClaw `details.created`. */
function isNew({ metadata, details }: Told['result']): boolean {
  const made = isObject(details) && details['created'] === true;
  return made || (isObject(metadata) && metadata['exists'] === false);
}

function editsIn(args: Told['args']): readonly Replacement[] {
  const list = Array.isArray(args['edits']) ? args['edits'].filter(isObject) : [args];
  return list.flatMap((one): Replacement[] => {
    const from = textIn(one, 'oldText') ?? textIn(one, 'oldString');
    const to = textIn(one, 'newText') ?? textIn(one, 'newString');
    return from === undefined || to === undefined
      ? []
      : [{ from, to, all: one['replaceAll'] === true }];
  });
}
