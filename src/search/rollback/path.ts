/** Paths as records name them, made absolute without looking at any disk. */
import { posix, win32 } from 'node:path';
import { RESOURCE_CHARS } from '../../event/event.ts';

/** The absolute path without `.` and `..`; undefined where it cannot be told, or is none. */
export function absolutePath(path: string, cwd: string | undefined): string | undefined {
  if (path === '' || path.length > RESOURCE_CHARS || path.includes('\0')) return undefined;
  const style = cwd !== undefined && isWindows(cwd) ? win32 : posix;
  if (isWindows(path)) return win32.normalize(path);
  if (style.isAbsolute(path)) return style.normalize(path);
  if (cwd === undefined || !style.isAbsolute(cwd) || cwd.includes('\0')) return undefined;
  return style.join(cwd, path);
}

function isWindows(path: string): boolean {
  return /^[A-Za-z]:[\\/]/.test(path);
}
