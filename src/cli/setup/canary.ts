/** Sends a made-up call by the very way of an installation, and looks whether it arrives. */
import { setTimeout as pause } from 'node:timers/promises';
import { CANARY_TOOL, type Canary, canaryRecords } from '../../adapter/canary.ts';
import type { Installed, Way } from '../../adapter/installer.ts';
import type { SearchResult } from '../../trail/trail.ts';
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
  const records = canaryRecords(sending.runtime, sending.canary).map((one) => JSON.stringify(one));
  await byWay(sending, sending.installed.way, records);
}

async function byWay(
  { runtime, env, token }: Sending,
  way: Way,
  records: readonly string[],
): Promise<void> {
  switch (way.kind) {
    case 'command':
      for (const input of records) await run(way.command, { args: [], env, input, shell: true });
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
  for (const ends_at = Date.now() + PATIENCE_MS; Date.now() < ends_at; await pause(PAUSE_MS)) {
    const { events } = await client.get<SearchResult>('/v1/events', { query });
    if (events.some(({ status }) => status !== 'pending')) return true;
  }
  return false;
}
