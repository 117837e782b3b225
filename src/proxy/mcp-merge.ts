/** Joins the answers of an MCP server with those that the proxy gives in its stead. */
import { type Fields, own } from '../adapter/mcp/message.ts';
import { isObject } from '../event/name.ts';
import { openGrowing } from './growing.ts';
import { headerMap, pairs } from './header.ts';
import type { Head, Hold, Holding, Outlet } from './hold.ts';
import { eventText } from './mcp-refusal.ts';
import { MESSAGE_BYTES } from './mcp-watching.ts';

export type MergeOptions = {
  /** Of the proxy. */
  readonly answers: readonly Fields[];
  readonly batch: boolean;
  /** A stream to the client has begun already: whatever comes becomes its events. */
  readonly begun: boolean;
  /** The messages that went to the server, as JSON. */
  readonly sent: Buffer;
};

export function openMerge(options: MergeOptions): Hold {
  const { begun, answers } = options;
  return (head, outlet) => {
    const headers = headerMap(head.headers);
    const kind = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
    const packed = headers.has('content-encoding');
    const streams = kind === 'text/event-stream' && !packed;
    if (begun) {
      if (!streams) return whole(options, head, outlet);
      outlet.write(Buffer.from(answers.map(eventText).join('')));
      return passing(outlet);
    }
    if (streams) {
      outlet.begin({ ...head, headers: without(head) });
      outlet.write(Buffer.from(answers.map(eventText).join('')));
      return passing(outlet);
    }
    const mixes = answers.length > 0 && head.status < 300 && !packed;
    return mixes ? whole(options, head, outlet) : undefined;
  };
}

function passing(outlet: Outlet): Holding {
  return { push: outlet.write, end: outlet.end };
}

function without({ headers }: Head): string[] {
  return pairs(headers)
    .filter(([name]) => !/^(?:content-length|content-type|content-encoding)$/i.test(name))
    .concat([['Content-Type', 'text/event-stream']])
    .flat();
}

function whole(options: MergeOptions, head: Head, outlet: Outlet): Holding {
  const { begun, answers, batch } = options;
  const kept = openGrowing();
  return {
    push: (chunk) => {
      if (kept.bytes().length + chunk.length <= MESSAGE_BYTES) kept.add(chunk);
    },
    end: () => {
      const came = messagesIn(kept.bytes()) ?? failures(options, head.status);
      const all = [...answers, ...came];
      if (begun) outlet.write(Buffer.from(all.map(eventText).join('')));
      else {
        const body = Buffer.from(JSON.stringify(batch ? all : all[0]));
        const type = ['Content-Type', 'application/json', 'Content-Length', `${body.length}`];
        const others = without(head).slice(0, -2);
        outlet.begin({ status: 200, words: 'OK', headers: [...others, ...type] });
        outlet.write(body);
      }
      outlet.end();
    },
  };
}

/** Undefined for what holds no message; an empty body holds none and need not. */
function messagesIn(bytes: Buffer): readonly Fields[] | undefined {
  if (bytes.length === 0) return [];
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    const all = Array.isArray(value) ? value : [value];
    return all.every((one) => isObject(one) && 'jsonrpc' in one) ? (all as Fields[]) : undefined;
  } catch {
    return undefined;
  }
}

const SERVER_ERROR = -32_603;

/** In a stream that began well, an error of HTTP can only be told as one of JSON-RPC. */
function failures({ sent }: MergeOptions, status: number): readonly Fields[] {
  const value: unknown = JSON.parse(sent.toString('utf8'));
  const all = Array.isArray(value) ? value : [value];
  const message = `The server answered with HTTP status ${status}.`;
  return all
    .filter((one) => isObject(one) && Object.hasOwn(one, 'id') && Object.hasOwn(one, 'method'))
    .map((one) => ({ jsonrpc: '2.0', id: own(one, 'id'), error: { code: SERVER_ERROR, message } }));
}
