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
  let size = 0;
  for await (const line of lines(chunks)) {
    if (line === '') {
      if (data.length > 0) yield { event: event || 'message', data: data.join('\n') };
      event = '';
      data = [];
      size = 0;
    } else if (line.startsWith('event:')) event = value(line);
    else if (line.startsWith('data:')) {
      data.push(value(line));
      size = checkSize(size + line.length);
    }
  }
}

/** What has no end yet is kept in pieces: joined at each chunk, a long line would take for ever. */
async function* lines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let pieces: string[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    const [first = '', ...others] = decoder.decode(chunk, { stream: true }).split('\n');
    pieces.push(first);
    size = checkSize(size + first.length);
    for (const next of others) {
      yield pieces.join('').replace(/\r$/, '');
      pieces = [next];
      size = next.length;
    }
  }
}

function checkSize(size: number): number {
  if (size > EVENT_CHARS) throw new RangeError('a server-sent event is too long');
  return size;
}

function value(line: string): string {
  const text = line.slice(line.indexOf(':') + 1);
  return text.startsWith(' ') ? text.slice(1) : text;
}
