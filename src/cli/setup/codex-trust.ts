/** Asks Codex's own app server which hooks it sees, and how it names and hashes them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { ListedHook } from '../../adapter/codex/install.ts';
import { isObject } from '../../event/name.ts';

const PATIENCE_MS = 20_000;

type Asking = {
  readonly program: string;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
};

/** Every hook that Codex finds for a folder; undefined where it does not answer, or not so. */
export async function listedHooks(asking: Asking): Promise<readonly ListedHook[] | undefined> {
  const { program, env, cwd } = asking;
  const child = spawn(program, ['app-server'], { env, cwd, stdio: ['pipe', 'pipe', 'ignore'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  try {
    return await converse(child, cwd);
  } finally {
    clearTimeout(timer);
    child.stdin.end();
    child.kill();
  }
}

async function converse(
  child: ChildProcess,
  cwd: string,
): Promise<readonly ListedHook[] | undefined> {
  const { stdin, stdout } = child;
  if (!stdin || !stdout) return undefined;
  const say = (message: object) =>
    stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const clientInfo = { name: 'clawctl', title: 'Claw', version: '1' };
  say({ id: 1, method: 'initialize', params: { clientInfo } });
  for await (const line of createInterface({ input: stdout })) {
    const answer = parsed(line);
    if (answer?.['id'] === 1) {
      say({ method: 'initialized' });
      say({ id: 2, method: 'hooks/list', params: { cwds: [cwd] } });
    }
    if (answer?.['id'] === 2) return hooksOf(answer['result']);
  }
  return undefined;
}

function hooksOf(result: unknown): readonly ListedHook[] | undefined {
  const data = isObject(result) ? result['data'] : undefined;
  if (!Array.isArray(data)) return undefined;
  return data
    .flatMap((folder) =>
      isObject(folder) && Array.isArray(folder['hooks']) ? folder['hooks'] : [],
    )
    .filter(isListed);
}

function isListed(hook: unknown): hook is ListedHook {
  const names = ['key', 'command', 'sourcePath', 'currentHash', 'trustStatus'];
  return isObject(hook) && names.every((name) => typeof hook[name] === 'string');
}

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
