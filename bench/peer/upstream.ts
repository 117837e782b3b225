/** What proxies are measured against: a model that streams, and MCP servers, over HTTP and stdio. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { parentPort } from 'node:worker_threads';

/** Pieces of a streamed answer after the first. */
const PIECES = 20;

if (parentPort === null) serveLines();
else serveHttp((url) => parentPort?.postMessage(url));

function serveHttp(ready: (url: string) => void): void {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(request, response, Buffer.concat(chunks).toString()));
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', () => {
    ready(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
}

function answer({ url }: IncomingMessage, response: ServerResponse, body: string): void {
  if (url === '/v1/messages') {
    if (body.includes('"stream":true')) streamMessage(response);
    else askForTool(response);
  } else if (url === '/mcp') {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(resultOf(JSON.parse(body))));
  } else response.end('ok');
}

/** As the Messages API streams: the first event at once, the others as they come. */
function streamMessage(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const usage = { input_tokens: 1200, output_tokens: 1 };
  const message = { id: 'msg_bench', type: 'message', role: 'assistant', model: 'm', usage };
  send(response, { type: 'message_start', message: { ...message, content: [] } });
  const text = { type: 'text', text: '' };
  send(response, { type: 'content_block_start', index: 0, content_block: text });
  for (let i = 0; i < PIECES; i++) {
    const delta = { type: 'text_delta', text: 'some words of the answer ' };
    send(response, { type: 'content_block_delta', index: 0, delta });
  }
  send(response, { type: 'content_block_stop', index: 0 });
  const delta = { stop_reason: 'end_turn' };
  send(response, { type: 'message_delta', delta, usage: { output_tokens: 80 } });
  send(response, { type: 'message_stop' });
  response.end();
}

let asked = 0;

/** Each asks for a call of its own. */
function askForTool(response: ServerResponse): void {
  asked++;
  const input = { command: `ls /srv/${asked}` };
  const content = [{ type: 'tool_use', id: `toolu_bench_${asked}`, name: 'Bash', input }];
  const usage = { input_tokens: 1200, output_tokens: 80 };
  const message = { id: `msg_bench_${asked}`, type: 'message', role: 'assistant', model: 'm' };
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ ...message, content, stop_reason: 'tool_use', usage }));
}

function send(response: ServerResponse, event: Readonly<Record<string, unknown>>): void {
  response.write(`event: ${event['type']}\ndata: ${JSON.stringify(event)}\n\n`);
}

function serveLines(): void {
  createInterface({ input: process.stdin }).on('line', (line) => {
    process.stdout.write(`${JSON.stringify(resultOf(JSON.parse(line)))}\n`);
  });
}

function resultOf({ id }: { readonly id?: unknown }): object {
  return { jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: 'read '.repeat(50) }] } };
}
