// Runs the tests with compiled code shared between their processes: each of the hundreds of files
// would strip and compile the same modules again. Plain JavaScript, as it starts before all else.
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cache = join(root, 'node_modules', '.cache', 'claw-code');
const files = process.argv.length > 2 ? process.argv.slice(2) : ['test/**/*.test.ts'];

// Node would leave one processor alone: of two that is half, and most tests wait for a disk anyway.
const flags = ['--test', '--test-timeout=600000', `--test-concurrency=${availableParallelism()}`];
const { status } = spawnSync('node', [...flags, ...files], {
  cwd: root,
  stdio: 'inherit',
  env: { NODE_COMPILE_CACHE: cache, ...process.env },
});
process.exitCode = status ?? 1;
