/** Holds a model's answer where it asks for tools, until each of them is decided. */
import { decoderOf, isPacked, unpacked } from './decode.ts';
import { openGrowing } from './growing.ts';
import { headerMap, pairs, type RawHeaders } from './header.ts';
import type { Head, Hold, Holding, Outlet } from './hold.ts';
import { type ModelHoldOptions, openModelLine, TOO_LONG, undecidedText } from './model-line.ts';

/** An answer that is no success says what went wrong, and asks for nothing. */
export function openModelHold(options: ModelHoldOptions): Hold {
  return (head, outlet) => {
    if (head.status < 200 || head.status > 299) return undefined;
    const type = headerMap(head.headers).get('content-type')?.toLowerCase() ?? '';
    return type.includes('event-stream')
      ? streamed(options, head, outlet)
      : whole(options, head, outlet);
  };
}

function whole(options: ModelHoldOptions, head: Head, outlet: Outlet): Holding {
  const { strip, limit_bytes } = options;
  const kept = openGrowing();
  let over = false;
  const refuse = (error: unknown) => {
    over = true;
    const message = undecidedText(error);
    const body = Buffer.from(JSON.stringify(strip.error(502, message)));
    const headers = ['Content-Type', 'application/json', 'Content-Length', `${body.length}`];
    outlet.begin({ status: 502, words: 'Bad Gateway', headers });
    outlet.write(body);
    outlet.refuse(message);
  };
  return {
    push: (chunk) => {
      if (over) return;
      if (kept.bytes().length + chunk.length > limit_bytes) refuse(TOO_LONG);
      else kept.add(chunk);
    },
    end: () => {
      if (over) return;
      const body = Buffer.from(kept.bytes());
      rewritten(options, head, body).then((changed) => {
        const length = ['Content-Length', `${changed?.length}`];
        const headers = changed ? [...without(head.headers, CHANGED), ...length] : head.headers;
        outlet.begin({ ...head, headers });
        outlet.write(changed ?? body);
        outlet.end();
      }, refuse);
    },
  };
}

/** Undefined where every byte stays. */
async function rewritten(
  { strip, decide, limit_bytes }: ModelHoldOptions,
  { headers }: Head,
  body: Buffer,
): Promise<Buffer | undefined> {
  if (body.length === 0) return undefined;
  const bytes = await unpacked(body, headerMap(headers).get('content-encoding'), limit_bytes);
  const part = strip.whole(JSON.parse(bytes.toString('utf8')));
  const { answer_id } = part;
  const refused = await Promise.all(
    part.calls.map((call, place) => decide({ call, place, answer_id })),
  );
  const changed = part.without(refused);
  return changed === undefined ? undefined : Buffer.from(JSON.stringify(changed));
}

/** Headers that speak of the bytes as the upstream sent them. */
const CHANGED = ['content-length', 'content-encoding', 'content-md5', 'digest', 'etag'];

function without(headers: RawHeaders, names: readonly string[]): string[] {
  return pairs(headers)
    .filter(([name]) => !names.includes(name.toLowerCase()))
    .flat();
}

function streamed(options: ModelHoldOptions, head: Head, outlet: Outlet): Holding {
  const encoding = headerMap(head.headers).get('content-encoding');
  outlet.begin({ ...head, headers: without(head.headers, CHANGED) });
  const line = openModelLine(options, outlet);
  if (!isPacked(encoding)) return line;
  const unpack = decoderOf(encoding);
  if (!unpack) {
    line.fail(new Error('The answer cannot be decided: it is packed in an unknown way.'));
    return { push: () => {}, end: () => {} };
  }
  unpack.on('data', line.push).on('error', line.fail).on('end', line.end);
  return { push: (chunk) => unpack.write(chunk), end: () => unpack.end() };
}
