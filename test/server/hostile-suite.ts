/** Hostile input over real sockets: answered with a fault or recorded, never a crash or a 5xx. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { errorSchema, ingestSchema } from '../../src/server/answer.ts';
import { eventually, openRig, type Reply, type Rig } from './rig.ts';
import type { OpenTrail } from './suite.ts';

const HOUR_MS = 3_600_000;

export function hostileSuite(name: string, openTrail: OpenTrail): void {
  describe(`hostile input ${name}`, () => {
    let rig: Rig;
    before(async () => {
      const limits = { header_ms: 300, request_ms: 600, body_bytes: 1_000_000 };
      rig = await openRig(openTrail, { limits });
    });
    after(() => rig.close());
    const post = (body: string | Uint8Array, headers = {}) =>
      rig.send('/v1/events', { token: rig.recorder, body, headers });

    /** Recorded, or refused in the shape of every refusal. */
    const isOrderly = ({ status, body }: Reply) => {
      assert.ok(status === 200 || (status >= 400 && status < 500), `status ${status}`);
      const shape = status === 200 || 'results' in body ? ingestSchema : errorSchema;
      shape.parse(body);
    };

    test('hostile text is recorded as it is, and comes back harmless to print', async () => {
      const text = '\u0000\u001b[31m\u202e\u009b2J\ud800 "</script>\r\nSet-Cookie: x';
      const sent = await post(
        `{"type":"prompt","session_id":"s","content":${JSON.stringify(text)},"__proto__":{"x":1}}`,
      );
      assert.equal(sent.body.accepted, 1);
      const path = `/v1/events/${sent.body.results[0].id}`;
      const row = await rig.send(path, { token: rig.viewer });
      assert.equal(row.body.content, text);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there.
      assert.doesNotMatch(row.text, /[\u0000-\u001f\u007f-\u009f\u202e]/);
      assert.deepEqual(Object.keys(row.body.attributes), ['__proto__']);
      assert.equal(({} as { x?: number }).x, undefined);
    });

    test('nesting of any depth is refused by name', async () => {
      for (const depth of [100, 10_000, 100_000]) {
        const deep = `${'['.repeat(depth)}${']'.repeat(depth)}`;
        const inEvent = await post(`{"type":"prompt","session_id":"s","arguments":${deep}}`);
        assert.equal(inEvent.status, 422);
        assert.equal(inEvent.body.error.code, 'event.invalid');
        isOrderly(await post(deep));
        isOrderly(await post(deep.slice(0, -1)));
        const hook = `{"hook_event_name":"PreToolUse","session_id":"s","tool_name":"x","tool_input":${deep}}`;
        const sent = { token: rig.recorder, body: hook };
        const captured = await rig.send('/v1/capture/claude-code', sent);
        assert.ok(captured.status < 500, captured.text);
      }
    });

    test('broken HTTP gets a fault and the end of the connection', async () => {
      const cases: [string, number, string][] = [
        ['NONSENSE\r\n\r\n', 400, 'request.invalid'],
        [
          `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
          431,
          'request.too_large',
        ],
        ['GET / HTTP/1.1\r\nHost: localhost\r\nX', 408, 'request.timeout'],
        [
          'POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n',
          400,
          'request.invalid',
        ],
        [
          'POST /v1/events HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n',
          400,
          'request.invalid',
        ],
      ];
      for (const [bytes, status, code] of cases) {
        const text = await rig.raw(bytes);
        assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} `), bytes.slice(0, 80));
        assert.ok(text.includes(`"code":"${code}"`), text);
      }
    });

    test('a body that never comes is given up on', async () => {
      const text = await rig.raw(
        `POST /v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${rig.recorder}\r\n` +
          'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"type":',
      );
      assert.match(text, /^HTTP\/1\.1 408 [\s\S]*request\.timeout/);
    });

    test('who is turned away finds room next time, at the cost of those who say nothing', async () => {
      const limits = {
        ...{ header_ms: HOUR_MS, request_ms: HOUR_MS, idle_ms: HOUR_MS },
        connections: 4,
      };
      const crowded = await openRig(openTrail, { limits });
      const idle = Array.from({ length: 4 }, () => connect(crowded.server.port, '127.0.0.1'));
      await Promise.all(idle.map((socket) => once(socket, 'connect')));
      const ask = () => crowded.send('/healthz').catch(() => undefined);
      const reply = await eventually(ask, (answer) => answer !== undefined);
      assert.equal(reply?.status, 200);
      for (const socket of idle) socket.destroy();
      await crowded.close();
    });

    test('answers that nobody reads give way to those that somebody does', async () => {
      const limits = { answer_bytes: 40_000_000, patience_ms: 0 };
      const busy = await openRig(openTrail, { limits });
      const body = { type: 'output', session_id: 's', content: '.'.repeat(12_000_000) };
      const sent = await busy.send('/v1/events', { token: busy.recorder, body });
      const path = `/v1/events/${sent.body.results[0].id}`;
      const head = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer`;
      const deaf = Array.from({ length: 6 }, () => connect(busy.server.port, '127.0.0.1'));
      const cut = deaf.map((socket) => {
        socket.on('error', () => undefined);
        socket.pause();
        socket.write(`${head} ${busy.viewer}\r\n\r\n`);
        return socket;
      });
      for (let i = 0; i < 5; i++) {
        const reply = await busy.send(path, { token: busy.viewer });
        assert.equal(reply.body.content.length, 12_000_000);
      }
      for (const socket of cut) socket.destroy();
      await busy.close();
    });

    test('a guess at a token of any form is 401', async () => {
      for (const authorization of [
        'Bearer',
        'Bearer ',
        'Basic x',
        'Bearer a b',
        `Bearer ${'x'.repeat(300)}`,
      ]) {
        const reply = await rig.send('/v1/events', { headers: { authorization } });
        assert.equal(reply.status, 401, authorization);
      }
    });

    const types = fc.constantFrom(
      { 'content-type': 'application/json' },
      { 'content-type': 'application/x-ndjson' },
    );

    test('any bytes as a body are recorded or refused in order', async () => {
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), types, async (bytes, headers) => {
          isOrderly(await post(bytes, headers));
          isOrderly(await post(gzipSync(bytes), { ...headers, 'content-encoding': 'gzip' }));
          isOrderly(await post(bytes, { ...headers, 'content-encoding': 'gzip' }));
        }),
        { numRuns: 40 },
      );
    });

    test('any JSON as a body is recorded or refused in order', async () => {
      const wellKnown = fc.record(
        {
          type: fc.constantFrom('prompt', 'tool_call', 'output'),
          session_id: fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()),
          id: fc.oneof(fc.uuid(), fc.jsonValue()),
          time: fc.oneof(fc.constant('2026-01-31T00:00:00Z'), fc.jsonValue()),
          resources: fc.jsonValue(),
          attributes: fc.jsonValue(),
          tokens: fc.jsonValue(),
        },
        { requiredKeys: [] },
      );
      const value = fc.oneof(fc.jsonValue(), wellKnown, fc.array(wellKnown, { maxLength: 4 }));
      await fc.assert(
        fc.asyncProperty(value, types, async (json, headers) => {
          isOrderly(await post(JSON.stringify(json), headers));
        }),
        { numRuns: 60 },
      );
    });

    test('any query string and any id are answered in order', async () => {
      const text = fc.string({ unit: 'binary', maxLength: 40 });
      const names = fc.constantFrom('query', 'from', 'to', 'zone', 'limit', 'cursor', 'order', 'x');
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(names, text), { maxLength: 3 }),
          text,
          async (pairs, id) => {
            const safe = encodeURIComponent(id.toWellFormed());
            for (const path of [`/v1/events?${new URLSearchParams(pairs)}`, `/v1/events/${safe}`]) {
              const { status, body } = await rig.send(path, { token: rig.viewer });
              assert.ok(status < 500, `${path}: ${status}`);
              if (status !== 200) errorSchema.parse(body);
            }
          },
        ),
        { numRuns: 40 },
      );
    });
  });
}
