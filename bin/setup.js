// Makes a fresh clone runnable: installs what package-lock.json names, then compiles src to dist.
// Plain JavaScript on purpose: it runs before anything is installed, on Node 20 or later.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const windows = process.platform === 'win32';

if (process.argv[2] === 'build') {
  build();
} else {
  if (!installed()) install();
  if (!built()) build();
}

/**
 * Not `npm ci`: it refuses a lock that lacks other platforms' optional packages. No package's
 * scripts are needed, so none is run; the warnings about Node 20 are answered by our own Node.
 */
function install() {
  console.error('claw: installing what package-lock.json names (once) …');
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  run('npm', ['install', '--no-save', '--ignore-scripts', ...quiet]);
  stampInstall();
}

/** Which lock this install is of: without it, each start would install again after a new lock. */
function stampInstall() {
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  writeFileSync(join(root, 'node_modules', '.claw-lock'), lock);
}

/** npm writes a copy of the lock into node_modules; an older copy means an older install. */
function installed() {
  const copy = join(root, 'node_modules', '.package-lock.json');
  const lock = join(root, 'package-lock.json');
  if (!existsSync(copy)) return false;
  const stamp = join(root, 'node_modules', '.claw-lock');
  return existsSync(stamp)
    ? readFileSync(stamp, 'utf8') === readFileSync(lock, 'utf8')
    : statSync(copy).mtimeMs >= statSync(lock).mtimeMs;
}

function built() {
  if (!existsSync(join(root, 'src'))) return true;
  const stamp = join(root, 'dist', '.built');
  return existsSync(stamp) && statSync(stamp).mtimeMs >= newest(join(root, 'src'));
}

function newest(folder) {
  let latest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const at = entry.isDirectory() ? newest(path) : statSync(path).mtimeMs;
    if (at > latest) latest = at;
  }
  return latest;
}

function build() {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  // A production install (npm ci --omit=dev) has no compiler and no src to compile: nothing to do.
  if (!existsSync(tsc) || !existsSync(join(root, 'src'))) return;
  run(process.execPath, [tsc, '-p', 'tsconfig.build.json']);
  writeFileSync(join(root, 'dist', '.built'), '');
  stampInstall();
}

function run(command, args) {
  const done = spawnSync(command, args, { cwd: root, stdio: 'inherit', shell: windows });
  if (done.status === 0) return;
  console.error(`claw: "${command} ${args.join(' ')}" failed in ${root}; see the lines above.`);
  process.exit(done.status ?? 1);
}
