/** The contract of what takes an answer in the client's stead, and decides what passes when. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { passing, type RawHeaders } from './header.ts';

export type Head = {
  readonly status: number;
  readonly words: string;
  readonly headers: RawHeaders;
};

/** The way to the client. Each may be called when the client is gone: then nothing happens. */
export type Outlet = {
  /** Once, first. Headers of the connection itself are left out. */
  readonly begin: (head: Head) => void;
  readonly write: (bytes: Buffer) => void;
  /** All was written: the answer is complete. */
  readonly end: () => void;
  /** The answer ends here, and the upstream is let go. */
  readonly refuse: (message: string) => void;
};

export type Holding = {
  readonly push: (chunk: Buffer) => void;
  /** The upstream's answer was complete. One that is cut is never ended. */
  readonly end: () => void;
};

/** Undefined for an answer that passes as it comes. */
export type Hold = (head: Head, outlet: Outlet) => Holding | undefined;

export function headOf({
  statusCode = 502,
  statusMessage = '',
  rawHeaders,
}: IncomingMessage): Head {
  return { status: statusCode, words: statusMessage, headers: rawHeaders };
}

/** `ended` is called once the answer is over; with a message where it was refused. */
export function outletTo(
  response: ServerResponse,
  incoming: IncomingMessage,
  ended: (message?: string) => void,
): Outlet {
  return {
    begin: ({ status, words, headers }) => {
      if (response.destroyed) return;
      response.sendDate = false;
      try {
        response.writeHead(status, words, passing(headers));
        response.flushHeaders();
      } catch {
        response.destroy();
        ended('Its answer has headers that HTTP forbids.');
        incoming.destroy();
      }
    },
    write: (bytes) => {
      if (!response.write(bytes)) incoming.pause();
    },
    end: () => {
      response.end();
      ended();
    },
    refuse: (message) => {
      response.end();
      ended(message);
      incoming.destroy();
    },
  };
}
