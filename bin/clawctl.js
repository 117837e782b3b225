#!/usr/bin/env node
// Starts clawctl under a Node that can run it. Plain JavaScript: an old Node must get this far.
import { dirname, join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const LEAST = [24, 15];
/**
 * A pause of the collector is a pause of everybody who waits for a decision: a young generation
 * of Node's own size takes 8 ms at each collection, one of 8 MB 2 ms (measured), and less where it
 * is collected while nobody waits, for which the server needs `gc`. An old one that begins small
 * is collected every few seconds. It marks with one thread beside the main one: with Node's own 4,
 * on two processors, decisions waited 20 to 50 ms for a turn. What is made for one request is made
 * young: V8 learns from the burst of a start that it lives long, makes it old from then on, and
 * collects all memory every 9 s (measured: 10 KB a decision grew old, and 1.5 do).
 */
const HEAP = [
  '--max-semi-space-size=8',
  '--initial-old-space-size=128',
  '--v8-pool-size=1',
  '--expose-gc',
  '--no-allocation-site-pretenuring',
];
/** Threads for the disk: with Node's own 4 the journal's sync waits behind those of checkpoints. */
const THREADS = '12';
/** An import would load what its lazy exports stand for, which costs a hook 5 ms. */
const { existsSync, readdirSync, statSync } =
  process.getBuiltinModule?.('node:fs') ?? (await import('node:fs'));
const root = dirname(dirname(fileURLToPath(import.meta.url)));

if (process.argv[2] === 'hook' && built('cli/hook') && built('adapter/gate.ts')) {
  // An agent waits for this: no other Node, no types to strip, and nothing loaded that is not used.
  const { runHook } = await import(pathToFileURL(join(root, 'dist/cli/hook/hook.js')).href);
  process.exitCode = await runHook(process.argv.slice(3), process.env);
} else if (recent(process.versions.node)) {
  if (serves() && process.env.UV_THREADPOOL_SIZE === undefined) become(process.execPath);
  else await import(main());
} else {
  const node = await packaged();
  if (node) await relay(node);
  else {
    const wanted = LEAST.join('.');
    console.error(`clawctl needs Node ${wanted} or later; this is ${process.versions.node}.`);
    console.error('Install it from https://nodejs.org, or run "npm install" beside clawctl:');
    console.error(`on Linux that brings its own (looked in ${join(root, 'node_modules')}).`);
    process.exit(3);
  }
}

/** Compiled where that is up to date, as it loads faster; else a checkout runs its TypeScript. */
function main() {
  const file = built('.') ? join('dist', 'cli', 'main.js') : join('src', 'cli', 'main.ts');
  return pathToFileURL(join(root, file)).href;
}

/** Whether a part of the source is compiled, and not changed since. A package has no source. */
function built(part) {
  // Node strips no types below node_modules.
  if (root.split(sep).includes('node_modules') || !existsSync(join(root, 'src'))) return true;
  const stamp = statSync(join(root, 'dist', '.built'), { throwIfNoEntry: false });
  return stamp !== undefined && stamp.mtimeMs >= newest(join(root, 'src', part));
}

/** When a file, or something in a folder, was last changed. */
function newest(path) {
  if (path.endsWith('.ts')) return statSync(path).mtimeMs;
  const times = readdirSync(path, { withFileTypes: true }).map((entry) => {
    const below = join(path, entry.name);
    return entry.isDirectory() ? newest(below) : statSync(below).mtimeMs;
  });
  return Math.max(...times);
}

/** Whether it is to be begun again: not on Windows, nor below a parent that talks to it. */
function serves() {
  return process.argv[2] === 'serve' && process.platform !== 'win32' && !process.send;
}

/** The same process, begun again: threads and heap are set once, when Node starts. */
function become(node) {
  const args = [node, ...HEAP, ...process.execArgv, ...process.argv.slice(1)];
  process.execve(node, args, { ...process.env, UV_THREADPOOL_SIZE: THREADS });
}

function recent(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
}

/** The Node that our optional dependencies brought for this platform, if any. */
async function packaged() {
  const { createRequire } = await import('node:module');
  const require = createRequire(import.meta.url);
  try {
    const manifest = require.resolve(`node-${process.platform}-${process.arch}/package.json`);
    const binary = join(dirname(manifest), 'bin', 'node');
    return existsSync(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}

async function relay(node) {
  const { spawn } = await import('node:child_process');
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal ? 128 : 1);
  });
}
