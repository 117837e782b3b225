/** Sends a made-up call by the very way of an installation, and looks whether it arrives. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CANARY_TOOL, type Canary, canaryRecords } from '../../adapter/canary.ts';
import type { Installed, Way } from '../../adapter/installer.ts';
import type { Row, SearchResult } from '../../trail/trail.ts';
import type { Client } from '../reach/client.ts';
import { run } from './program.ts';
import { beside } from './runtime.ts';

const PATIENCE_MS = 8000;
const PAUSE_MS = 150;

export type Sending = {
  readonly runtime: string;
  readonly installed: Installed;
  readonly canary: Canary;
  readonly env: NodeJS.ProcessEnv;
  /** For hooks that send it themselves. */
  readonly token: string | undefined;
};

/** Resolves when all is handed over; whether it was taken shows in the trail alone. */
export async function sendCanary(sending: Sending): Promise<void> {
  const [asking = '', ...others] = recordsOf(sending);
  const { way, enforcing } = sending.installed;
  // A plugin takes a call from its beginning to its end.
  if (enforcing === undefined || way.kind === 'plugin') {
    await byWay(sending, enforcing ? unwaiting(way) : way, [asking, ...others]);
    return;
  }
  await byWay(sending, unwaiting(enforcing.way), [asking]);
  await byWay(sending, way, others);
}

function recordsOf({ runtime, canary }: Sending): readonly string[] {
  return canaryRecords(runtime, canary).map((one) => JSON.stringify(one));
}

/** Nobody is to approve a canary's call: it does not wait for that. */
function unwaiting(way: Way): Way {
  switch (way.kind) {
    case 'command':
      return { ...way, command: unwaitingCommand(way.command) };
    case 'http':
      return { ...way, url: way.url.replace(/&wait_s=\d+/, '&wait_s=0') };
    case 'plugin':
      return { ...way, config: { ...Object(way.config), wait_s: 0 } };
  }
}

function unwaitingCommand(command: string): string {
  return command.replace(/ --wait \d+/, ' --wait 0');
}

/**
 * Whether the hook blocks where nobody answers: tried where a command of ours says so itself, with
 * an address at which nothing listens. Elsewhere the settings alone say it, to the runtime.
 */
export async function isClosed({ installed, env, ...sending }: Sending): Promise<boolean> {
  const way = installed.enforcing?.way;
  if (way?.kind !== 'command') return true;
  const spool = await mkdtemp(join(tmpdir(), 'claw-doctor-'));
  try {
    const [input = ''] = recordsOf({ installed, env, ...sending });
    const command = way.command.replace(/ --server \S+/, ` --server ${NOWHERE}`);
    const asked = { args: [], env: { ...env, CLAW_SPOOL: spool }, input, shell: true };
    const { code, output } = await run(unwaitingCommand(command), asked);
    return code === 2 || (code === 0 && Object.keys(objectIn(output)).length > 0);
  } finally {
    await rm(spool, { recursive: true, force: true });
  }
}

/** Nothing listens on port 1 of the loopback. */
const NOWHERE = 'http://127.0.0.1:1';

function objectIn(output: string): object {
  try {
    return Object(JSON.parse(output));
  } catch {
    return {};
  }
}

async function byWay(sending: Sending, way: Way, records: readonly string[]): Promise<void> {
  const { runtime, env, token } = sending;
  switch (way.kind) {
    case 'command':
      for (const input of records) {
        await run(way.command, { args: [], env: envOf(sending), input, shell: true });
      }
      return;
    case 'http':
      for (const body of records) await post(way.url, { body, token });
      return;
    case 'plugin': {
      const file = beside('plugins/canary.js');
      const args = ['--no-warnings', file, runtime, way.file, JSON.stringify(way.config)];
      await run(process.execPath, { args, env, input: `${records.join('\n')}\n` });
      return;
    }
  }
}

/** As Claude Code's settings set it; others have a private file, which comes first. */
function envOf({ env, token }: Sending): NodeJS.ProcessEnv {
  return token === undefined ? env : { ...env, CLAW_TOKEN: token };
}

type Posted = { readonly body: string; readonly token: string | undefined };

async function post(url: string, { body, token }: Posted): Promise<void> {
  const headers = {
    'content-type': 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const signal = AbortSignal.timeout(PATIENCE_MS);
  await fetch(url, { method: 'POST', headers, body, signal, redirect: 'error' }).catch(() => {});
}

/** Whether the call is found in the trail, with its outcome. */
export async function isFound(client: Client, { session_id }: Canary): Promise<boolean> {
  const query = `session_id:"${session_id}" tool:${CANARY_TOOL} type:tool_call`;
  return appears(client, query, ({ status }) => status !== 'pending');
}

/** Whether the trail has a decision on the call. */
export async function isDecided(client: Client, { session_id }: Canary): Promise<boolean> {
  return appears(client, `session_id:"${session_id}" type:decision`, () => true);
}

async function appears(
  client: Client,
  query: string,
  wanted: (row: Row) => boolean,
): Promise<boolean> {
  for (const ends_at = Date.now() + PATIENCE_MS; Date.now() < ends_at; await pause(PAUSE_MS)) {
    const { events } = await client.get<SearchResult>('/v1/events', { query });
    if (events.some(wanted)) return true;
  }
  return false;
}
