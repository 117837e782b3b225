/** A small strict server of the HTTP face on loopback, which can misbehave on request. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';

export type Recorded = { readonly id: string; readonly type: string } & Record<string, unknown>;

/** Answers a batch in the server's place; undefined lets it pass. */
export type Misbehave = (batch: readonly unknown[], request: IncomingMessage) => Answer | undefined;

export type Answer = {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  /** Records the batch first, then answers this: as when an answer is lost. */
  readonly recordFirst?: true;
};

export type Loopback = {
  readonly url: () => string;
  /** Events by id: what the trail holds. */
  readonly events: Map<string, Recorded>;
  /** Ids that were sent again after they had been recorded. */
  readonly repeats: string[];
  readonly requests: () => number;
  readonly misbehave: (how: Misbehave | undefined) => void;
  readonly gets: string[];
  readonly answerGets: (answer: (path: string) => Answer) => void;
  /** Stops listening and cuts every connection. */
  readonly leave: () => Promise<void>;
  /** Listens again at the same address. */
  readonly comeBack: () => Promise<void>;
};

export const TOKEN = 'claw_test_recorder';

export async function startLoopback(): Promise<Loopback> {
  const events = new Map<string, Recorded>();
  const repeats: string[] = [];
  const gets: string[] = [];
  let how: Misbehave | undefined;
  let answerGet: (path: string) => Answer = () => ({ status: 404, body: {} });
  let requests = 0;
  let port = 0;
  let server: Server | undefined;

  const record = (batch: readonly unknown[]) => {
    const results = batch.map((event) => receipt(event, { events, repeats }));
    const count = (status: string) => results.filter((result) => result.status === status).length;
    return {
      results,
      accepted: count('accepted'),
      duplicates: count('duplicate'),
      rejected: count('rejected'),
    };
  };
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    if (request.headers.authorization !== `Bearer ${TOKEN}`) {
      reply(response, { status: 401, body: fault('request.unauthorised') });
    } else if (request.method === 'GET') {
      gets.push(request.url ?? '');
      reply(response, answerGet(request.url ?? ''));
    } else {
      requests++;
      const lines = linesOf(request, Buffer.concat(chunks));
      const answer = how?.(lines, request);
      if (!answer || answer.recordFirst) {
        const body = record(lines);
        reply(response, answer ?? { status: 200, body });
      } else reply(response, answer);
    }
  };
  const listen = async () => {
    server = createServer((request, response) => {
      handle(request, response).catch(() => response.destroy());
    });
    await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  };
  await listen();
  return {
    url: () => `http://127.0.0.1:${port}`,
    events,
    repeats,
    gets,
    requests: () => requests,
    misbehave: (next) => {
      how = next;
    },
    answerGets: (next) => {
      answerGet = next;
    },
    leave: async () => {
      const closed = new Promise((resolve) => server?.close(resolve));
      server?.closeAllConnections();
      await closed;
    },
    comeBack: listen,
  };
}

export function fault(code: string, more: Record<string, unknown> = {}) {
  return { error: { code, message: `${code} as a sentence.`, ...more } };
}

/** A temporary spool folder, removed by the returned function. */
export function temporary(): { readonly path: string; readonly remove: () => void } {
  const root = mkdtempSync(join(tmpdir(), 'claw-sdk-'));
  return {
    path: join(root, 'spool'),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** Waits for what must come true; gives up so late that only what never comes true fails. */
export async function until(holds: () => boolean): Promise<void> {
  const late_ms = Date.now() + 120_000;
  while (!holds()) {
    if (Date.now() > late_ms) throw new Error(`it never came true: ${holds}`);
    await wait(10);
  }
}

function linesOf(request: IncomingMessage, body: Buffer): unknown[] {
  if (request.headers['content-type'] !== 'application/x-ndjson') throw new Error('not NDJSON');
  const zipped = request.headers['content-encoding'] === 'gzip';
  const text = (zipped ? gunzipSync(body) : body).toString();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      try {
        return JSON.parse(line);
      } catch {
        return undefined;
      }
    });
}

function receipt(
  event: unknown,
  { events, repeats }: { events: Map<string, Recorded>; repeats: string[] },
) {
  const known = ['prompt', 'output', 'tool_call', 'api_call', 'file_operation', 'session', 'gap'];
  const { id, type, session_id } = (event ?? {}) as Record<string, unknown>;
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
  const wrong =
    !known.includes(String(type)) || typeof session_id !== 'string' || !uuid.test(String(id));
  if (wrong) {
    const { error } = fault('event.invalid', { field: 'type' });
    return { status: 'rejected', error } as const;
  }
  if (events.has(id as string)) {
    repeats.push(id as string);
    return { status: 'duplicate', id, index: 0 } as const;
  }
  events.set(id as string, event as Recorded);
  return { status: 'accepted', id, index: events.size - 1 } as const;
}

function reply(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body ?? {}));
}
