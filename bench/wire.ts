/** Posts to a server with as little work of its own as HTTP/1.1 allows: what waits is the server. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Server } from './server.ts';

export type Wire = {
  /** A request as it goes over the wire, made before anything is timed. */
  readonly ready: (path: string, json: string) => Buffer;
  /** The answer's body; rejects for any status but 200. On a connection that is free, or a new one. */
  readonly send: (request: Buffer) => Promise<Buffer>;
  readonly close: () => Promise<void>;
};

type Lane = { readonly socket: Socket; readonly send: (request: Buffer) => Promise<Buffer> };

export function openWire({ url, token }: Pick<Server, 'url' | 'token'>): Wire {
  const { hostname, port, host } = new URL(url);
  const lanes = new Set<Lane>();
  const idle: Lane[] = [];
  const open = (): Lane => {
    const lane = openLane(connect(Number(port), hostname), () => {
      lanes.delete(lane);
      const at = idle.indexOf(lane);
      if (at >= 0) idle.splice(at, 1);
    });
    lanes.add(lane);
    return lane;
  };
  return {
    ready: (path, json) => {
      const type = 'content-type: application/json';
      const length = `content-length: ${Buffer.byteLength(json)}`;
      const head = [`POST ${path} HTTP/1.1`, `host: ${host}`, `authorization: Bearer ${token}`];
      return Buffer.from([...head, type, length, '', json].join('\r\n'));
    },
    send: async (request) => {
      const lane = idle.pop() ?? open();
      const body = await lane.send(request);
      idle.push(lane);
      return body;
    },
    close: async () => {
      for (const { socket } of [...lanes]) {
        socket.destroy();
        await once(socket, 'close');
      }
    },
  };
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LENGTH = /\r\ncontent-length: (\d+)/i;

/** One request at a time. */
function openLane(socket: Socket, onClose: () => void): Lane {
  let answer = Promise.withResolvers<Buffer>();
  let heard: Buffer = Buffer.alloc(0);
  socket.setNoDelay(true);
  socket.on('data', (chunk) => {
    heard = heard.length === 0 ? chunk : Buffer.concat([heard, chunk]);
    const end = heard.indexOf(HEAD_END);
    if (end === -1) return;
    const head = heard.toString('latin1', 0, end);
    const bytes = Number(LENGTH.exec(head)?.[1] ?? Number.NaN);
    const body = heard.subarray(end + HEAD_END.length);
    if (body.length < bytes) return;
    heard = Buffer.alloc(0);
    if (head.startsWith('HTTP/1.1 200 ')) answer.resolve(body);
    else answer.reject(new Error(`${head}\n${body}`));
  });
  const gone = (error?: Error) => answer.reject(error ?? new Error('The connection was closed.'));
  socket.on('error', gone).on('close', () => {
    gone();
    onClose();
  });
  return {
    socket,
    send: (request) => {
      answer = Promise.withResolvers();
      socket.write(request);
      return answer.promise;
    },
  };
}
