/** One POST whose answer counts: status, headers and the whole body, over a bare connection. */
import { connect, type Post, requestOf } from './post.ts';

export type Reply = {
  readonly status: number;
  /** By name in lower case; the values of a name that came twice are joined by a comma. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
};

/** `away`: no answer; `late`: none in time; `wrong`: none of HTTP's, or cut off, or too long. */
export type Missing = 'away' | 'late' | 'wrong';

/** An answer of Claw's is some kilobytes. */
const REPLY_BYTES = 256 * 1024;

export function question(url: URL, posted: Post): Promise<Reply | Missing> {
  const left_ms = posted.ends_at - performance.now();
  const request = requestOf(url, posted);
  if (request === undefined) return Promise.resolve('away');
  if (left_ms <= 0) return Promise.resolve('late');
  return new Promise((resolve) => {
    const socket = connect(url);
    let text = '';
    const end = (result: Reply | Missing) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => end('late'), left_ms);
    const over = () => end(replyIn(text, true) ?? (text === '' ? 'away' : 'wrong'));
    socket.setEncoding('latin1').on('data', (more: string) => {
      text += more;
      const reply = replyIn(text, false);
      if (reply !== undefined) end(reply);
      else if (text.length > REPLY_BYTES) end('wrong');
    });
    socket.once('close', over);
    socket.on('error', over);
    socket.write(request);
  });
}

/** The answer (RFC 9112) once it is whole; `ended`: nothing more will come. */
function replyIn(text: string, ended: boolean): Reply | 'wrong' | undefined {
  const at = text.indexOf('\r\n\r\n');
  if (at < 0) return undefined;
  const [first = '', ...lines] = text.slice(0, at).split('\r\n');
  const rest = text.slice(at + 4);
  const status = Number(/^HTTP\/1\.[01] ([1-9]\d\d)(?: |$)/.exec(first)?.[1] ?? 0);
  if (status === 0) return 'wrong';
  if (status < 200) return replyIn(rest, ended);
  const headers = headersIn(lines);
  if (headers === undefined) return 'wrong';
  const body = bodyIn(rest, headers, ended);
  if (body === 'wrong' || body === undefined) return body;
  return { status, headers, body: Buffer.from(body.whole, 'latin1').toString('utf8') };
}

function headersIn(lines: readonly string[]): ReadonlyMap<string, string> | undefined {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    if (colon < 1 || !/^[\w!#$%&'*+.^`|~-]+$/.test(name)) return undefined;
    const value = line.slice(colon + 1).trim();
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before},${value}`);
  }
  return headers;
}

type Headers = ReadonlyMap<string, string>;
type Body = { readonly whole: string } | 'wrong' | undefined;

function bodyIn(rest: string, headers: Headers, ended: boolean): Body {
  const coding = headers.get('transfer-encoding');
  if (coding !== undefined) return coding.toLowerCase() === 'chunked' ? chunks(rest) : 'wrong';
  const length = headers.get('content-length');
  if (length === undefined) return ended ? { whole: rest } : undefined;
  if (!/^\d{1,9}$/.test(length)) return 'wrong';
  return rest.length < Number(length) ? undefined : { whole: rest.slice(0, Number(length)) };
}

function chunks(text: string): Body {
  let whole = '';
  for (let at = 0; ; ) {
    const line = text.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = /^([0-9a-fA-F]{1,6})(?:;|$)/.exec(text.slice(at, line).trim())?.[1];
    if (size === undefined) return 'wrong';
    const bytes = Number.parseInt(size, 16);
    if (bytes === 0) return { whole };
    const from = line + 2;
    if (text.length < from + bytes + 2) return undefined;
    if (text.slice(from + bytes, from + bytes + 2) !== '\r\n') return 'wrong';
    whole += text.slice(from, from + bytes);
    at = from + bytes + 2;
  }
}
