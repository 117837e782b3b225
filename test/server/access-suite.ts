/** Who may do what: every route by role and tenant, tokens, and what is recorded of it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { faultSchema } from '../../src/server/answer.ts';
import type { Access } from '../../src/server/call.ts';
import { ROUTES } from '../../src/server/menu.ts';
import { eventually, openRig, type Rig } from './rig.ts';
import type { OpenTrail } from './suite.ts';

type Who = 'nobody' | 'stranger' | 'recorder' | 'viewer' | 'approver' | 'admin' | 'operator';

/** Who passes the guard; the rest get 401 without a known token, else 403. */
const PASSES: Readonly<Record<Access, readonly Who[]>> = {
  recorder: ['recorder', 'admin', 'operator'],
  viewer: ['viewer', 'approver', 'admin', 'operator'],
  ledger: ['viewer', 'approver', 'admin', 'operator'],
  approver: ['approver', 'admin', 'operator'],
  member: ['recorder', 'viewer', 'approver', 'admin', 'operator'],
  admin: ['admin', 'operator'],
  operator: ['nobody', 'stranger', 'recorder', 'viewer', 'approver', 'admin', 'operator'],
  open: ['nobody', 'stranger', 'recorder', 'viewer', 'approver', 'admin', 'operator'],
};

const PATHS: Readonly<Record<string, string>> = {
  ':runtime': 'claude-code',
  ':tenant': 'acme',
  ':id': '01890000-0000-7000-8000-00000000dead',
  '*': '0/000.p/1',
};

export function accessSuite(name: string, openTrail: OpenTrail): void {
  describe(`access ${name}`, () => {
    let rig: Rig;
    before(async () => {
      rig = await openRig(openTrail);
    });
    after(() => rig.close());

    const tokens = (who: Who): string | undefined =>
      who === 'nobody' ? undefined : who === 'stranger' ? 'claw_wrong' : rig[who];

    for (const route of ROUTES) {
      const { method, path, access } = route;
      // A tail never ends by itself; its own suite has its matrix.
      if (path === '/v1/tail') continue;
      test(`${method} ${path} is for ${access}`, async () => {
        const url = path.replaceAll(/:\w+|\*/g, (part) => PATHS[part] ?? part);
        for (const who of [
          'nobody',
          'stranger',
          'recorder',
          'viewer',
          'approver',
          'admin',
          'operator',
        ] as const) {
          const body = method === 'POST' ? { body: {} } : {};
          const reply = await rig.send(url, { method, token: tokens(who), ...body });
          const refused = who === 'nobody' || who === 'stranger' ? 401 : 403;
          if (PASSES[access].includes(who)) {
            assert.ok(![401, 403].includes(reply.status), `${who}: ${reply.status}`);
            assert.ok(reply.status < 500, `${who}: ${reply.status}`);
          } else {
            assert.equal(reply.status, refused, who);
            if (route.refusal) route.refusal.content.schema?.parse(reply.body);
            else faultSchema.parse(reply.body.error);
          }
          if (reply.status === 401) {
            assert.match(reply.headers.get('www-authenticate') ?? '', /^Bearer/);
          }
        }
      });

      if (access === 'open' || access === 'operator') continue;
      test(`${method} ${path} is closed to another tenant's token`, async () => {
        const url = path.replaceAll(/:\w+|\*/g, (part) => PATHS[part] ?? part);
        const tenant = path.includes(':tenant') ? '' : '?tenant=acme';
        const body = method === 'POST' ? { body: {} } : {};
        const sent = { method, token: rig.foreigner, ...body };
        const reply = await rig.send(`${url}${tenant}`, sent);
        assert.equal(reply.status, 403);
        if (route.refusal) {
          assert.match(reply.body.message, /^request\.forbidden: .*tenant/);
          return;
        }
        assert.equal(reply.body.error.code, 'request.forbidden');
        assert.equal(reply.body.error.field, 'tenant');
      });
    }

    test('an event of another tenant is rejected by name', async () => {
      const body = { type: 'prompt', session_id: 's', tenant_id: 'other' };
      const reply = await rig.send('/v1/events', { token: rig.recorder, body });
      assert.equal(reply.status, 403);
      assert.equal(reply.body.error.code, 'event.tenant_foreign');
    });

    test("a tenant's readers never see another tenant's events", async () => {
      const body = { type: 'prompt', session_id: 's', content: 'only-for-acme' };
      const sent = await rig.send('/v1/events', { token: rig.recorder, body });
      const { id } = sent.body.results[0];
      const whole = await rig.send(`/v1/events/${id}`, { token: rig.foreigner });
      assert.equal(whole.status, 404);
      const found = await rig.send('/v1/events', { token: rig.foreigner });
      assert.doesNotMatch(found.text, /only-for-acme/);
      const status = await rig.send('/v1/status', { token: rig.foreigner });
      assert.doesNotMatch(status.text, /acme/);
      assert.equal('data' in status.body, false);
    });

    test('an operator names any tenant, in the event or in the request', async () => {
      const event = { type: 'prompt', session_id: 'by-operator' };
      const bodies = [{ ...event, tenant_id: 'third' }, event];
      const reply = await rig.send('/v1/events', { token: rig.operator, body: bodies });
      assert.equal(reply.body.accepted, 2);
      await rig.send('/v1/events?tenant=third', { token: rig.operator, body: event });
      const rows = async (tenant: string) =>
        (await rig.send(`/v1/count?${tenant}`, { token: rig.operator })).body;
      const query = 'query=session_id:by-operator';
      await eventually(
        () => rows(`${query}&tenant=third`),
        (body) => body.count === 2,
      );
      await eventually(
        () => rows(query),
        (body) => body.count === 1,
      );
    });
  });

  tokenSuite(name, openTrail);
  recordSuite(name, openTrail);
}

