/** Reading over HTTP: pages, sessions, proofs, the ledger; every answer fits its schema. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as answer from '../../src/server/answer.ts';
import { eventually, openRig, type Reply, type Rig } from './rig.ts';
import type { OpenTrail } from './suite.ts';

const SESSION = 'a/b c?d#é%2F';

export function readSuite(name: string, openTrail: OpenTrail): void {
  describe(`reading ${name}`, () => {
    let rig: Rig;
    let ids: string[];
    before(async () => {
      rig = await openRig(openTrail);
      const body = Array.from({ length: 5 }, (_, i) => ({
        type: 'tool_call',
        tool: 'send_email',
        session_id: SESSION,
        status: 'success',
        time: `2026-01-0${i + 1}T00:00:00Z`,
        detail: `mail ${i}`,
      }));
      const reply = await rig.send('/v1/events', { token: rig.recorder, body });
      ids = reply.body.results.map((receipt: { id: string }) => receipt.id);
      await eventually(
        () => read('/v1/count?query=tool:send_email'),
        (counted) => counted.body.count === 5,
      );
    });
    after(() => rig.close());
    const read = (path: string): Promise<Reply> => rig.send(path, { token: rig.viewer });

    test('pages follow each other without a gap or a repeat, in both orders', async () => {
      for (const order of ['newest', 'oldest']) {
        const seen: string[] = [];
        let cursor = '';
        do {
          const path = `/v1/events?query=tool:send_email&limit=2&order=${order}${cursor}`;
          const page = answer.searchSchema.parse((await read(path)).body);
          seen.push(...page.events.map((row) => row.id));
          cursor = page.cursor === undefined ? '' : `&cursor=${encodeURIComponent(page.cursor)}`;
        } while (cursor !== '');
        assert.deepEqual(seen, order === 'oldest' ? ids : ids.toReversed());
      }
    });

    test('from is inclusive, to is exclusive', async () => {
      const path = '/v1/count?query=tool:send_email&from=2026-01-02&to=2026-01-04';
      assert.equal(answer.countSchema.parse((await read(path)).body).count, 2);
    });

    test('a row comes whole by its id, an unknown id is 404', async () => {
      const row = answer.rowSchema.parse((await read(`/v1/events/${ids[0]}`)).body);
      assert.equal(row.created_at, '2026-01-01T00:00:00.000Z');
      assert.equal(row.facts.length, 1);
      const unknown = await read('/v1/events/01890000-0000-7000-8000-00000000dead');
      assert.deepEqual([unknown.status, unknown.body.error.code], [404, 'event.not_found']);
    });

    test('facets and histogram count the same rows', async () => {
      const query = 'query=tool:send_email';
      const facets = answer.facetsSchema.parse((await read(`/v1/facets?${query}&field=tool`)).body);
      assert.deepEqual(facets.buckets, [{ value: 'send_email', count: 5 }]);
      const path = `/v1/histogram?${query}&interval=1d`;
      const histogram = answer.histogramSchema.parse((await read(path)).body);
      assert.equal(histogram.interval_ms, 86_400_000);
      assert.deepEqual(
        histogram.bars.map((bar) => bar.count),
        [1, 1, 1, 1, 1],
      );
    });

    test('sessions are listed, and a timeline opens by an id of any characters', async () => {
      const path = '/v1/sessions?query=tool:send_email';
      const { sessions } = answer.sessionsSchema.parse((await read(path)).body);
      assert.deepEqual(
        sessions.map((session) => session.session_id),
        [SESSION],
      );
      const timeline = await read(
        `/v1/sessions/${encodeURIComponent(SESSION)}/timeline?limit=1000`,
      );
      const { events } = answer.timelineSchema.parse(timeline.body);
      assert.deepEqual(
        events.map((row) => row.id),
        ids,
      );
      const none = await read('/v1/sessions/none/timeline');
      assert.deepEqual([none.status, none.body.error.code], [404, 'session.not_found']);
    });

    test("the documents' audit log has their fields", async () => {
      const path = `/v1/audit_log?session_id=${encodeURIComponent(SESSION)}&limit=2`;
      const { entries } = answer.auditSchema.parse((await read(path)).body);
      assert.equal(entries.length, 2);
      assert.equal(entries[0]?.tool, 'send_email');
    });

    test('an event is proven, opened and covered by the published ledger', async () => {
      const proof = await eventually(
        () => read(`/v1/events/${ids[0]}/proof`),
        (reply) => reply.status !== 409,
      );
      assert.match(answer.proofSchema.parse(proof.body).proof, /^c2sp\.org\/tlog-proof@v1\n/);
      const { openings } = answer.openingsSchema.parse((await read('/v1/openings?count=100')).body);
      assert.ok(
        openings.some((opening) => 'event' in opening && opening.event.includes(ids[0] ?? '-')),
      );
      const checkpoint = await read('/ledger/acme/checkpoint');
      assert.match(checkpoint.headers.get('content-type') ?? '', /^text\/plain/);
      const size = Number(checkpoint.text.split('\n')[1]);
      assert.ok(size >= 5);
      assert.equal((await read('/ledger/acme/vkey')).status, 200);
      const tile = await read(`/ledger/acme/tile/0/000.p/${size}`);
      assert.equal(tile.headers.get('content-type'), 'application/octet-stream');
      assert.match(tile.headers.get('cache-control') ?? '', /^private, max-age=\d+, immutable$/);
    });

    test('paths out of the ledger are refused', async () => {
      for (const path of ['..%2f..%2fcredentials.json', '0/../../x', '%2e%2e%2fcheckpoint', 'x']) {
        const reply = await read(`/ledger/acme/tile/${path}`);
        assert.ok([400, 404].includes(reply.status), `${path}: ${reply.status}`);
      }
      assert.equal((await read('/ledger/..%2fkeys/checkpoint')).status, 403);
      const operator = { token: rig.operator };
      assert.equal((await rig.send('/ledger/..%2fkeys/checkpoint', operator)).status, 400);
    });

    test('a wrong parameter is refused with its name and its limit', async () => {
      const cases: [string, string, number?][] = [
        ['/v1/events?limit=1001', 'limit', 1000],
        ['/v1/events?limit=0', 'limit', 1],
        ['/v1/events?limit=many', 'limit'],
        ['/v1/events?limit=1&limit=2', 'limit'],
        ['/v1/events?order=sideways', 'order'],
        ['/v1/events?colour=red', 'colour'],
        [`/v1/events?query=${'x'.repeat(8193)}`, 'query', 8192],
        ['/v1/openings?count=1001', 'count', 1000],
        ['/v1/openings?from=-1', 'from', 0],
        ['/v1/histogram?interval=1y', 'interval'],
        ['/v1/facets', 'field'],
        ['/v1/export?format=xml', 'format'],
        [`/v1/sessions/${'x'.repeat(513)}/timeline`, 'id', 512],
      ];
      for (const [path, field, limit] of cases) {
        const { status, body } = await read(path);
        assert.equal(status, 400, path);
        assert.equal(body.error.field, field, path);
        assert.equal(body.error.limit, limit, path);
      }
    });

    test('a wrong query points at its column', async () => {
      for (const path of ['/v1/events', '/v1/count', '/v1/sessions', '/v1/tail', '/v1/export']) {
        const { status, body } = await read(`${path}?query=${encodeURIComponent('tool:x (')}`);
        assert.equal(status, 400, path);
        assert.equal(body.error.code, 'query.invalid', path);
        assert.equal(typeof body.error.column, 'number', path);
      }
    });
  });

  test(`a public ledger needs no token, and may be cached by anybody, ${name}`, async () => {
    const rig = await openRig(openTrail, { ledgerPublic: true });
    const body = { type: 'prompt', session_id: 's' };
    await rig.send('/v1/events', { token: rig.recorder, body });
    const checkpoint = await eventually(
      () => rig.send('/ledger/acme/checkpoint'),
      (reply) => reply.status !== 404,
    );
    assert.equal(checkpoint.status, 200);
    assert.match(checkpoint.headers.get('cache-control') ?? '', /^public/);
    assert.equal((await rig.send('/v1/events')).status, 401);
    await rig.close();
  });
}
