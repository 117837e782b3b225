/** Plays one of the lab's scripts with a real agent, a scripted model and a real Claw server. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createSocketServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Row, SearchResult } from '../../src/trail/trail.ts';
import { openRig } from '../cli/rig.ts';
import type { Lab, Runtime } from './runtime.ts';

const SHARED = join(import.meta.dirname, '../../../shared/lab');
/** Of one run of one agent; real ones take some seconds. */
const PATIENCE_MS = 150_000;

export type Play = {
  readonly runtime: Runtime;
  /** One of the lab's; default: the runtime's first. */
  readonly script?: string;
  /** More words for `clawctl install NAME`. */
  readonly install?: readonly string[];
  /** Other scripts than the lab's, by name: the blocks that the model answers with, in order. */
  readonly scripts?: Readonly<Record<string, readonly (readonly object[])[]>>;
  /** Every proxy that there is stands between the agent and its model and MCP servers. */
  readonly proxies?: true;
  /** Which of these proxies has what it sees decided. */
  readonly enforce?: 'model' | 'mcp';
  readonly env?: Readonly<Record<string, string>>;
  /** Between what is installed and the agent's start. */
  readonly installed?: () => Promise<void>;
  /** While the agent runs; it is waited for. */
  readonly meanwhile?: () => Promise<void>;
  /** When the agent has ended, before the trail is read. */
  readonly ended?: (lab: Lab) => Promise<void>;
};

export type Call = {
  readonly id: string | undefined;
  readonly tool: string;
  readonly args: unknown;
};

export type Played = {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
  /** Every call that the model asked for, once. */
  readonly asked: readonly Call[];
  /** Every request that the model got, as it came. */
  readonly heard: string;
  /** Every row of Claw's whole trail, in its order. */
  readonly rows: readonly Row[];
  readonly lab: Lab;
};

export type Stage = Awaited<ReturnType<typeof openStage>>;

/** A server with a home of its own; `close` ends it and removes everything. */
export async function openStage(open: () => Promise<StageRig> = openRig) {
  const rig = await open();
  const base = { XDG_CONFIG_HOME: '', HOME: realpathSync(rig.root) };
  return {
    rig,
    play: (play: Play) => playOn(rig, base, play),
    /** Runs clawctl where the agent would. */
    clawctl: (lab: Lab, args: readonly string[]) => rig.run(args, { ...base, ...pathOf(lab) }),
    close: () => rig.close(),
  };
}

export type StageRig = Pick<Awaited<ReturnType<typeof openRig>>, Needed>;
type Needed = 'root' | 'run' | 'start' | 'url' | 'token' | 'data' | 'close';
type Rig = StageRig;

async function playOn(rig: Rig, base: NodeJS.ProcessEnv, play: Play): Promise<Played> {
  const { runtime } = play;
  const folder = base['HOME'] ?? '';
  const page = await startPage();
  const scripts = { folder, page: page.url, more: play.scripts };
  const model = await startModel(scripts);
  const decides = (name: string) => (play.enforce === name ? ['--enforce'] : []);
  const proxy =
    play.proxies && (await startModelProxy(rig, base, [model.url, ...decides('model')]));
  const project = join(folder, runtime.folder);
  const npm = process.env['CLAW_LAB_NPM'] ?? '';
  const lab: Lab = {
    ...{ folder, home: folder, project, model: proxy?.url ?? model.url, npm },
    before: play.proxies && ((name) => mcpProxy(rig, name, decides('mcp'))),
  };
  try {
    prepare(lab, runtime);
    const words = ['install', runtime.name, '--yes', ...(play.install ?? [])];
    const installed = await rig.run(words, { ...base, ...pathOf(lab) });
    if (installed.code !== 0) throw new Error(`install: ${installed.err}`);
    await play.installed?.();
    const [ran] = await Promise.all([runAgent(lab, play), play.meanwhile?.()]);
    await proxy?.close();
    await wait(3000);
    await play.ended?.(lab);
    const events = await rowsOf(rig, base);
    const heard = readFileSync(model.log, 'utf8');
    return { ...ran, asked: askedIn(model.log), heard, rows: events, lab };
  } finally {
    await proxy?.close();
    await model.close();
    await page.close();
  }
}

