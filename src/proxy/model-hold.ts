/** Holds a model's answer where it asks for tools, until each of them is decided. */
import type { Asked } from '../adapter/model/api.ts';
import { decoderOf, isPacked, unpacked } from './decode.ts';
import { openGrowing } from './growing.ts';
import { headerMap, pairs, type RawHeaders } from './header.ts';
import type { Head, Hold, Holding, Outlet } from './hold.ts';
import { type Frame, openFrames } from './strip/frame.ts';
import type { Step, Strip } from './strip/strip.ts';

export type ModelHoldOptions = {
  readonly strip: Strip;
  /** What stands in its place where it is refused. Never rejects. */
  readonly decide: (asked: Request) => Promise<string | undefined>;
  /** Bytes of one answer that are held back at once. */
  readonly limit_bytes: number;
};

export type Request = {
  readonly call: Asked;
  /** Among all calls of the answer. */
  readonly place: number;
  readonly answer_id: string | undefined;
};

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
    const message = messageOf(error);
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

const TOO_LONG = new Error('The answer cannot be decided: it is too long to be held.');

function streamed(options: ModelHoldOptions, head: Head, outlet: Outlet): Holding {
  const encoding = headerMap(head.headers).get('content-encoding');
  outlet.begin({ ...head, headers: without(head.headers, CHANGED) });
  const line = openLine(options, outlet);
  if (!isPacked(encoding)) return line;
  const unpack = decoderOf(encoding);
  if (!unpack) {
    line.fail(new Error('The answer cannot be decided: it is packed in an unknown way.'));
    return { push: () => {}, end: () => {} };
  }
  unpack.on('data', line.push).on('error', line.fail).on('end', line.end);
  return { push: (chunk) => unpack.write(chunk), end: () => unpack.end() };
}

type Line = Holding & { readonly fail: (error: unknown) => void };

/** Everything goes on in the order in which it came: what follows a held event waits with it. */
function openLine({ strip, decide, limit_bytes }: ModelHoldOptions, outlet: Outlet): Line {
  const frames = openFrames();
  const events = strip.stream();
  let tail = Promise.resolve();
  let waiting = 0;
  let places = 0;
  let held_bytes = 0;
  let over = false;
  const fail = (error: unknown) => {
    if (over) return;
    over = true;
    const message = messageOf(error);
    outlet.write(Buffer.from(strip.errorEvent(message)));
    outlet.refuse(message);
  };
  const write = (step: Step, refused: readonly (string | undefined)[]) => {
    if (over) return;
    const bytes = Buffer.concat(step.frames.map(({ raw }) => raw));
    held_bytes -= bytes.length;
    const changed = step.without?.(refused);
    outlet.write(changed === undefined ? bytes : Buffer.from(changed));
  };
  const queue = (step: Step) => {
    const { calls, answer_id } = step;
    if (waiting === 0 && calls.length === 0) return write(step, []);
    waiting++;
    const decided = calls.map((call) => decide({ call, place: places++, answer_id }));
    tail = tail
      .then(async () => write(step, await Promise.all(decided)))
      .catch(fail)
      .finally(() => waiting--);
  };
  const take = (frame: Frame | undefined) => {
    const step = frame === undefined ? undefined : events.push(frame);
    if (step !== undefined) queue(step);
  };
  const guarded = (act: () => void) => {
    try {
      if (!over) act();
    } catch (error) {
      // What was decided before still goes first.
      tail = tail.then(() => fail(error));
      if (waiting === 0) fail(error);
    }
  };
  return {
    fail,
    push: (chunk) =>
      guarded(() => {
        held_bytes += chunk.length;
        if (held_bytes > limit_bytes) throw TOO_LONG;
        for (const frame of frames.push(chunk)) take(frame);
      }),
    end: () =>
      guarded(() => {
        take(frames.rest());
        const last = events.end();
        if (last !== undefined) queue(last);
        if (waiting === 0) outlet.end();
        else tail = tail.then(() => void (over || outlet.end()));
      }),
  };
}

function messageOf(error: unknown): string {
  const why = error instanceof Error ? error.message : 'it failed';
  return `Claw's model proxy refused the answer, which nobody could decide. ${why}`.slice(0, 500);
}
