/** Running the server: health, metrics, names, closing, and where it may listen. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { Fault } from '../../src/fault/fault.ts';
import { healthSchema, statusSchema } from '../../src/server/answer.ts';
import { openServer } from '../../src/server/server.ts';
import type { Trail } from '../../src/trail/trail.ts';
import { eventually, openRig, type Rig } from './rig.ts';
import type { OpenTrail } from './suite.ts';

export function operateSuite(name: string, openTrail: OpenTrail): void {
  describe(`operating ${name}`, () => {
    let rig: Rig;
    before(async () => {
      rig = await openRig(openTrail);
    });
    after(() => rig.close());

    test('health is ok while events can be recorded', async () => {
      const reply = await rig.send('/healthz');
      assert.equal(reply.status, 200);
      assert.deepEqual(healthSchema.parse(reply.body), {
        status: 'ok',
        version: '1.2.3',
        journal: 'open',
        index: 'open',
      });
    });

    test('the status fits its schema, for an operator with the data folder', async () => {
      const reply = await rig.send('/v1/status', { token: rig.operator });
      assert.equal(typeof statusSchema.parse(reply.body).data, 'string');
    });

    test('metrics count requests, events and what the trail says of itself', async () => {
      const body = [{ type: 'prompt', session_id: 's' }, {}];
      await rig.send('/v1/events', { token: rig.recorder, body });
      const { text, headers } = await eventually(
        () => rig.send('/metrics'),
        (reply) => reply.text.includes('claw_ledger_size{tenant="acme"}'),
      );
      assert.match(headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
      for (const line of [
        'claw_events_total{outcome="accepted",code=""} 1',
        'claw_events_total{outcome="rejected",code="event.invalid"} 1',
        'claw_journal_state{state="open"} 1',
        'claw_up 1',
      ]) {
        assert.ok(text.includes(`${line}\n`), line);
      }
      assert.match(
        text,
        /duration_seconds_count{method="POST",route="\/v1\/events",status="200"} 1/,
      );
    });

    test('unknown routes and wrong methods are faults like any other', async () => {
      const unknown = await rig.send('/v2/nothing');
      assert.deepEqual([unknown.status, unknown.body.error.code], [404, 'request.not_found']);
      for (const method of ['PUT', 'PATCH', 'OPTIONS', 'DELETE']) {
        const reply = await rig.send('/v1/events', { method });
        assert.deepEqual([reply.status, reply.body.error.code], [405, 'request.method']);
        assert.equal(reply.headers.get('allow'), 'POST, GET');
      }
      const bad = await rig.send('/v1/events/%zz', { token: rig.viewer });
      assert.deepEqual([bad.status, bad.body.error.code], [400, 'request.invalid']);
    });

    test('every answer forbids sniffing and storing, and lets no other origin in', async () => {
      for (const path of ['/healthz', '/nothing', '/v1/events', '/v1/events/%zz']) {
        const { headers } = await rig.send(path, { headers: { origin: 'https://evil.example' } });
        assert.equal(headers.get('x-content-type-options'), 'nosniff', path);
        assert.equal(headers.get('cache-control'), 'no-store', path);
        assert.equal(headers.get('access-control-allow-origin'), null, path);
      }
    });

    test('on loopback, a name that is not ours is refused (DNS rebinding)', async () => {
      const statusFor = async (host: string) => {
        const text = await rig.raw(
          `GET /healthz HTTP/1.1\r\n${host === '' ? '' : `Host: ${host}\r\n`}Connection: close\r\n\r\n`,
        );
        return Number(text.split(' ')[1]);
      };
      for (const host of ['localhost', '127.0.0.1:4620', '[::1]:4620', 'claw.localhost']) {
        assert.equal(await statusFor(host), 200, host);
      }
      for (const host of ['evil.example', '127.0.0.1.evil.example', '10.0.0.1:4620']) {
        assert.equal(await statusFor(host), 403, host);
      }
      assert.equal(await statusFor(''), 400);
    });
  });

  closingSuite(name, openTrail);
  listeningSuite(openTrail);
}

function closingSuite(name: string, openTrail: OpenTrail): void {
  describe(`failing and closing ${name}`, () => {
    test('a bug is told by its number alone: no message, no path, no stack', async () => {
      const lines: string[] = [];
      const log = { level: 'error', stream: { write: (line: string) => void lines.push(line) } };
      const broken = async (): Promise<Trail> => ({
        ...(await openTrail()),
        search: async () => {
          throw new Error('ENOENT /secret/path');
        },
      });
      const rig = await openRig(broken, { log });
      const reply = await rig.send('/v1/events', { token: rig.viewer });
      assert.equal(reply.status, 500);
      assert.equal(reply.body.error.code, 'internal.bug');
      assert.doesNotMatch(reply.text, /secret|ENOENT|\.ts/);
      const id = reply.headers.get('x-request-id') ?? 'none';
      assert.ok(reply.body.error.hint.includes(id));
      assert.ok(lines.some((line) => line.includes(id) && line.includes('ENOENT')));
      await rig.close();
    });

    test('log lines hold no token and no text of a request', async () => {
      const lines: string[] = [];
      const log = { level: 'trace', stream: { write: (line: string) => void lines.push(line) } };
      const rig = await openRig(openTrail, { log });
      await rig.send('/v1/events?query=hunter2', { token: rig.viewer });
      await rig.send('/v1/events/%0a%1b[31m', { token: rig.viewer });
      await rig.send('/v1/events?hunter2=1', { token: 'claw_wrong' });
      await rig.close();
      const text = lines.join('');
      assert.ok(text.includes('"route":"/v1/events/:id"'));
      assert.doesNotMatch(text, /claw_|hunter2|\\u001b|%1b/);
    });

    test('a trail that cannot record makes health 503 and ingestion say when to come back', async () => {
      const full = async (): Promise<Trail> => {
        const trail = await openTrail();
        const refuse = async (): Promise<never> => {
          throw new Fault('data.full', 'The disk is full.', { retry_after_s: 30 });
        };
        const status = async () => {
          const real = await trail.status();
          return { ...real, journal: { ...real.journal, state: 'full' as const } };
        };
        return { ...trail, ingest: refuse, note: refuse, status };
      };
      const rig = await openRig(full);
      const health = await rig.send('/healthz');
      assert.deepEqual([health.status, health.body.status], [503, 'degraded']);
      const body = { type: 'prompt', session_id: 's' };
      const reply = await rig.send('/v1/events', { token: rig.recorder, body });
      assert.deepEqual([reply.status, reply.headers.get('retry-after')], [507, '30']);
      assert.equal((await rig.send('/v1/events', { token: rig.viewer })).status, 200);
      const metrics = await eventually(
        () => rig.send('/metrics'),
        ({ text }) => /claw_access_notes_lost_total [1-9]/.test(text),
      );
      assert.match(metrics.text, /claw_journal_state{state="full"} 1/);
      const token = await rig.send('/v1/tokens', {
        token: rig.admin,
        body: { name: 'x', role: 'viewer' },
      });
      assert.equal(token.status, 507);
      assert.equal(rig.credentials.list().filter((each) => each.name === 'x').length, 0);
      await rig.close();
    });

    test('closing lets a request in work finish and refuses the next one', async () => {
      const started = Promise.withResolvers<void>();
      const finish = Promise.withResolvers<void>();
      const slow = async (): Promise<Trail> => {
        const trail = await openTrail();
        return {
          ...trail,
          search: async (request) => {
            started.resolve();
            await finish.promise;
            return trail.search(request);
          },
        };
      };
      const rig = await openRig(slow);
      const socket = connect(rig.server.port, '127.0.0.1');
      const head = `HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${rig.viewer}\r\n\r\n`;
      let text = '';
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        text += chunk;
      });
      const ended = new Promise((resolve) => socket.once('close', resolve));
      socket.write(`GET /v1/events ${head}`);
      await started.promise;
      const closed = rig.close();
      socket.write(`GET /v1/count ${head}`);
      finish.resolve();
      await closed;
      await ended;
      const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1]);
      assert.equal(statuses[0], '200');
      // The second may also find the connection closed, where it came after the first's end.
      assert.ok([undefined, '503'].includes(statuses[1]), statuses.join());
    });

    test('closing twice is closing once', async () => {
      const rig = await openRig(openTrail);
      await Promise.all([rig.server.close(), rig.server.close()]);
      await rig.close();
    });
  });
}

function listeningSuite(openTrail: OpenTrail): void {
  describe('listening', () => {
    const invalid = (field: string) => (error: unknown) =>
      error instanceof Fault && error.code === 'config.invalid' && error.detail.field === field;

    test('beyond loopback it takes TLS, or leave to go without', async () => {
      const rig = await openRig(openTrail);
      const { trail, credentials } = rig;
      const options = { trail, credentials, version: '1', host: '0.0.0.0', port: 0 };
      await assert.rejects(openServer(options), invalid('host'));
      const tls = { cert: '/nowhere/cert.pem', key: '/nowhere/key.pem' };
      await assert.rejects(openServer({ ...options, tls }), invalid('tls_cert'));
      const wrong = { cert: import.meta.filename, key: import.meta.filename };
      await assert.rejects(openServer({ ...options, tls: wrong }), invalid('tls_cert'));
      const server = await openServer({ ...options, allowPlainHttp: true });
      const url = `http://127.0.0.1:${server.port}`;
      assert.equal((await fetch(`${url}/healthz`)).status, 200);
      assert.equal(
        (await fetch(`${url}/metrics`)).status,
        401,
        'metrics are open on loopback alone',
      );
      await server.close();
      await rig.close();
    });

    test('a port that is taken is a clear fault', async () => {
      const rig = await openRig(openTrail);
      const { trail, credentials, server } = rig;
      const options = { trail, credentials, version: '1', port: server.port };
      await assert.rejects(openServer(options), invalid('port'));
      await rig.close();
    });
  });
}