/** As a person starts it, in front of the scripted model. */
async function startModelProxy(
  rig: Rig,
  env: NodeJS.ProcessEnv,
  [model = '', ...more]: readonly string[],
) {
  const to = ['anthropic', 'openai', 'gemini'].flatMap((name) => [`--${name}`, model]);
  const running = rig.start(['model-proxy', '--port', '0', '--json', ...to, ...more], env);
  const first = await running.said('out', /\{.*"url".*\}/);
  const { url } = JSON.parse(first.split('\n')[0] ?? '') as { url: string };
  return {
    url,
    close: async () => {
      running.child.kill('SIGTERM');
      await running.done;
    },
  };
}

const CLAWCTL = join(import.meta.dirname, '../../bin/clawctl.js');

/** Agents hand their servers few variables, so where Claw listens stands in the command line. */
function mcpProxy({ url, data }: Rig, name: string, more: readonly string[]): readonly string[] {
  const claw = ['--url', url, '--data', data, '--name', name, ...more, '--'];
  return [process.execPath, CLAWCTL, 'mcp-proxy', ...claw];
}

async function rowsOf(rig: Rig, env: NodeJS.ProcessEnv): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (let cursor: string | undefined; ; ) {
    const more = cursor === undefined ? [] : ['--cursor', cursor];
    const words = ['logs', 'search', '--order', 'oldest', '--limit', '500', '--json', ...more];
    const page = (await rig.run(words, env)).json as SearchResult;
    rows.push(...page.events);
    if (page.cursor === undefined) return rows;
    cursor = page.cursor;
  }
}

function pathOf(lab: Lab): { readonly PATH: string } {
  return { PATH: `${join(lab.folder, 'bin')}:${dirname(process.execPath)}:/usr/bin:/bin` };
}

function prepare(lab: Lab, runtime: Runtime): void {
  mkdirSync(lab.project, { recursive: true });
  writeFileSync(join(lab.project, 'README.md'), '# Readme\n');
  const program = `#!/bin/sh\nexec ${runtime.program.line(lab.npm)} "$@"\n`;
  const files = { [`bin/${runtime.program.name}`]: program, ...runtime.settings(lab) };
  for (const [name, text] of Object.entries(files)) {
    const path = name.startsWith('~/')
      ? join(lab.home, name.slice(2))
      : join(name.startsWith('bin/') ? lab.folder : lab.project, name);
    if (existsSync(path)) continue;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    if (name.startsWith('bin/')) chmodSync(path, 0o755);
  }
}

