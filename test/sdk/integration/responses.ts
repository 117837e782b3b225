/** A loopback server that answers the Responses API of OpenAI from a script, streamed or not. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Item = Readonly<Record<string, unknown>>;

/** What the model does next: speak, call functions, or fail with a status. */
export type Turn = readonly Item[] | { readonly status: number };

export const speech = (text: string): Item => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text, annotations: [] }],
});

export const call = (call_id: string, name: string, args: unknown = {}): Item => ({
  id: `fc_${call_id}`,
  type: 'function_call',
  status: 'completed',
  call_id,
  name,
  arguments: JSON.stringify(args),
});

export async function startResponses(script: Turn[]) {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text) => {
      body += text;
    });
    request.on('end', () => {
      const turn = script.shift() ?? [speech('The script is over.')];
      if ('status' in turn) {
        response.writeHead(turn.status, { 'content-type': 'application/json' });
        response.end('{"error":{"message":"refused by the script","type":"server_error"}}');
      } else answer(response, turn, JSON.parse(body).stream === true);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

type Writable = import('node:http').ServerResponse;

function answer(response: Writable, output: readonly Item[], stream: boolean): void {
  const whole = {
    id: 'resp_1',
    object: 'response',
    created_at: 0,
    status: 'completed',
    model: 'gpt-x',
    output,
    usage: {
      input_tokens: 10,
      output_tokens: 5,
      total_tokens: 15,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens_details: { reasoning_tokens: 0 },
    },
  };
  if (!stream) {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(whole));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const events = [
    { type: 'response.created', response: { ...whole, status: 'in_progress', output: [] } },
    { type: 'response.completed', response: whole },
  ];
  for (const [i, event] of events.entries()) {
    response.write(
      `event: ${event.type}\ndata: ${JSON.stringify({ sequence_number: i, ...event })}\n\n`,
    );
  }
  response.end();
}
