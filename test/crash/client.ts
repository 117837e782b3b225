/** A client of a real server: sends, reads, and keeps what it was told. */
import { Agent, request } from 'node:http';
import type { Receipt } from '../../src/trail/trail.ts';
import type { Account, Sent } from './account.ts';

export type Client = {
  /** Sends events in one request, and remembers the receipts; false where it was refused. */
  readonly send: (sent: readonly Sent[]) => Promise<boolean>;
  /** The answer, or undefined where there was none. */
  readonly get: (path: string) => Promise<Reply | undefined>;
  /** Reads a tenant's checkpoint, and remembers it. */
  readonly look: (tenant: string) => Promise<void>;
  readonly close: () => void;
};

export type Reply = { readonly status: number; readonly text: string };

export type ClientOptions = {
  readonly url: string;
  readonly token: string;
  readonly account: Account;
};

/** A server that is silent for this long hangs. */
const SILENCE_MS = 60_000;

export function openClient({ url, token, account }: ClientOptions): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const call = (path: string, body?: string) =>
    ask({ url: url + path, agent, token, body }).catch(() => undefined);
  return {
    async send(sent) {
      const one = sent.length === 1 ? sent[0] : sent;
      const reply = await call('/v1/events', JSON.stringify(one));
      if (reply?.status !== 200) return false;
      const { results } = JSON.parse(reply.text) as { results: Receipt[] };
      account.receive(sent, results);
      return results.every(({ status }) => status !== 'rejected');
    },
    get: (path) => call(path),
    async look(tenant) {
      const reply = await call(`/ledger/${tenant}/checkpoint`);
      if (reply?.status === 200) account.see(tenant, Buffer.from(reply.text));
    },
    close: () => agent.destroy(),
  };
}

type Asked = {
  readonly url: string;
  readonly agent: Agent;
  readonly token: string;
  readonly body: string | undefined;
};

function ask({ url, agent, token, body }: Asked): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const method = body === undefined ? 'GET' : 'POST';
    const sent = request(url, { method, agent, headers, timeout: SILENCE_MS }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk) => {
        text += chunk;
      });
      answer.on('error', reject);
      answer.on('close', () => {
        if (answer.complete) resolve({ status: answer.statusCode ?? 0, text });
        else reject(new Error('the answer was cut'));
      });
    });
    sent.on('timeout', () => sent.destroy(new Error('silence')));
    sent.on('error', reject);
    sent.end(body);
  });
}
