/** A real server process to attack: its memory, its handles, its tokens, and its trail after. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Limits } from '../../src/server/option.ts';
import { verified } from '../trail/place.ts';
import { ask, type Reply } from './client.ts';

export type Settings = {
  readonly limits?: Partial<Limits>;
  readonly config?: Readonly<Record<string, unknown>>;
};

export type Ground = {
  readonly url: URL;
  readonly port: number;
  readonly pid: number;
  readonly recorder: string;
  readonly viewer: string;
  /** Of another tenant. */
  readonly foreigner: string;
  readonly memory: () => Memory;
  /** Open sockets of the server's own process, but for its lines to its readers. */
  readonly handles: () => number;
  /** Sends events and remembers which were acknowledged. */
  readonly record: (body: string | Buffer, headers?: Record<string, string>) => Promise<Reply>;
  /** Ids that were acknowledged. */
  readonly acknowledged: Set<string>;
  /** Ends the server, verifies the trail from bytes, removes the folder. */
  readonly finish: () => Promise<Finding>;
};

/** Bytes of the server and of the processes that it began. */
export type Memory = { readonly server: number; readonly readers: number };

export type Finding = {
  readonly lost: number;
  readonly doubled: number;
  readonly verifies: boolean;
  readonly code: number | null;
  readonly errors: string;
};

export async function openGround(settings?: Settings): Promise<Ground> {
  const data = mkdtempSync(join(tmpdir(), 'claw-hostile-'));
  const { child, errors, url, token } = await start(data, settings);
  const pid = child.pid ?? 0;
  const make = async (role: string, tenant: string) => {
    const body = JSON.stringify({ name: `${role} of ${tenant}`, role, tenant });
    return JSON.parse((await ask({ url, token, path: '/v1/tokens', body })).text).token;
  };
  const recorder: string = await make('recorder', 'acme');
  const viewer: string = await make('viewer', 'acme');
  const foreigner: string = await make('admin', 'other');
  const acknowledged = new Set<string>();
  return {
    url,
    port: Number(url.port),
    pid,
    recorder,
    viewer,
    foreigner,
    acknowledged,
    memory: () => ({ server: resident(pid), readers: sum(childrenOf(pid).map(resident)) }),
    handles: () => sockets(pid) - childrenOf(pid).length,
    record: async (body, headers = {}) => {
      const reply = await ask({ url, token: recorder, path: '/v1/events', body, headers });
      noteReceipts(reply, acknowledged);
      return reply;
    },
    finish: async () => {
      const rows = await ask({ url, token: viewer, path: '/v1/export?format=ndjson' });
      child.kill('SIGTERM');
      const [code] = await once(child, 'close');
      const { ok } = await verified(data);
      rmSync(data, { recursive: true });
      const found = idsOf(rows.text);
      const kept = new Set(found);
      const lost = [...acknowledged].filter((id) => !kept.has(id)).length;
      const doubled = found.length - kept.size;
      return { lost, doubled, verifies: ok, code, errors: errors() };
    },
  };
}

export function noteReceipts({ status, text }: Reply, acknowledged: Set<string>): void {
  if (status !== 200) return;
  for (const { status: became, id } of JSON.parse(text).results) {
    if (became !== 'rejected') acknowledged.add(id);
  }
}

async function start(data: string, settings: Settings | undefined) {
  const root = join(import.meta.dirname, '..', '..');
  const real = [join(root, 'bin', 'clawctl.js'), 'serve', '--data', data, '--port', '0', '--json'];
  const own = [join(import.meta.dirname, 'child.ts'), data, JSON.stringify(settings)];
  // Without the note of where the server is, which would be left in somebody's home.
  const env = { ...process.env, XDG_CONFIG_HOME: data };
  const child: ChildProcess = spawn(process.execPath, settings ? own : real, { env });
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  let errors = '';
  child.stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  const [chunk] = await once(child.stdout as NodeJS.ReadableStream, 'data');
  const said = JSON.parse(String(chunk));
  return { child, errors: () => errors, url: new URL(said.url), token: String(said.token) };
}

/** Every id of every fact behind the exported rows. */
function idsOf(ndjson: string): string[] {
  const lines = ndjson.split('\n').filter((line) => line.startsWith('{'));
  return lines.flatMap((line) => {
    const { facts = [] } = JSON.parse(line) as { facts?: { id: string }[] };
    return facts.map(({ id }) => id);
  });
}

/** Resident, with its share alone of what processes have in common. */
function resident(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    return Number(/^Pss:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

function sockets(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).filter((name) => linkOf(join(folder, name)).startsWith('socket:'))
    .length;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function childrenOf(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  return readFileSync(file, 'utf8').split(' ').filter(Boolean).map(Number);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
