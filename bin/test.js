// Runs the tests with compiled code shared between their processes: each of the hundreds of files
// would strip and compile the same modules again. Plain JavaScript, as it starts before all else.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cache = join(root, 'node_modules', '.cache', 'claw-code');
const files = process.argv.length > 2 ? process.argv.slice(2) : ['test/**/*.test.ts'];

const { status } = spawnSync('node', ['--test', '--test-timeout=600000', ...files], {
  cwd: root,
  stdio: 'inherit',
  env: { NODE_COMPILE_CACHE: cache, ...process.env },
});
process.exitCode = status ?? 1;
