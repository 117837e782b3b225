/** Does something before the nth call that this process makes on files, counted from 1. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const NAMES = [
  ...(['lstatSync', 'openSync', 'readFileSync', 'fstatSync', 'closeSync', 'rmSync'] as const),
  ...(['writeFileSync', 'fchmodSync', 'fsyncSync', 'linkSync', 'renameSync'] as const),
  ...(['unlinkSync', 'mkdirSync', 'existsSync'] as const),
];
export type CallName = (typeof NAMES)[number];

/** What `before` itself calls is not counted. The returned function ends it and tells how many. */
export function watchCalls(before: (n: number, name: CallName) => void): () => number {
  const plain = { ...fs };
  let n = 0;
  let isInside = false;
  for (const name of NAMES) {
    const real = fs[name] as (...words: unknown[]) => unknown;
    const watched = (...words: unknown[]) => {
      if (isInside) return real(...words);
      isInside = true;
      try {
        before(++n, name);
      } finally {
        isInside = false;
      }
      return real(...words);
    };
    Object.assign(fs, { [name]: watched });
  }
  syncBuiltinESMExports();
  return () => {
    for (const name of NAMES) Object.assign(fs, { [name]: plain[name] });
    syncBuiltinESMExports();
    return n;
  };
}
