/** Runs the real Claude Code against the scripted model of ../shared/lab, on loopback alone. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { claudeCodeInstaller } from '../../src/adapter/claude-code/install.ts';
import { readLines } from './replay.ts';

const LAB = fileURLToPath(new URL('../../../shared/lab/', import.meta.url));
const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** Why a real session cannot be played here; false where it can. */
export function labMissing(): string | false {
  if (!existsSync(LAB)) return '../shared/lab is not here';
  const claude = process.env['CLAW_LAB_CLAUDE'];
  if (!claude) return 'CLAW_LAB_CLAUDE does not name a claude binary';
  return existsSync(claude) ? false : 'CLAW_LAB_CLAUDE names no file';
}

export type Play = {
  /** An empty folder that the session may fill. */
  readonly folder: string;
  /** Where the hooks go: a collector, or a real server. */
  readonly server: string;
  readonly token: string;
  readonly prompt: string;
  readonly transport?: 'http' | 'command';
  /** Beside what every session gets. */
  readonly env?: Readonly<Record<string, string>>;
};

export type Played = {
  /** Ids of every `tool_use` block that the model sent, sub-agents included. */
  readonly tool_use_ids: ReadonlySet<string>;
  readonly session_id: string;
  readonly code: number | null;
  readonly errors: string;
};

/** Plays one prompt to its end with hooks installed in the project, as `clawctl install` does. */
export async function playSession({
  folder,
  server,
  token,
  prompt,
  transport,
  env = {},
}: Play): Promise<Played> {
  const lab = copyLab(folder);
  const settings = join(lab, 'proj', '.claude', 'settings.local.json');
  mkdirSync(dirname(settings), { recursive: true });
  const shim = `"${process.execPath}" "${MAIN}"`;
  const options = {
    server,
    token,
    shim,
    paths: {},
    sources: {},
    ...(transport === undefined ? {} : { transport }),
  };
  const theirs = JSON.stringify({
    permissions: { allow: ['Read', 'Write', 'Edit', 'Bash(ls:*)'] },
  });
  const { settings: text = '' } = claudeCodeInstaller.install({ settings: theirs }, options);
  writeFileSync(settings, text, { mode: 0o600 });
  const port = await freePort();
  const log = join(folder, 'model.jsonl');
  const model = spawn(process.execPath, [join(lab, 'fake-model.mjs'), String(port), log], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(model.stdout, 'data');
  try {
    const { code, output, errors } = await runClaude(lab, prompt, {
      ANTHROPIC_BASE_URL: `http://127.0.0.1:${port}`,
      ...env,
    });
    await wait(300);
    const session_id = /"session_id":"([^"]+)"/.exec(output)?.[1] ?? '';
    return { tool_use_ids: toolUses(readLines(log)), session_id, code, errors };
  } finally {
    model.kill();
    if (model.exitCode === null && model.signalCode === null) await once(model, 'exit');
  }
}

function copyLab(folder: string): string {
  const lab = join(folder, 'lab');
  mkdirSync(join(lab, 'proj'), { recursive: true });
  mkdirSync(join(lab, 'home'));
  for (const name of readdirSync(LAB)) {
    if (!/^(fake-model\.mjs|scripts\.json)$/.test(name)) continue;
    const text = readFileSync(join(LAB, name), 'utf8').replaceAll('@LAB@', lab);
    writeFileSync(join(lab, name), text);
  }
  writeFileSync(join(lab, 'proj', 'README.md'), '# Readme of proj\n');
  return lab;
}

/** A dead proxy for everything but loopback: no request can leave the machine. */
async function runClaude(lab: string, prompt: string, env: Readonly<Record<string, string>>) {
  const args = ['-p', prompt, '--output-format', 'stream-json', '--verbose'];
  const child = spawn(process.env['CLAW_LAB_CLAUDE'] ?? '', args, {
    cwd: join(lab, 'proj'),
    env: {
      HOME: join(lab, 'home'),
      PATH: process.env['PATH'],
      TERM: 'dumb',
      ...env,
      ANTHROPIC_API_KEY: 'sk-ant-fake-loopback',
      DISABLE_AUTOUPDATER: '1',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      HTTPS_PROXY: 'http://127.0.0.1:1',
      HTTP_PROXY: 'http://127.0.0.1:1',
      NO_PROXY: '127.0.0.1,localhost',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk) => {
    output += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    errors += String(chunk);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output, errors };
}

type Block = { readonly type?: string; readonly id?: string };
type Request = {
  readonly body?: { readonly messages?: readonly { role: string; content: unknown }[] };
};

function toolUses(requests: readonly unknown[]): Set<string> {
  const blocks = (requests as readonly Request[])
    .flatMap(({ body }) => body?.messages ?? [])
    .filter(({ role }) => role === 'assistant')
    .flatMap(({ content }) => (Array.isArray(content) ? (content as readonly Block[]) : []));
  return new Set(blocks.flatMap(({ type, id }) => (type === 'tool_use' && id ? [id] : [])));
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  return typeof address === 'object' && address ? address.port : 0;
}