function tokenSuite(name: string, openTrail: OpenTrail): void {
  describe(`tokens ${name}`, () => {
    let rig: Rig;
    before(async () => {
      rig = await openRig(openTrail);
    });
    after(() => rig.close());
    const create = (token: string, body: object) => rig.send('/v1/tokens', { token, body });

    test('a token is shown once, works, is listed without itself, and ends when revoked', async () => {
      const made = await create(rig.admin, { name: 'ci', role: 'recorder', agent: 'builder' });
      assert.equal(made.status, 200);
      assert.match(made.body.token, /^claw_/);
      assert.equal(made.body.tenant, 'acme');
      const event = { type: 'prompt', session_id: 's' };
      const use = () => rig.send('/v1/events', { token: made.body.token, body: event });
      assert.equal((await use()).status, 200);
      const listed = await rig.send('/v1/tokens', { token: rig.admin });
      assert.doesNotMatch(listed.text, /claw_|sha256/);
      assert.ok(listed.body.tokens.some((each: { id: string }) => each.id === made.body.id));
      const gone = await rig.send(`/v1/tokens/${made.body.id}`, {
        method: 'DELETE',
        token: rig.admin,
      });
      assert.equal(gone.status, 200);
      assert.equal((await use()).status, 401);
    });

    test('the agent, user and environment of a token are those of its events', async () => {
      const user = { id: 'u1', name: 'Ann' };
      const asked = { name: 'x', role: 'recorder', agent: 'builder', user, environment: 'ci' };
      const { token } = (await create(rig.admin, asked)).body;
      const body = { type: 'prompt', session_id: 's' };
      const { id } = (await rig.send('/v1/events', { token, body })).body.results[0];
      const row = (await rig.send(`/v1/events/${id}`, { token: rig.viewer })).body;
      assert.deepEqual([row.agent_id, row.user, row.environment], ['builder', user, 'ci']);
    });

    test('an admin of a tenant neither makes, sees nor revokes tokens beyond it', async () => {
      for (const tenant of ['other', '*']) {
        const reply = await create(rig.admin, { name: 'x', role: 'admin', tenant });
        assert.equal(reply.status, 403);
      }
      const listed = await rig.send('/v1/tokens', { token: rig.admin });
      for (const each of listed.body.tokens) assert.equal(each.tenant, 'acme');
      const foreign = rig.credentials.list().find((each) => each.tenant === 'other');
      const path = `/v1/tokens/${foreign?.id}`;
      const reply = await rig.send(path, { method: 'DELETE', token: rig.admin });
      assert.equal(reply.status, 404);
    });

    test('a wrong request for a token names the field', async () => {
      const cases: [object, string][] = [
        [{ role: 'viewer' }, 'name'],
        [{ name: 'x', role: 'king' }, 'role'],
        [{ name: 'x', role: 'viewer', tenant: '../etc' }, 'tenant'],
        [{ name: 'x', role: 'viewer', colour: 'red' }, 'colour'],
        [{ name: 'x', role: 'viewer', tenant: '*' }, 'tenant'],
      ];
      for (const [body, field] of cases) {
        const reply = await create(rig.operator, body);
        assert.equal(reply.status, 400);
        assert.equal(reply.body.error.field, field);
      }
    });

    test('the last operator stays', async () => {
      const id = rig.credentials.list().find((each) => each.tenant === '*')?.id;
      const sent = { method: 'DELETE', token: rig.operator };
      const reply = await rig.send(`/v1/tokens/${id}`, sent);
      assert.equal(reply.status, 409);
      assert.equal(reply.body.error.code, 'token.last_admin');
    });
  });
}

