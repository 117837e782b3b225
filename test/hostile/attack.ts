/** The contract of an attack, and what a polite client sees before, during and after it. */
import { setTimeout as pause } from 'node:timers/promises';
import { ask } from './client.ts';
import type { Ground } from './ground.ts';

export type Attack = {
  /** What is done to the server, in a few words. */
  readonly what: string;
  /** Resolves when it is over, with how many hostile things were done. Throws what is not right. */
  readonly run: (ground: Ground, size: Size) => Promise<number>;
};

/** How much of it: of the full run, or of the short one within `npm test`. */
export type Size = {
  readonly count: number;
  readonly hold_ms: number;
  /** With which of its things it begins, where it has many. */
  readonly seed?: number;
  /** Requests of the polite client before and after. */
  readonly calls?: number;
};

export type Polite = {
  /** Milliseconds of its requests. */
  readonly took: readonly number[];
  /** Asked to come again later: 429 or 503 with Retry-After, or no connection. */
  readonly refused: number;
  /** Anything else that is not a 200. */
  readonly wrong: readonly string[];
};

export type Outcome = {
  readonly what: string;
  readonly count: number;
  readonly before: Polite;
  readonly during: Polite;
  readonly after: Polite;
  /** Most bytes of the server and its readers while it lasted; the server's own before it. */
  readonly peak_bytes: number;
  readonly calm_bytes: number;
  /** Handles that are open more than before. */
  readonly handles_left: number;
  /** Why the attack itself says that something is not right. */
  readonly failure?: string;
};

const SAMPLE_MS = 50;

export async function under(ground: Ground, attack: Attack, size: Size): Promise<Outcome> {
  const { calls = 20 } = size;
  const before = await politely(ground, times(calls));
  const handles = ground.handles();
  const calm_bytes = ground.memory().server;
  let over = false;
  let peak_bytes = 0;
  const watching = watch(
    () => over,
    () => {
      const { server, readers } = ground.memory();
      peak_bytes = Math.max(peak_bytes, server + readers);
    },
  );
  const client = politely(ground, () => !over);
  const result = await attack.run(ground, size).catch((error: unknown) => String(error));
  over = true;
  const [during] = await Promise.all([client, watching]);
  // Sockets that were cut are closed by the kernel in its own time.
  for (let i = 0; i < 200 && ground.handles() > handles; i++) await pause(SAMPLE_MS);
  const after = await politely(ground, times(calls));
  return {
    what: attack.what,
    count: typeof result === 'number' ? result : 0,
    ...{ before, during, after, peak_bytes, calm_bytes },
    handles_left: Math.max(0, ground.handles() - handles),
    ...(typeof result === 'string' ? { failure: result } : {}),
  };
}

function times(count: number): () => boolean {
  let left = count;
  return () => left-- > 0;
}

async function watch(over: () => boolean, look: () => void): Promise<void> {
  while (!over()) {
    look();
    await pause(SAMPLE_MS);
  }
}

/** Records, counts and asks after the server's health in turn, one at a time. */
async function politely(ground: Ground, goOn: () => boolean): Promise<Polite> {
  const took: number[] = [];
  const wrong: string[] = [];
  let refused = 0;
  const { url, viewer } = ground;
  const requests = [
    () => ground.record(event('polite')),
    () => ask({ url, token: viewer, path: '/v1/events?query=tool:polite&limit=5' }),
    () => ask({ url, path: '/healthz' }),
  ];
  for (let i = 0; goOn(); i++) {
    const began = performance.now();
    try {
      const reply = await (requests[i % requests.length] ?? requests[0])?.();
      const later = reply?.headers['retry-after'] !== undefined;
      if (reply?.status === 200) took.push(performance.now() - began);
      else if (later) refused++;
      else wrong.push(`${reply?.status} ${reply?.text.slice(0, 200)}`);
    } catch {
      refused++;
    }
    await pause(10);
  }
  return { took, refused, wrong };
}

/** The JSON of an event. */
export function event(tool: string, content?: string): string {
  return JSON.stringify({ type: 'output', session_id: 'hostile', tool, content });
}
