/** Streams over HTTP: exports that end only when whole, and live tails that never hold up. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import type { Row, Trail } from '../../src/trail/trail.ts';
import { eventually, openRig, type Rig, rawRequest } from './rig.ts';
import type { OpenTrail } from './suite.ts';

const event = (fields: object = {}) => ({ type: 'tool_call', session_id: 's', ...fields });

export function streamSuite(name: string, openTrail: OpenTrail): void {
  describe(`exports ${name}`, () => {
    test('every format holds every row and says what it covers', async () => {
      const rig = await openRig(openTrail);
      const body = Array.from({ length: 300 }, (_, i) =>
        event({ tool: 'fill', content: `${i} ${'é'.repeat(500)}` }),
      );
      await rig.send('/v1/events', { token: rig.recorder, body });
      await eventually(
        () => rig.trail.count({ tenant: 'acme', query: 'tool:fill' }),
        ({ count }) => count === 300,
      );
      const read = (format: string) =>
        rig.send(`/v1/export?query=tool:fill&order=oldest&format=${format}`, { token: rig.viewer });
      const json = await read('json');
      assert.equal(json.body.count ?? json.body.events.length, 300);
      assert.equal(json.body.events.length, 300);
      const coverage = json.headers.get('x-claw-coverage') ?? '';
      const said = JSON.parse(Buffer.from(coverage, 'base64').toString());
      assert.deepEqual([said.tenant, said.query], ['acme', 'tool:fill']);
      assert.ok(said.tree_size >= 300);
      const ndjson = await read('ndjson');
      assert.match(ndjson.text, /"299 é/);
      const csv = await read('csv');
      assert.match(csv.headers.get('content-type') ?? '', /^text\/csv/);
      assert.equal(csv.text.split('"299 é').length + csv.text.split(',299 é').length, 3);
      const noted = await eventually(
        () => rig.trail.search({ tenant: 'acme', limit: 1000 }),
        ({ events }) => events.filter((row) => row.tool === 'logs.export').length === 3,
      );
      const result = noted.events.find((row) => row.tool === 'logs.export')?.result;
      assert.partialDeepStrictEqual(result, { rows: 300, complete: 'yes' });
      await rig.close();
    });

    test('a stream that fails on its way is cut, and that is recorded', async () => {
      const rig = await openRig(async () => breaking(await openTrail()));
      const head = 'GET /v1/export?format=csv HTTP/1.1\r\nHost: localhost\r\n';
      const text = await rawRequest(
        rig.server.port,
        `${head}Authorization: Bearer ${rig.viewer}\r\n\r\n`,
      );
      assert.match(text, /^HTTP\/1\.1 200/);
      assert.doesNotMatch(text, /\r\n0\r\n\r\n$/, 'the last chunk would say that it is whole');
      const noted = await eventually(
        () => rig.trail.search({ tenant: 'acme', limit: 1000 }),
        ({ events }) => events.some((row) => row.tool === 'logs.export'),
      );
      const row = noted.events.find((each) => each.tool === 'logs.export');
      assert.partialDeepStrictEqual(row?.result, { complete: 'no' });
      await rig.close();
    });

    test('a reader that goes away in the middle ends the export', async () => {
      const endless = Promise.withResolvers<void>();
      const rig = await openRig(async () => streaming(await openTrail(), endless.resolve));
      const stop = new AbortController();
      const response = await fetch(`${rig.server.url}/v1/export?format=ndjson`, {
        headers: { authorization: `Bearer ${rig.viewer}` },
        signal: stop.signal,
      });
      await response.body?.getReader().read();
      stop.abort();
      await endless.promise;
      await rig.close();
    });
  });

  describe(`live tails ${name}`, () => {
    test('rows arrive as they are recorded, with their index, and only those that match', async () => {
      const rig = await openRig(openTrail);
      await rig.send('/v1/events', { token: rig.recorder, body: event({ tool: 'before' }) });
      const tail = await openTail(rig, '?query=tool:wanted');
      await rig.send('/v1/events', {
        token: rig.recorder,
        body: [event({ tool: 'other' }), event({ tool: 'wanted', content: 'a\nb' })],
      });
      const text = await tail.until(/event: row\ndata: .*\n\n/);
      const [, id, data] = /id: (\d+)\nevent: row\ndata: (.*)\n\n/.exec(text) ?? [];
      const row = JSON.parse(data ?? '');
      assert.deepEqual([row.tool, row.content, row.index], ['wanted', 'a\nb', Number(id)]);
      assert.doesNotMatch(text, /"other"|"before"/);
      await tail.stop();
      await rig.close();
    });

    test('a silent tail has a heartbeat', async () => {
      const rig = await openRig(openTrail, { limits: { tail_heartbeat_ms: 20 } });
      const tail = await openTail(rig, '?query=tool:never');
      await tail.until(/(: \n\n){2}/);
      await tail.stop();
      await rig.close();
    });

    test('a tail that is taken up again says what it does not send', async () => {
      const rig = await openRig(openTrail);
      const tail = await openTail(rig, '', { 'last-event-id': '41' });
      assert.match(await tail.until(/event: gap\n.*\n\n/), /"after_index":41/);
      await tail.stop();
      await rig.close();
    });

    test('a reader that does not read is cut, and the others go on', async () => {
      const rig = await openRig(openTrail, { limits: { tail_stall_ms: 100 } });
      const idle = connect(rig.server.port, '127.0.0.1');
      idle.on('error', () => undefined);
      idle.write(
        `GET /v1/tail HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${rig.viewer}\r\n\r\n`,
      );
      await new Promise((resolve) => idle.once('data', resolve));
      idle.pause();
      const tail = await openTail(rig, '?query=tool:last');
      const body = Array.from({ length: 50 }, () => event({ content: 'x'.repeat(50_000) }));
      await eventually(
        () =>
          rig.send('/v1/events', { token: rig.recorder, body }).then(() => rig.send('/metrics')),
        ({ text }) => /claw_tail_clients_cut_total 1/.test(text),
      );
      await rig.send('/v1/events', { token: rig.recorder, body: event({ tool: 'last' }) });
      await tail.until(/event: row/);
      await eventually(
        () => rig.send('/metrics'),
        ({ text }) => /claw_tail_clients 1\n/.test(text),
      );
      idle.destroy();
      await tail.stop();
      await rig.close();
    });

    test('there is a limit to live tails', async () => {
      const rig = await openRig(openTrail, { limits: { tails: 1 } });
      const tail = await openTail(rig, '');
      const second = await rig.send('/v1/tail', { token: rig.viewer });
      assert.deepEqual([second.status, second.body.error.code], [429, 'request.too_many']);
      await tail.stop();
      await eventually(
        () => rig.send('/metrics'),
        ({ text }) => /claw_tail_clients 0\n/.test(text),
      );
      const third = await openTail(rig, '');
      await third.stop();
      await rig.close();
    });

    test('tails are for viewers of the tenant', async () => {
      const rig = await openRig(openTrail);
      const statusOf = async (token: string | undefined, query = '') =>
        (await rig.send(`/v1/tail${query}`, { token })).status;
      assert.equal(await statusOf(undefined), 401);
      assert.equal(await statusOf(rig.recorder), 403);
      assert.equal(await statusOf(rig.foreigner, '?tenant=acme'), 403);
      await rig.close();
    });

    test('closing the server ends its tails', async () => {
      const rig = await openRig(openTrail);
      const tail = await openTail(rig, '');
      await rig.close();
      await tail.ended();
    });
  });
}

async function openTail(rig: Rig, query: string, headers: Record<string, string> = {}) {
  const stop = new AbortController();
  const response = await fetch(`${rig.server.url}/v1/tail${query}`, {
    headers: { authorization: `Bearer ${rig.viewer}`, ...headers },
    signal: stop.signal,
  });
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const more = async () => {
    const chunk = await reader?.read();
    text += chunk?.value ?? '';
    return chunk?.done === false;
  };
  return {
    until: async (pattern: RegExp) => {
      while (!pattern.test(text)) assert.ok(await more(), `ended without ${pattern}: ${text}`);
      return text;
    },
    ended: async () => {
      while (await more());
    },
    stop: async () => {
      reader?.cancel().catch(() => undefined);
      stop.abort();
    },
  };
}

/** A trail whose exports fail after some rows, as a disk that breaks would make them. */
function breaking(trail: Trail): Trail {
  return exporting(trail, async function* () {
    for (let index = 0; index < 3000; index++) yield rowAt(index);
    throw new Error('the disk broke');
  });
}

/** A trail whose exports end only when their reader has gone. */
function streaming(trail: Trail, ended: () => void): Trail {
  return exporting(trail, async function* () {
    try {
      for (let index = 0; ; index++) {
        yield rowAt(index);
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      ended();
    }
  });
}

function exporting(trail: Trail, rows: () => AsyncIterable<Row>): Trail {
  const coverage = {
    tenant: 'acme',
    query: '',
    tree_size: 0,
    root: '',
    checkpoint: '',
    exported_at: '2026-01-31T00:00:00.000Z',
  };
  return { ...trail, export: async () => ({ coverage, rows: rows() }) };
}

function rowAt(index: number): Row {
  const time = '2026-01-31T00:00:00.000Z';
  const id = `01890000-0000-7000-8000-${String(index).padStart(12, '0')}`;
  return {
    id,
    time,
    recorded_at: time,
    created_at: time,
    type: 'prompt',
    tenant_id: 'acme',
    session_id: 's',
    content: 'x'.repeat(100),
    index,
    facts: [],
  };
}
