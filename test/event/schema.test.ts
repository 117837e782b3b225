import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIELDS } from '../../src/engine/field.ts';
import { eventSchema } from '../../src/event/event.ts';
import { csvColumns, fieldTable, jsonSchema } from '../../src/event/schema.ts';

test('the JSON Schema is draft 2020-12, has an id, and refuses unknown fields', () => {
  const { $schema, $id, title, additionalProperties, required } = jsonSchema();
  assert.equal($schema, 'https://json-schema.org/draft/2020-12/schema');
  assert.equal($id, 'urn:claw:schema:event:1');
  assert.equal(title, 'Claw event');
  assert.equal(additionalProperties, false);
  assert.deepEqual(required, ['id', 'time', 'recorded_at', 'type', 'tenant_id', 'session_id']);
});

test('every field of the declaration is in the table, described', () => {
  const rows = fieldTable();
  const names = new Set(rows.map((row) => row.name));
  for (const key of Object.keys(eventSchema.shape)) assert.ok(names.has(key), key);
  for (const name of ['agent.id', 'resources[].id', 'decision.policy_ids', 'overflow[].sha256']) {
    assert.ok(names.has(name), name);
  }
  assert.equal(names.size, rows.length);
  for (const row of rows) assert.notEqual(row.description, '', row.name);
});

test('the table and the search agree on how each field is searched', () => {
  const searched = fieldTable()
    .filter((row) => row.index !== undefined)
    .map((row) => `${row.name.replaceAll('[]', '')} ${row.index}`);
  assert.deepEqual(
    searched,
    FIELDS.map((field) => `${field.name} ${field.kind}`),
  );
});

test('limits and values of the declaration are in the table', () => {
  const row = (name: string) => fieldTable().find((one) => one.name === name);
  assert.equal(row('tool')?.limit, 'at most 512 characters');
  assert.equal(row('resources')?.limit, 'at most 256 elements');
  assert.equal(
    row('decision.policy_ids')?.limit,
    'at most 64 elements, each at most 512 characters',
  );
  assert.equal(row('duration_ms')?.limit, 'at least 0');
  assert.deepEqual(row('decision.outcome')?.values, ['permit', 'deny', 'escalate']);
  assert.deepEqual([row('id')?.required, row('tool')?.required], [true, false]);
});

test('every leaf of an event is one column, and lists and free values are JSON', () => {
  const columns = csvColumns();
  const kind = (name: string) => columns.find((column) => column.name === name)?.kind;
  assert.deepEqual(
    [
      'agent.id',
      'duration_ms',
      'resources',
      'arguments',
      'decision.policy_ids',
      'tokens_used',
      'agent',
    ].map(kind),
    ['text', 'number', 'json', 'json', 'json', 'number', undefined],
  );
});
