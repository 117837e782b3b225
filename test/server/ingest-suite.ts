/** Receiving events: forms of a body, receipts, limits. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ingestSchema } from '../../src/server/answer.ts';
import { openRig, type Rig } from './rig.ts';
import type { OpenTrail } from './suite.ts';

const NDJSON = { 'content-type': 'application/x-ndjson' };
const event = (fields: object = {}) => ({ type: 'tool_call', session_id: 's1', ...fields });
const LIMITS = { body_bytes: 60_000, event_bytes: 20_000, batch_events: 5 };

export function ingestSuite(name: string, openTrail: OpenTrail): void {
  describe(`receiving events ${name}`, () => {
    let rig: Rig;
    before(async () => {
      rig = await openRig(openTrail, { limits: LIMITS });
    });
    after(() => rig.close());
    const post = (body: string | Uint8Array | object, headers = {}) =>
      rig.send('/v1/events', { token: rig.recorder, body, headers });
    const statuses = (reply: Awaited<ReturnType<typeof post>>) =>
      ingestSchema.parse(reply.body).results.map((receipt) => receipt.status);

    test('one object gets one receipt, and comes back by its id', async () => {
      const reply = await post(event({ tool: 'send_email', arguments: { to: 'a@b.example' } }));
      assert.equal(reply.status, 200);
      assert.deepEqual(statuses(reply), ['accepted']);
      const { id } = reply.body.results[0];
      const row = await rig.send(`/v1/events/${id}`, { token: rig.viewer });
      assert.equal(row.body.tool, 'send_email');
      assert.equal(row.body.tenant_id, 'acme');
    });

    test('an object that is rejected has the status of its fault, beside its receipt', async () => {
      const reply = await post({ type: 'tool_call' });
      assert.equal(reply.status, 422);
      assert.deepEqual(statuses(reply), ['rejected']);
      assert.equal(reply.body.error.code, 'event.invalid');
      assert.equal(reply.body.error.field, 'session_id');
    });

    test('a bad event in an array never loses the others', async () => {
      const reply = await post([event(), null, { type: 'no such type' }, event()]);
      assert.equal(reply.status, 200);
      assert.deepEqual(statuses(reply), ['accepted', 'rejected', 'rejected', 'accepted']);
      assert.deepEqual([reply.body.accepted, reply.body.rejected], [2, 2]);
    });

    test('the same id is recorded once', async () => {
      const id = '01890000-0000-7000-8000-000000000001';
      const first = await post(event({ id }));
      const again = await post([event({ id })]);
      assert.deepEqual(statuses(first), ['accepted']);
      assert.deepEqual(statuses(again), ['duplicate']);
      assert.equal(again.body.duplicates, 1);
      assert.equal(again.body.results[0].index, first.body.results[0].index);
    });

    test('NDJSON: a broken line is that line, named, and nothing else', async () => {
      const lines = [JSON.stringify(event()), '{"type": oops}', '', JSON.stringify(event())];
      const reply = await post(lines.join('\n'), NDJSON);
      assert.deepEqual(statuses(reply), ['accepted', 'rejected', 'accepted']);
      const { error } = reply.body.results[1];
      assert.match(error.message, /Line 2 .*column 10/);
      assert.doesNotMatch(error.message, /oops/);
    });

    test('NDJSON may have CRLF, a byte order mark, blank lines and no last line end', async () => {
      const line = JSON.stringify(event());
      const reply = await post(`\uFEFF${line}\r\n\r\n  \r\n${line}`, NDJSON);
      assert.deepEqual(statuses(reply), ['accepted', 'accepted']);
    });

    test('NDJSON: a line that is not UTF-8 is rejected, by its number', async () => {
      const line = Buffer.from(`${JSON.stringify(event())}\n`);
      const body = Buffer.concat([line, Buffer.from([0x22, 0xff, 0x22, 0x0a]), line]);
      const reply = await post(body, NDJSON);
      assert.deepEqual(statuses(reply), ['accepted', 'rejected', 'accepted']);
      assert.match(reply.body.results[1].error.message, /Line 2 is not UTF-8/);
    });

    test('several lines sent as application/json are refused with the way out', async () => {
      const line = JSON.stringify(event());
      const reply = await post(`${line}\n${line}\n`);
      assert.equal(reply.status, 400);
      assert.equal(reply.body.error.code, 'batch.invalid');
      assert.match(reply.body.error.message, /line 2, column 1/);
      assert.match(reply.body.error.hint, /application\/x-ndjson/);
    });

    test('an empty array is an empty batch; an empty body is refused', async () => {
      assert.deepEqual(statuses(await post('[]')), []);
      for (const body of ['', ' \n ', '\uFEFF']) {
        for (const headers of [{}, NDJSON]) {
          const reply = await post(Buffer.from(body), headers);
          assert.equal(reply.status, 400);
          assert.equal(reply.body.error.code, 'batch.invalid');
        }
      }
    });

    test('a scalar, and bytes that are not UTF-8, are refused', async () => {
      for (const body of ['42', '"x"', 'null', Buffer.from([0x7b, 0xff, 0x7d])]) {
        const reply = await post(body);
        assert.equal(reply.status, 400);
        assert.equal(reply.body.error.code, 'batch.invalid');
      }
    });

    test('gzip is taken, and broken gzip is refused', async () => {
      const headers = { 'content-encoding': 'gzip' };
      const whole = gzipSync(JSON.stringify([event(), event()]));
      assert.deepEqual(statuses(await post(whole, headers)), ['accepted', 'accepted']);
      for (const broken of [whole.subarray(0, -9), Buffer.from('{"type":1}'), Buffer.alloc(0)]) {
        const reply = await post(broken, headers);
        assert.equal(reply.status, 400);
        assert.equal(reply.body.error.code, 'batch.invalid');
      }
    });

    test('a gzip bomb is refused at the limit of what it inflates to', async () => {
      const bomb = gzipSync(Buffer.alloc(50_000_000, ' '));
      assert.ok(bomb.length < LIMITS.body_bytes);
      const reply = await post(bomb, { 'content-encoding': 'gzip' });
      assert.equal(reply.status, 413);
      assert.equal(reply.body.error.code, 'batch.too_large');
      assert.equal(reply.body.error.limit, LIMITS.body_bytes);
    });

    test('a body over the limit is refused, with its length given and without', async () => {
      const large = Buffer.alloc(LIMITS.body_bytes + 1, ' ');
      assert.equal((await post(large)).body.error.code, 'batch.too_large');
      const chunk = `8000\r\n${' '.repeat(0x8000)}\r\n`;
      const head = `POST /v1/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n`;
      const auth = `Authorization: Bearer ${rig.recorder}\r\nContent-Type: application/json\r\n`;
      const text = await rig.raw(
        `${head}${auth}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(3)}0\r\n\r\n`,
      );
      assert.match(text, /^HTTP\/1\.1 413 [\s\S]*batch\.too_large/);
    });

    test('an event over its limit is rejected alone, whatever the form', async () => {
      const large = event({ content: 'x'.repeat(LIMITS.event_bytes) });
      const inArray = await post([event(), large]);
      assert.deepEqual(statuses(inArray), ['accepted', 'rejected']);
      const lines = `${JSON.stringify(event())}\n${JSON.stringify(large)}`;
      assert.deepEqual(statuses(await post(lines, NDJSON)), ['accepted', 'rejected']);
      const alone = await post(large);
      assert.equal(alone.status, 413);
      assert.deepEqual(
        [alone.body.error.code, alone.body.error.limit],
        ['event.too_large', LIMITS.event_bytes],
      );
    });

    test('too many events refuse the batch, and none of it is recorded', async () => {
      const count = async () => (await rig.trail.count({ tenant: 'acme', query: '' })).count;
      const earlier = await count();
      const many = Array.from({ length: LIMITS.batch_events + 1 }, () => event());
      for (const reply of [
        await post(many),
        await post(many.map((each) => JSON.stringify(each)).join('\n'), NDJSON),
      ]) {
        assert.equal(reply.status, 413);
        assert.equal(reply.body.error.code, 'batch.too_large');
        assert.equal(reply.body.error.limit, LIMITS.batch_events);
      }
      assert.equal(await count(), earlier);
    });

    test('another content type, charset or encoding is refused with the way out', async () => {
      const cases = [
        { 'content-type': 'text/plain' },
        { 'content-type': 'application/json; charset=utf-16' },
        { 'content-type': 'nonsense' },
        { 'content-encoding': 'br' },
        { 'content-encoding': 'gzip, gzip' },
      ];
      for (const headers of cases) {
        const reply = await post('{}', headers);
        assert.equal(reply.status, 415, JSON.stringify(headers));
        assert.equal(reply.body.error.code, 'request.unsupported');
      }
      const utf8 = { 'content-type': 'Application/JSON; charset="UTF-8"' };
      assert.deepEqual(statuses(await post(event(), utf8)), ['accepted']);
    });
  });

  describe(`receiving under pressure ${name}`, () => {
    test('bytes in work over the budget are refused until there is room again', async () => {
      const rig = await openRig(openTrail, { limits: { inflight_bytes: 10_000 } });
      const body = event({ content: 'x'.repeat(20_000) });
      const reply = await rig.send('/v1/events', { token: rig.recorder, body });
      assert.equal(reply.status, 429);
      assert.equal(reply.body.error.code, 'queue.full');
      assert.equal(reply.headers.get('retry-after'), '1');
      const small = await rig.send('/v1/events', { token: rig.recorder, body: event() });
      assert.equal(small.status, 200);
      await rig.close();
    });

    test('a body of too many values is refused before it is parsed', async () => {
      const rig = await openRig(openTrail, { limits: { batch_values: 100_000 } });
      const nested = `[[${'{},'.repeat(150_000)}{}]]`;
      for (const headers of [{}, NDJSON]) {
        const sent = { token: rig.recorder, body: nested, headers };
        const reply = await rig.send('/v1/events', sent);
        assert.equal(reply.status, 413);
        assert.equal(reply.body.error.limit, 100_000);
      }
      await rig.close();
    });
  });

  describe(`capturing ${name}`, () => {
    test("a runtime's record is answered with {}, an unknown runtime is named", async () => {
      const rig = await openRig(openTrail);
      const body = { hook_event_name: 'UserPromptSubmit', session_id: 'cc-1', prompt: 'hello' };
      const path = '/v1/capture/claude-code';
      const reply = await rig.send(path, { token: rig.recorder, body });
      assert.deepEqual([reply.status, reply.text], [200, '{}']);
      const found = await rig.trail.search({ tenant: 'acme', order: 'oldest' });
      const row = found.events.find((each) => each.session_id === 'cc-1');
      assert.equal(row?.type, 'prompt');
      const unknown = await rig.send('/v1/capture/nothing', { token: rig.recorder, body });
      assert.equal(unknown.body.error.code, 'adapter.unknown');
      await rig.close();
    });

    test('records of a batch are kept though one is broken, and the fault says so', async () => {
      const rig = await openRig(openTrail);
      const record = (prompt: string) =>
        JSON.stringify({ hook_event_name: 'UserPromptSubmit', session_id: 'cc-2', prompt });
      const body = [record('one'), '{"broken"', '"no record"', record('two')].join('\n');
      const headers = { ...NDJSON, 'x-claw-captured-at': '2026-01-31T10:00:00.000Z' };
      const sent = { token: rig.recorder, body, headers };
      const reply = await rig.send('/v1/capture/claude-code', sent);
      assert.equal(reply.status, 422);
      assert.deepEqual([reply.body.rejected, reply.body.records], [2, 4]);
      const found = await rig.trail.search({ tenant: 'acme' });
      const prompts = found.events.filter((row) => row.session_id === 'cc-2');
      assert.deepEqual(prompts.map((row) => row.content).sort(), ['one', 'two']);
      assert.ok(prompts.every((row) => row.time === '2026-01-31T10:00:00.000Z'));
      const late = { ...headers, 'x-claw-captured-at': 'yesterday' };
      const wrong = await rig.send('/v1/capture/claude-code', { ...sent, headers: late });
      assert.equal(wrong.body.error.field, 'x-claw-captured-at');
      await rig.close();
    });
  });
}
