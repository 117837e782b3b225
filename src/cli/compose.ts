/** Puts a server together: configuration, trail, credentials, HTTP face, and the demo. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Fault } from '../fault/fault.ts';
import { openServer } from '../server/server.ts';
import { type Config, type ConfigInput, loadConfig } from '../trail/config.ts';
import { type Credentials, openCredentials } from '../trail/credential.ts';
import { openTrail } from '../trail/open.ts';
import type { Trail } from '../trail/trail.ts';
import { processCollector } from './collector.ts';
import type { Replayed } from './demo.ts';
import { version } from './version.ts';

export type Running = {
  /** As clients on this machine call it. */
  readonly url: string;
  /** The data folder, absolute. */
  readonly data: string;
  /** Where the administrator's token is kept. */
  readonly credentials: string;
  /** The administrator's token, on the very first start alone. */
  readonly token?: string;
  readonly replayed: readonly Replayed[];
  /** Others could read the file of credentials until this start. */
  readonly repaired: boolean;
  /** Everything acknowledged is durable when it resolves. */
  readonly close: () => Promise<void>;
};

export type StartOptions = ConfigInput & {
  readonly replay: 'demo' | 'nothing';
  /** Told of what fails in the background. */
  readonly onFault: (fault: Fault) => void;
};

/** Resolves when requests are answered; nothing stays open where it throws. */
export async function startServer(options: StartOptions): Promise<Running> {
  const config = loadConfig(options);
  const now = Date.now;
  const onIdle = processCollector();
  const trail = await openTrail({
    ...{ config, version: version(), now, onFault: options.onFault },
    ...(onIdle && { onIdle }),
  });
  try {
    return await serve(options, config, trail);
  } catch (error) {
    await trail.close().catch(() => undefined);
    throw error;
  }
}

async function serve(options: StartOptions, config: Config, trail: Trail): Promise<Running> {
  const { data } = await trail.status();
  const path = join(data, 'credentials.json');
  const credentials = await openCredentials({ path, now: Date.now, entropy: randomBytes });
  const replayed = options.replay === 'demo' ? await replay(trail) : [];
  const server = await listen(config, trail, credentials);
  return {
    url: local(server.url),
    data,
    credentials: path,
    ...(credentials.created && credentials.token !== undefined && { token: credentials.token }),
    replayed,
    repaired: credentials.repaired,
    close: async () => {
      await server.close();
      await trail.close();
    },
  };
}

async function replay(trail: Trail): Promise<readonly Replayed[]> {
  const { replayDemo } = await import('./demo.ts');
  return replayDemo(trail, Date.now());
}

function listen(config: Config, trail: Trail, credentials: Credentials) {
  const { host, port, tls_cert: cert, tls_key: key } = config;
  const { body_bytes, event_bytes, batch_events, inflight_bytes } = config;
  return openServer({
    ...{ trail, credentials, version: version(), host, port },
    limits: { body_bytes, event_bytes, batch_events, inflight_bytes },
    ledgerPublic: config.ledger_public,
    allowPlainHttp: config.allow_plain_http,
    ...(cert !== undefined && key !== undefined && { tls: { cert, key } }),
  });
}

/** An address that stands for all of them is no address to call. */
function local(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}
