/** The reader's terminal: every piece of text is made printable here before it gets its colour. */
import { createInterface } from 'node:readline/promises';
import type { SingleBar } from 'cli-progress';
import { printable } from '../../search/safe.ts';
import { type Column, openPaint, type Piece } from './piece.ts';
import { truncate } from './width.ts';

export type Progress = {
  readonly at: (done: number, total?: number) => void;
  readonly stop: () => void;
};

export type Terminal = {
  /** Columns of the output; Infinity where it is not a terminal: nothing is cut in a pipe. */
  readonly columns: number;
  /** Somebody is there to answer a question. */
  readonly interactive: boolean;
  /** A line of the answer, on standard output. */
  readonly line: (...pieces: readonly Piece[]) => void;
  /** A remark about the answer, on standard error. */
  readonly note: (...pieces: readonly Piece[]) => void;
  /** One JSON value on one line, safe on a terminal. */
  readonly json: (value: unknown) => void;
  readonly table: (
    columns: readonly Column[],
    rows: readonly (readonly Piece[])[],
  ) => Promise<void>;
  /** Bytes as they are, for exports and scripts; resolves when they are taken. */
  readonly raw: (chunk: string | Uint8Array) => Promise<void>;
  /** A bar on standard error, where that is a terminal. */
  readonly progress: (label: string, total: number) => Promise<Progress>;
  readonly ask: (question: string) => Promise<string>;
};

export type TerminalOptions = {
  readonly env: NodeJS.ProcessEnv;
  /** `never` overrides what the environment says. */
  readonly color: 'auto' | 'never';
};

export function openTerminal({ env, color }: TerminalOptions): Terminal {
  const { stdout, stderr, stdin } = process;
  // A reader who has seen enough (`| head`) is no error.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  const mode = (stream: NodeJS.WriteStream) =>
    color === 'auto' && coloured(stream, env) ? 'coloured' : 'plain';
  const out = openPaint(mode(stdout));
  const err = openPaint(mode(stderr));
  const columns = stdout.isTTY ? (stdout.columns ?? 80) : Number.POSITIVE_INFINITY;
  const line = (...pieces: readonly Piece[]) => {
    stdout.write(`${pieces.map(out).join('').trimEnd()}\n`);
  };
  return {
    columns,
    interactive: stdin.isTTY === true && stderr.isTTY === true,
    line,
    note: (...pieces) => {
      stderr.write(`${pieces.map(err).join('').trimEnd()}\n`);
    },
    json: (value) => {
      stdout.write(`${jsonText(value)}\n`);
    },
    table: async (heads, rows) => {
      const { renderTable } = await import('./table.ts');
      stdout.write(renderTable({ heads, rows, columns, paint: out }));
    },
    raw: (chunk) => take(stdout, chunk),
    progress: (label, total) => (stderr.isTTY ? bar(label, total) : Promise.resolve(SILENT)),
    ask: async (question) => {
      const reader = createInterface({ input: stdin, output: stderr });
      try {
        return await reader.question(question);
      } finally {
        reader.close();
      }
    },
  };
}

/**
 * JSON that a terminal may show: control, bidirectional and invisible characters that JSON leaves
 * as they are become `\u` escapes, which mean the same to every program.
 */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(
    /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function coloured(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): boolean {
  if (env['NO_COLOR']) return false;
  if (env['FORCE_COLOR']) return env['FORCE_COLOR'] !== '0';
  return stream.isTTY === true && env['TERM'] !== 'dumb';
}

function take(stream: NodeJS.WriteStream, chunk: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(chunk, (error) => (error ? reject(error) : resolve()));
  });
}

const SILENT: Progress = { at: () => {}, stop: () => {} };

async function bar(label: string, total: number): Promise<Progress> {
  const { default: progress } = await import('cli-progress');
  const title = truncate(printable(label), 40);
  const shown: SingleBar = new progress.SingleBar({
    format: `${title} {bar} {percentage}% · {value}/{total} · {eta_formatted}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    stream: process.stderr,
  });
  shown.start(total, 0);
  return {
    at: (done, most) => {
      if (most !== undefined) shown.setTotal(most);
      shown.update(done);
    },
    stop: () => shown.stop(),
  };
}
