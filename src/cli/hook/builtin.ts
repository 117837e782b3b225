/** Node's own modules as `require` gives them, each when it is needed. */
import { createRequire } from 'node:module';

/**
 * An import reads every export of such a module, and so loads what lazy ones stand for: streams
 * and readline behind `node:fs` (5 ms), all of `fetch` behind `node:http` (25 ms).
 */
const require = createRequire(import.meta.url);

export const fs: typeof import('node:fs') = require('node:fs');

export function crypto(): typeof import('node:crypto') {
  return require('node:crypto');
}

export function net(): typeof import('node:net') {
  return require('node:net');
}

export function tls(): typeof import('node:tls') {
  return require('node:tls');
}
