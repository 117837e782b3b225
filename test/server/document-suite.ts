/** The OpenAPI document: it says what is served, and answers fit it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { ROUTES } from '../../src/server/menu.ts';
import { documentedPath } from '../../src/server/openapi.ts';
import { openRig } from './rig.ts';
import type { OpenTrail } from './suite.ts';

export function documentSuite(name: string, openTrail: OpenTrail): void {
  test(`the OpenAPI document says exactly what is served, ${name}`, async () => {
    const rig = await openRig(openTrail);
    const { body, status } = await rig.send('/openapi.json');
    assert.equal(status, 200);
    assert.match(body.openapi, /^3\.1\./);
    const documented = Object.entries(body.paths as Record<string, object>).flatMap(
      ([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const table = ROUTES.map((route) => `${route.method} ${documentedPath(route.path)}`);
    assert.deepEqual(documented.toSorted(), table.toSorted());
    for (const route of ROUTES) {
      const url = route.path.replaceAll(/:\w+/g, 'x').replace('*', '0/000');
      const others = await rig.send(url, { method: 'PATCH' });
      assert.equal(others.status, 405, `${route.path} is served`);
      assert.ok(others.headers.get('allow')?.includes(route.method));
    }
    const text = JSON.stringify(body);
    for (const [, id] of text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)) {
      assert.ok(body.components.schemas[id ?? ''], `${id} is referred to and defined`);
    }
    assert.doesNotMatch(text, /"\$(schema|id|defs)"/);
    const list = body.paths['/v1/events'].get;
    assert.deepEqual(list.security, [{ bearer: [] }]);
    assert.ok(list.responses['401'] && list.responses['403'] && list.responses['400']);
    await rig.close();
  });

  test(`real answers fit the schemas of the document, ${name}`, async () => {
    const rig = await openRig(openTrail);
    const { body } = await rig.send('/openapi.json');
    const fits = (id: string, value: unknown) => {
      const $defs = body.components.schemas;
      const text = JSON.stringify({ $ref: `#/$defs/${id}`, $defs });
      const schema = JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/'));
      const parsed = z.fromJSONSchema(schema).safeParse(value);
      assert.ok(parsed.success, `${id}: ${parsed.error?.message}`);
    };
    const event = { type: 'prompt', session_id: 's', content: 'hello' };
    const sent = { token: rig.recorder, body: [event, {}] };
    const ingested = (await rig.send('/v1/events', sent)).body;
    fits('Ingested', ingested);
    const read = async (path: string) => (await rig.send(path, { token: rig.viewer })).body;
    fits('Row', await read(`/v1/events/${ingested.results[0].id}`));
    fits('SearchResult', await read('/v1/events'));
    fits('SessionsResult', await read('/v1/sessions'));
    fits('Status', await read('/v1/status'));
    fits('AuditLog', await read('/v1/audit_log'));
    fits('Health', await read('/healthz'));
    fits('Error', await read('/v1/events?limit=0'));
    assert.throws(() => fits('Error', { error: { code: 'made.up', message: 'x' } }));
    await rig.close();
  });
}
