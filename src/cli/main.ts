/** Where clawctl starts: hands hooks on at once, and loads for the rest only what they need. */
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const [first] = argv;
  if (first === 'hook') {
    const { runHook } = await import('./hook/hook.ts');
    return runHook(argv.slice(1), process.env);
  }
  rememberCode(process.env);
  if (argv.length === 1 && (first === '--version' || first === '-V')) {
    const { version } = await import('./version.ts');
    process.stdout.write(`${version()}\n`);
    return 0;
  }
  const { runProgram } = await import('./program.ts');
  return runProgram(argv, process.env);
}

/**
 * Compiled code is kept in the user's own cache, which halves the start. Node's default is a
 * folder below /tmp, where another user could have put code before us.
 */
function rememberCode(env: NodeJS.ProcessEnv): void {
  const home = env['HOME'] || homedir();
  enableCompileCache(join(env['XDG_CACHE_HOME'] || join(home, '.cache'), 'claw', 'code'));
}
