/** A process that locks the folder of its first argument, says so, and waits to be ended. */
import { lockFolder } from '../../src/store/lock.ts';

const [folder = ''] = process.argv.slice(2);
try {
  lockFolder(folder);
  process.stdout.write('locked\n');
  setInterval(() => {}, 1000);
} catch (error) {
  process.stdout.write(`${error instanceof Error && 'code' in error ? error.code : error}\n`);
}
