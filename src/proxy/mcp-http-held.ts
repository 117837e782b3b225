/** Holds what is posted to an MCP server over HTTP until it is decided, and then passes it on. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fields } from '../adapter/mcp/message.ts';
import { decoded } from './decode.ts';
import { openGrowing } from './growing.ts';
import type { Hold } from './hold.ts';
import type { McpGate, Outcome } from './mcp-gate.ts';
import { openMerge } from './mcp-merge.ts';
import { eventText, unclearAnswer } from './mcp-refusal.ts';
import { MESSAGE_BYTES } from './mcp-watching.ts';

export type Post = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly gate: McpGate;
  readonly exchange: number;
  readonly forward: (what: Forwarded) => void;
  /** What came was not recorded, and does not go on. */
  readonly unread: (body: Buffer) => void;
  /** Nothing goes on: the exchange ends here. */
  readonly over: () => void;
};

export type Forwarded = {
  readonly body: Buffer;
  /** Whether its messages were recorded when they were judged. */
  readonly told: boolean;
  readonly hold?: Hold;
};

/** Never rejects. */
export async function holdPost(post: Post): Promise<void> {
  const { request, response, gate, exchange, forward, unread, over } = post;
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  if (request.headers.expect !== undefined) response.writeContinue();
  const body = await bodyOf(request);
  if (body === undefined) {
    say(response, 413, unclearAnswer('it is too long, or broke off'));
    return over();
  }
  const bytes = decoded(body, request.headers['content-encoding'], MESSAGE_BYTES);
  const stream = openStream(request, response);
  const judged =
    bytes && gate.judge({ bytes, exchange, signal: gone.signal, notify: stream.notify });
  if (judged?.kind === 'pass') return forward({ body, told: false });
  if (judged?.kind === 'held') {
    return settle(post, { body, stream, outcome: await judged.outcome });
  }
  if (judged?.kind === 'done') say(response, 202, []);
  else {
    unread(bytes ?? body);
    say(response, 400, judged?.answer ?? unclearAnswer('it is packed in an unknown way'));
  }
  over();
}

type Settling = {
  readonly body: Buffer;
  readonly stream: Stream;
  readonly outcome: Outcome;
};

function settle({ response, forward, over }: Post, { body, stream, outcome }: Settling): void {
  const { forward: left, whole, answers, batch } = outcome;
  if (left === undefined || response.destroyed) {
    if (stream.begun()) stream.end(answers);
    else if (answers.length === 0) say(response, 202, []);
    else say(response, 200, (batch ? answers : answers[0]) ?? []);
    over();
  } else if (whole && !stream.begun()) {
    forward({ body, told: true });
  } else {
    const hold = openMerge({ answers, batch, begun: stream.begun(), sent: left });
    forward({ body: whole ? body : left, told: true, hold });
  }
}

type Stream = {
  readonly notify: (notice: Fields) => void;
  readonly begun: () => boolean;
  readonly end: (answers: readonly Fields[]) => void;
};

/** Begun only where something has to be said before the answer, to a client that takes streams. */
function openStream({ headers }: IncomingMessage, response: ServerResponse): Stream {
  let begun = false;
  const takes = headers.accept?.includes('text/event-stream') === true;
  return {
    notify: (notice) => {
      if (!takes || response.destroyed || response.writableEnded) return;
      if (!begun) {
        const head = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' };
        response.writeHead(200, head);
      }
      begun = true;
      response.write(eventText(notice));
    },
    begun: () => begun,
    end: (answers) => response.end(answers.map(eventText).join('')),
  };
}

/** Undefined where it is too long, or did not come to its end. */
function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const kept = openGrowing();
  let size_bytes = 0;
  return new Promise((resolve) => {
    request.on('data', (chunk: Buffer) => {
      size_bytes += chunk.length;
      if (size_bytes <= MESSAGE_BYTES) kept.add(chunk);
      else kept.clear();
    });
    request.on('end', () =>
      resolve(size_bytes <= MESSAGE_BYTES ? Buffer.from(kept.bytes()) : undefined),
    );
    request.on('error', () => resolve(undefined));
    request.on('close', () => resolve(undefined));
  });
}

function say(response: ServerResponse, status: number, answers: Fields | readonly Fields[]): void {
  if (response.destroyed) return;
  const empty = Array.isArray(answers) && answers.length === 0;
  const body = empty ? '' : JSON.stringify(answers);
  response.writeHead(status, {
    ...(empty ? {} : { 'content-type': 'application/json' }),
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
