#!/usr/bin/env node
// Starts clawctl under a Node that can run it. Plain JavaScript: an old Node must get this far.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const LEAST = [24, 15];
const root = dirname(dirname(fileURLToPath(import.meta.url)));

if (recent(process.versions.node)) {
  await import(main());
} else {
  const node = packaged();
  if (node) relay(node);
  else {
    const wanted = LEAST.join('.');
    console.error(`clawctl needs Node ${wanted} or later; this is ${process.versions.node}.`);
    console.error('Install it from https://nodejs.org, or run "npm install" beside clawctl:');
    console.error(`on Linux that brings its own (looked in ${join(root, 'node_modules')}).`);
    process.exit(3);
  }
}

/** A checkout runs its TypeScript as it is; Node strips no types below node_modules. */
function main() {
  const source = join(root, 'src', 'cli', 'main.ts');
  const inPackage = root.split(sep).includes('node_modules');
  const file = !inPackage && existsSync(source) ? source : join(root, 'dist', 'cli', 'main.js');
  return pathToFileURL(file).href;
}

function recent(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
}

/** The Node that our optional dependencies brought for this platform, if any. */
function packaged() {
  const require = createRequire(import.meta.url);
  try {
    const manifest = require.resolve(`node-${process.platform}-${process.arch}/package.json`);
    const binary = join(dirname(manifest), 'bin', 'node');
    return existsSync(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}

function relay(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal ? 128 : 1);
  });
}