/** A dead proxy for everything but loopback: no request leaves the machine. */
async function runAgent(lab: Lab, { runtime, script, env = {} }: Play) {
  const child = spawn(
    join(lab.folder, 'bin', runtime.program.name),
    [...runtime.args(`run [[script:${script ?? runtime.scripts[0]}]]`)],
    {
      cwd: lab.project,
      env: {
        ...pathOf(lab),
        HOME: lab.home,
        TERM: 'dumb',
        HTTPS_PROXY: 'http://127.0.0.1:1',
        HTTP_PROXY: 'http://127.0.0.1:1',
        NO_PROXY: '127.0.0.1,localhost',
        ...runtime.env(lab),
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  const [output, errors] = [textOf(child.stdout), textOf(child.stderr)];
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  return { code, output: output(), errors: errors() };
}

function textOf(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.on('data', (chunk) => {
    text += String(chunk);
  });
  return () => text;
}

/** What scripts fetch and post to. */
async function startPage() {
  const server = createServer((request, response) => {
    request.resume();
    response.end('a page\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** What the model answers is told too: nothing repeats the calls of its last answer. */
const PICKED = 'return s[Math.min(nAssist,s.length-1)];';
const TOLD = `const b=s[Math.min(nAssist,s.length-1)];
 fs.appendFileSync(LOG,JSON.stringify({picked:name+' '+nAssist,blocks:b})+'\\n'); return b;`;

type Scripts = { folder: string; page: string; more: Play['scripts'] };

async function startModel({ folder, page, more }: Scripts) {
  for (const name of ['fake-model.mjs', 'scripts.json']) {
    const text = readFileSync(join(SHARED, name), 'utf8');
    writeFileSync(
      join(folder, name),
      text.replaceAll('@LAB@', folder).replaceAll('127.0.0.1:8802', page).replace(PICKED, TOLD),
    );
  }
  const file = join(folder, 'scripts.json');
  const known = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, JSON.stringify({ ...known, ...more }).replaceAll('@LAB@', folder));
  const port = await freePort();
  const log = join(folder, `model-${port}.jsonl`);
  writeFileSync(log, '');
  const script = join(folder, 'fake-model.mjs');
  const args = [script, String(port), log, join(folder, 'scripts.json')];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return { url: `http://127.0.0.1:${port}`, log, close: () => ended(child) };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill();
  await once(child, 'exit');
}

async function freePort(): Promise<number> {
  const server = createSocketServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Out of the requests: each repeats what the model said before, in the shape of its API. */
function askedIn(log: string): readonly Call[] {
  const lines = readFileSync(log, 'utf8').split('\n').filter(Boolean);
  const told = lines.map((line) => JSON.parse(line) as Loose);
  const calls = new Map<string, Call>();
  for (const { body } of told) {
    for (const [at, call] of callsIn((body ?? {}) as Loose).entries()) {
      const key = call.id ?? `${at} ${call.tool} ${JSON.stringify(call.args)}`;
      if (!calls.has(key)) calls.set(key, call);
    }
  }
  return [...calls.values(), ...unrepeated(told, [...calls.values()])];
}

/** Calls of answers that no later request repeats: the agent ended with them. */
function unrepeated(told: readonly Loose[], asked: readonly Call[]): readonly Call[] {
  const answers = new Map(told.flatMap(({ picked, blocks }) => (picked ? [[picked, blocks]] : [])));
  const left = asked.map(({ tool }) => tool);
  return [...answers.values()]
    .flatMap(list)
    .filter(({ tool }) => tool !== undefined)
    .filter(({ tool, ns }) => {
      const at = left.indexOf(ns ? `${ns}__${tool}` : String(tool));
      if (at >= 0) left.splice(at, 1);
      return at < 0;
    })
    .map(({ tool, input, custom }) => callOf(undefined, tool, input ?? custom));
}

type Loose = { readonly [key: string]: unknown };
const list = (value: unknown) => (Array.isArray(value) ? (value as readonly Loose[]) : []);

function callsIn(body: Loose): readonly Call[] {
  const said = list(body['messages']).filter(({ role }) => role === 'assistant');
  return [
    ...said
      .flatMap(({ content }) => list(content))
      .filter(({ type }) => type === 'tool_use')
      .map(({ id, name, input }) => callOf(id, name, input)),
    ...said
      .flatMap(({ tool_calls }) => list(tool_calls))
      .map(({ id, function: asked }) => {
        const { name, arguments: args } = asked as Loose;
        return callOf(id, name, JSON.parse(String(args)));
      }),
    ...list(body['input'])
      .filter(({ type }) => type === 'function_call' || type === 'custom_tool_call')
      .map(({ call_id, name, namespace, arguments: args, input }) =>
        callOf(call_id, namespace ? `${namespace}__${name}` : name, args ?? input),
      ),
    ...list(body['contents'])
      .filter(({ role }) => role === 'model')
      .flatMap(({ parts }) => list(parts))
      .flatMap(({ functionCall }) => (functionCall ? [functionCall as Loose] : []))
      .map(({ name, args }) => callOf(undefined, name, args)),
  ];
}

function callOf(id: unknown, tool: unknown, args: unknown): Call {
  return { id: typeof id === 'string' ? id : undefined, tool: String(tool), args };
}
