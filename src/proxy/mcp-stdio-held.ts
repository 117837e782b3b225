/** Relays MCP over stdio line by line, and holds what has to be decided; the rest goes on. */
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { Fields } from '../adapter/mcp/message.ts';
import { openGrowing } from './growing.ts';
import { HEAD_BYTES } from './line.ts';
import type { McpGate } from './mcp-gate.ts';
import { unclearAnswer } from './mcp-refusal.ts';
import { MESSAGE_BYTES, type Watching } from './mcp-watching.ts';

export type HeldRelay = {
  /** The client's end, and the server's. */
  readonly input: Readable;
  readonly output: Writable;
  readonly stdin: Writable;
  readonly said: Readable;
  readonly watching: Watching;
  readonly gate: McpGate;
};

const LF = 0x0a;
const CR = 0x0d;
/** Bytes of calls that are held at once. */
const HELD_BYTES = 4 * MESSAGE_BYTES;
const HELD = 1000;

/** Both directions end as without us. Gives what ends all that is still held. */
export function relayHeld(options: HeldRelay): () => void {
  const { input, output, stdin, said, watching } = options;
  const gone = new AbortController();
  output.on('close', () => gone.abort());
  const tell = (message: Fields) => output.write(`${JSON.stringify(message)}\n`);
  const send = openSender(options, { signal: gone.signal, tell });
  lines(input, {
    target: stdin,
    line: send.line,
    tooLong: (head, size_bytes) => {
      watching.tooLong('client', { head, size_bytes });
      tell(unclearAnswer('it is too long'));
    },
    end: send.end,
  });
  lines(said, {
    target: output,
    line: (raw, bytes) => {
      output.write(raw);
      if (bytes.length > 0) watching.bytes('server', bytes);
    },
    // Only what is held must be read: the server's own words pass, however long.
    tooLong: (head, size_bytes) => watching.tooLong('server', { head, size_bytes }),
    passLong: (piece) => output.write(piece),
    end: () => {},
  });
  return () => gone.abort();
}

type Sending = { readonly signal: AbortSignal; readonly tell: (message: Fields) => void };

function openSender({ stdin, watching, gate }: HeldRelay, { signal, tell }: Sending) {
  let held = 0;
  let held_bytes = 0;
  let ended = false;
  const write = (bytes: Buffer) => {
    if (!stdin.writableEnded) stdin.write(bytes);
  };
  const judged = (raw: Buffer, bytes: Buffer) => {
    // Some servers end a line at a CR, too: what follows would be a message of its own.
    if (bytes.includes(CR)) return tell(unclearAnswer('it holds a carriage return'));
    const verdict = gate.judge({ bytes, signal, notify: tell });
    if (verdict.kind === 'refused') {
      watching.bytes('client', bytes);
      tell(verdict.answer);
    } else if (verdict.kind === 'pass') {
      write(raw);
      watching.bytes('client', bytes);
    } else if (verdict.kind === 'held') {
      held++;
      held_bytes += raw.length;
      void verdict.outcome.then(({ forward, whole, answers }) => {
        held--;
        held_bytes -= raw.length;
        for (const answer of answers) tell(answer);
        const line = whole ? raw : Buffer.concat([forward ?? raw, Buffer.from('\n')]);
        if (forward !== undefined && !signal.aborted) write(line);
        if (ended && held === 0) stdin.end();
      });
    }
  };
  return {
    line: (raw: Buffer, bytes: Buffer) => {
      if (bytes.length === 0) write(raw);
      else if (held >= HELD || held_bytes > HELD_BYTES) tell(unclearAnswer('too much is held'));
      else judged(raw, bytes);
    },
    /** A client that says no more may still read what comes of what it said. */
    end: () => {
      ended = true;
      if (held === 0) stdin.end();
    },
  };
}

type Lines = {
  /** What is waited for where it takes no more. */
  readonly target: Writable;
  /** `raw` with its end, `bytes` without. */
  readonly line: (raw: Buffer, bytes: Buffer) => void;
  readonly tooLong: (head: Buffer, size_bytes: number) => void;
  /** Pieces of a line that is too long; without it, it is left out. */
  readonly passLong?: (piece: Buffer) => void;
  readonly end: () => void;
};

function lines(source: Readable, { target, line, tooLong, passLong, end }: Lines): void {
  const kept = openGrowing();
  let long_bytes = 0;
  let head = Buffer.alloc(0);
  const take = (piece: Buffer, ended: boolean) => {
    if (long_bytes === 0 && kept.bytes().length + piece.length > MESSAGE_BYTES) {
      head = Buffer.from(kept.bytes().subarray(0, HEAD_BYTES));
      long_bytes = kept.bytes().length;
      passLong?.(Buffer.from(kept.bytes()));
      kept.clear();
    }
    if (long_bytes > 0) {
      long_bytes += piece.length;
      passLong?.(piece);
      if (!ended) return;
      tooLong(head, long_bytes);
      long_bytes = 0;
      return;
    }
    kept.add(piece);
    if (ended) flush();
  };
  const flush = () => {
    const raw = Buffer.from(kept.bytes());
    kept.clear();
    const body = raw.at(-1) === LF ? raw.subarray(0, -1) : raw;
    line(raw, body.at(-1) === CR ? body.subarray(0, -1) : body);
  };
  source.on('data', (chunk: Buffer) => {
    let at = 0;
    for (let to = chunk.indexOf(LF); to >= 0; to = chunk.indexOf(LF, at)) {
      take(chunk.subarray(at, to + 1), true);
      at = to + 1;
    }
    if (at < chunk.length) take(chunk.subarray(at), false);
    if (!target.writableNeedDrain) return;
    source.pause();
    void once(target, 'drain').then(
      () => source.resume(),
      () => {},
    );
  });
  source.on('end', () => {
    if (kept.bytes().length > 0) flush();
    end();
  });
  source.on('error', end);
}
