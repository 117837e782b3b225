/** The searchable fields and the names that a query may call them by. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FIELDS, fieldNamed, fieldsOfKind } from '../../src/engine/field.ts';
import { NAMES, TEXTS } from '../../src/engine/text.ts';
import { STATUSES } from '../../src/event/event.ts';

describe('fields', () => {
  it('come from the declaration of the event, with their kinds', () => {
    const kinds = Object.fromEntries(
      FIELDS.map(({ name, kind, many }) => [name, many ? `${kind}s` : kind]),
    );
    assert.equal(kinds['agent.id'], 'keyword');
    assert.equal(kinds['resources.id'], 'keywords');
    assert.equal(kinds['decision.policy_ids'], 'keywords');
    assert.equal(kinds['tokens.total'], 'number');
    assert.equal(kinds['time'], 'time');
    assert.equal(kinds['content'], 'text');
    assert.equal(kinds['raw'], undefined);
    assert.deepEqual(fieldNamed('status')?.values, STATUSES);
  });

  it('go by the documents’ names and by short ones, in any case', () => {
    const names = {
      user: 'user.id',
      agent_id: 'agent.id',
      SESSION: 'session_id',
      resource: 'resources.id',
      policy_id: 'decision.policy_ids',
      outcome: 'decision.outcome',
      runtime: 'agent.runtime',
      tokens_used: 'tokens.total',
      created_at: 'time',
      tool: 'tool',
    };
    for (const [short, name] of Object.entries(names)) assert.equal(fieldNamed(short)?.name, name);
    assert.equal(fieldNamed('nonsense'), undefined);
    assert.equal(fieldNamed('__proto__'), undefined);
  });

  it('have no name twice', () => {
    const names = FIELDS.flatMap(({ name, synonyms }) => [name, ...synonyms]);
    assert.equal(new Set(names).size, names.length);
  });

  it('have every text field in the full-text index', () => {
    const texts = fieldsOfKind('text').map((field) => field.name);
    assert.deepEqual([...TEXTS].sort(), [...texts, NAMES].sort());
  });
});
