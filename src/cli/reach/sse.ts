/** Reads server-sent events (WHATWG HTML §9.2) out of a stream of bytes. */

export type ServerEvent = { readonly event: string; readonly data: string };

/** Characters of one event: one recorded row and room to spare. */
const EVENT_CHARS = 64 * 1024 * 1024;

/** Events as they come; comments (heartbeats) are passed over. Throws above the limit of size. */
export async function* serverEvents(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<ServerEvent> {
  let event = '';
  let data: string[] = [];
  for await (const line of lines(chunks)) {
    if (line === '') {
      if (data.length > 0) yield { event: event || 'message', data: data.join('\n') };
      event = '';
      data = [];
    } else if (line.startsWith('event:')) event = value(line);
    else if (line.startsWith('data:')) data.push(value(line));
  }
}

async function* lines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split(/\r\n|\n/);
    rest = parts.pop() ?? '';
    if (rest.length > EVENT_CHARS) throw new RangeError('a server-sent event is too long');
    yield* parts;
  }
}

function value(line: string): string {
  const text = line.slice(line.indexOf(':') + 1);
  return text.startsWith(' ') ? text.slice(1) : text;
}
