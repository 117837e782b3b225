/** What a hook by command costs Claude Code: the compiled shim from start to exit. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { spread, timed } from '../measure.ts';
import type { Ground, Part } from './part.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');
/** Nothing listens on the discard port of the loopback. */
const AWAY = 'http://127.0.0.1:9';
const RUNS = 40;
/** The first fill the cache of compiled code. */
const WARM_UP = 3;

export const shim: Part = {
  name: 'shim',
  about: 'the compiled Claude Code shim from start to exit, server up and down',
  run: async (ground) => {
    const { url, token } = await ground.serving();
    const env = { ...process.env, XDG_CACHE_HOME: ground.home, CLAW_TOKEN: token };
    const hook = (server: string, name: string) => ({
      args: [MAIN, 'hook', 'claude-code', '--server', server],
      env: { ...env, CLAW_SPOOL: join(ground.home, `spool-${name}`) },
    });
    const ways = {
      up: hook(url, 'up'),
      down: hook(AWAY, 'down'),
      node: { args: ['-e', '0'], env },
    };
    const took = await interleaved(ways);
    ground.note('shim.up', { values: spread(took.up) });
    ground.note('shim.down', { values: spread(took.down) });
    noteNode(ground, took.node);
  },
};

/** The least that any program in Node can take. */
function noteNode(ground: Ground, took: readonly number[]): void {
  for (const id of ['shim.up', 'shim.down']) ground.notePeer('node', id, { values: spread(took) });
}

type Way = { readonly args: readonly string[]; readonly env: NodeJS.ProcessEnv };

/** In turn, so that what else the machine does meets all of them alike. */
async function interleaved<Name extends string>(
  ways: Readonly<Record<Name, Way>>,
): Promise<Readonly<Record<Name, number[]>>> {
  const names = Object.keys(ways) as Name[];
  const took = Object.fromEntries(names.map((name) => [name, [] as number[]]));
  for (let i = 0; i < WARM_UP + RUNS; i++) {
    for (const name of names) {
      const ms = await timed(() => run(ways[name], i));
      if (i >= WARM_UP) took[name]?.push(ms);
    }
  }
  return took as Record<Name, number[]>;
}

async function run({ args, env }: Way, i: number): Promise<void> {
  const child = spawn(process.execPath, args, { env, stdio: ['pipe', 'ignore', 'inherit'] });
  child.stdin.end(recordOf(i));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`The shim ended with ${code}.`);
}

/** What Claude Code hands over after a call. */
function recordOf(i: number): string {
  return JSON.stringify({
    session_id: `shim-${process.pid}`,
    transcript_path: '/home/dev/.claude/projects/p/shim.jsonl',
    cwd: '/home/dev/p',
    permission_mode: 'default',
    hook_event_name: 'PostToolUse',
    tool_name: 'Bash',
    tool_input: { command: `npm test -- --run ${i}`, description: 'Runs the tests' },
    tool_response: { stdout: 'ok\n'.repeat(200), stderr: '', interrupted: false },
    tool_use_id: `toolu_shim_${process.pid}_${i}`,
    duration_ms: 1200,
  });
}
