/** A process that locks the folder of its first argument, says so, and waits to be ended. */
import { lockFolder } from '../../src/store/lock.ts';

/** Others may be told the same Unix milliseconds, so that all try at one moment. */
const [folder = '', at_ms = '0'] = process.argv.slice(2);
while (Date.now() < Number(at_ms));
try {
  lockFolder(folder);
  process.stdout.write('locked\n');
  setInterval(() => {}, 1000);
} catch (error) {
  process.stdout.write(`${error instanceof Error && 'code' in error ? error.code : error}\n`);
}
