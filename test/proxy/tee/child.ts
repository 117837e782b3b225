/** `child.ts FILE -- COMMAND…`: runs a command and keeps the bytes of both directions in files. */
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';

const [file = '', , command = '', ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => child.kill(signal));
}
process.stdin.pipe(child.stdin);
process.stdin.pipe(createWriteStream(`${file}.in`));
child.stdout.pipe(process.stdout);
child.stdout.pipe(createWriteStream(`${file}.out`));
child.stdin.on('error', () => {});
child.on('close', (code) => {
  process.exitCode = code ?? 1;
  process.stdin.destroy();
});