function recordSuite(name: string, openTrail: OpenTrail): void {
  describe(`what is recorded of access ${name}`, () => {
    let rig: Rig;
    before(async () => {
      const at_ms = Date.now();
      rig = await openRig(openTrail, { limits: { refusals_per_minute: 3 }, now: () => at_ms });
    });
    after(() => rig.close());
    const recorded = async (tenant: string, tool: string) => {
      const found = await rig.trail.search({ tenant, limit: 1000 });
      return found.events.filter((row) => row.tool === tool);
    };

    test('every reading names who read, what they asked and how much they got', async () => {
      await rig.send('/v1/events?query=nothing&limit=7', { token: rig.viewer });
      const rows = await eventually(
        () => recorded('acme', 'logs.search'),
        (found) => found.length > 0,
      );
      const row = rows[0];
      assert.equal(row?.type, 'access');
      assert.equal(row?.user_id ?? row?.user?.id ?? row?.user?.name, 'viewer of acme');
      assert.deepEqual(row?.arguments, { query: 'nothing', limit: 7 });
      assert.deepEqual(row?.result, { rows: 0 });
    });

    test('making and revoking a token is recorded, and never the token', async () => {
      const body = { name: 'ci', role: 'recorder' };
      const made = await rig.send('/v1/tokens', { token: rig.admin, body });
      const path = `/v1/tokens/${made.body.id}`;
      await rig.send(path, { method: 'DELETE', token: rig.admin });
      for (const tool of ['token.create', 'token.revoke']) {
        const [row] = await eventually(
          () => recorded('acme', tool),
          (found) => found.length > 0,
        );
        assert.equal(row?.type, 'admin');
        assert.doesNotMatch(JSON.stringify(row), /claw_/);
        assert.match(JSON.stringify(row?.arguments), /"name":"ci"/);
      }
    });

    test('refused requests are counted, and recorded at a bounded rate', async () => {
      for (let i = 0; i < 10; i++) await rig.send('/v1/events', { token: 'claw_guess' });
      const rows = await eventually(
        () => recorded('default', 'request.refused'),
        (found) => found.length >= 3,
      );
      assert.equal(rows.length, 3);
      assert.doesNotMatch(JSON.stringify(rows), /claw_guess/);
      const metrics = await rig.send('/metrics');
      assert.match(metrics.text, /claw_refused_requests_total{reason="unknown_token"} 10/);
      await rig.server.close();
      const last = await eventually(
        () => recorded('default', 'request.refused'),
        (found) => found.length === 4,
      );
      assert.partialDeepStrictEqual(last[0]?.arguments, { suppressed: 7 });
    });
  });
}
