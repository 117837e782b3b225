/** Cuts a stream of server-sent events (WHATWG HTML §9.2) into events, each with its own bytes. */
import { openGrowing } from '../growing.ts';

export type Frame = {
  /** All of it, with the blank line at its end. */
  readonly raw: Buffer;
  readonly event: string | undefined;
  /** Lines of data joined; undefined where there is none. */
  readonly data: string | undefined;
};

export type FrameReader = {
  readonly push: (chunk: Buffer) => readonly Frame[];
  /** What came after the last blank line: some clients take it for an event, too. */
  readonly rest: () => Frame | undefined;
};

const LF = 0x0a;
const CR = 0x0d;

export function openFrames(): FrameReader {
  const kept = openGrowing();
  /** Whether a line has begun, and whether the last byte was a CR whose LF may follow. */
  let begun = false;
  let returned = false;
  return {
    push: (chunk) => {
      const found: Frame[] = [];
      let from = 0;
      for (let at = 0; at < chunk.length; at++) {
        const byte = chunk[at];
        const joined = byte === LF && returned;
        returned = byte === CR;
        if (joined) continue;
        if (byte !== LF && byte !== CR) {
          begun = true;
          continue;
        }
        if (begun) {
          begun = false;
          continue;
        }
        // The LF of a blank line's CR goes with it, where it is there.
        const end = byte === CR && chunk[at + 1] === LF ? at + 2 : at + 1;
        kept.add(chunk.subarray(from, end));
        found.push(frameOf(Buffer.from(kept.bytes())));
        kept.clear();
        from = end;
      }
      kept.add(chunk.subarray(from));
      return found;
    },
    rest: () => (kept.bytes().length === 0 ? undefined : frameOf(Buffer.from(kept.bytes()))),
  };
}

function frameOf(raw: Buffer): Frame {
  let event: string | undefined;
  const data: string[] = [];
  for (const line of raw.toString('utf8').split(/\r\n|\n|\r/)) {
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1));
    if (name === 'data') data.push(value);
    else if (name === 'event') event = value;
  }
  return { raw, event, data: data.length === 0 ? undefined : data.join('\n') };
}

/** An event of our own, or one that lost a part. */
export function frameText(event: string | undefined, data: unknown): string {
  const head = event === undefined || /[\r\n]/.test(event) ? '' : `event: ${event}\n`;
  return `${head}data: ${JSON.stringify(data)}\n\n`;
}
