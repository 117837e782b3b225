/** Explanations of scenes: golden sentences in both languages, and what holds of any scene. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { describe } from '../../src/action/action.ts';
import {
  ACTIONS,
  DECIDERS,
  type Event,
  OUTCOMES,
  SOURCES,
  STATUSES,
  TYPES,
} from '../../src/event/event.ts';
import { ENGLISH } from '../../src/search/why/english.ts';
import { JAPANESE } from '../../src/search/why/japanese.ts';
import { PLAIN_ENGLISH, PLAIN_JAPANESE } from '../../src/search/why/plain.ts';
import type { WhyRow } from '../../src/search/why/scene.ts';
import { explainEvent, READERS, WHY_CHARS, WHY_STEPS } from '../../src/search/why.ts';
import { CAPTURED, CAPTURES, captureFiles, matches, skip } from '../adapter/captures.ts';
import { clock, rowsOf, sceneOf } from './why-scene.ts';
import { STORIES, type Story } from './why-story.ts';

const LANGUAGES = ['en', 'ja'] as const;
const GOLDEN = join(import.meta.dirname, 'golden');
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not come out.
const DANGEROUS = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

function told(story: Story, language: 'en' | 'ja', reader: (typeof READERS)[number]): string {
  const rows = rowsOf(story.events.map((event) => describe(event)));
  const event = rows.find(({ facts }) => facts.some(({ id }) => id === story.about));
  assert.ok(event, 'the event is in the story');
  const scene = sceneOf(event, rows, { policies: story.policies });
  const { steps, unknown } = explainEvent(scene, { language, for: reader, clock });
  return [
    `# ${story.name} (${language}, ${reader})`,
    ...steps.map(({ kind, at, sentence }) => `${kind} ${clock(at)} ${sentence}`),
    ...unknown.map(({ code, sentence }) => `? ${code} ${sentence}`),
  ].join('\n');
}

suite('stories', () => {
  for (const language of LANGUAGES) {
    test(`are told in ${language} as the golden file has them`, () => {
      const all = STORIES.flatMap((story) => READERS.map((one) => told(story, language, one)));
      const text = `${all.join('\n\n')}\n`;
      const path = join(GOLDEN, `why-${language}.txt`);
      if (process.env['UPDATE'] || !existsSync(path)) writeFileSync(path, text);
      assert.equal(text, readFileSync(path, 'utf8'));
    });
  }

  test('for the person concerned name no tool, no value, no policy and nobody else', () => {
    for (const story of STORIES) {
      for (const language of LANGUAGES) {
        const words = told(story, language, 'subject');
        for (const secret of story.secrets)
          assert.ok(!words.includes(secret), `${secret}: ${words}`);
      }
    }
  });
});

test('every sentence exists in both languages', () => {
  const keys = (table: object) => Object.keys(table).sort();
  assert.deepEqual(keys(JAPANESE), keys(ENGLISH));
  assert.deepEqual(keys(JAPANESE.unknown), keys(ENGLISH.unknown));
  assert.deepEqual(keys(PLAIN_JAPANESE), keys(PLAIN_ENGLISH));
  assert.deepEqual(keys(PLAIN_JAPANESE.unknown), keys(PLAIN_ENGLISH.unknown));
});

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    'eve@evil.example',
    '/work/a.sh',
    'https://evil.example/x',
    '\u001b[2J\u202e',
    '',
  ),
);
const name = fc.constantFrom('s', 's:agent-1', 't', 'c1', 'c2', 'send_email', 'validate_action');
const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined });
const claw = fc.oneof(
  fc.jsonValue(),
  fc.record({
    decision: fc.oneof(
      fc.jsonValue(),
      fc.record({ request: fc.jsonValue(), mode: fc.constantFrom('observe', 1) }),
    ),
    approval: fc.oneof(
      fc.jsonValue(),
      fc.record({ approval_id: name, votes: fc.jsonValue(), state: text, quorum: fc.jsonValue() }),
    ),
    task: fc.oneof(fc.jsonValue(), fc.record({ scope: fc.jsonValue(), budget: fc.jsonValue() })),
  }),
);
const row: fc.Arbitrary<WhyRow> = fc
  .record({
    id: fc.uuid(),
    second: fc.nat(59),
    type: fc.constantFrom(...TYPES),
    session_id: fc.constantFrom('s', 's:agent-1', 't'),
    parent_session_id: maybe(fc.constantFrom('s', 't', 's:agent-1')),
    turn_id: maybe(fc.constantFrom('t1', 't2')),
    task_id: maybe(name),
    call_id: maybe(name),
    action: maybe(fc.constantFrom(...ACTIONS)),
    tool: maybe(name),
    model: maybe(text),
    channel: maybe(fc.constantFrom('agent', 'task_notification', 'reasoning', 'slack')),
    operation: maybe(fc.constantFrom('declare', 'close', 'end', 'read')),
    arguments: maybe(
      fc.oneof(fc.jsonValue(), fc.record({ tool: name, arguments: fc.jsonValue() }), text),
    ),
    resources: maybe(
      fc.array(
        fc.record({
          kind: fc.constantFrom('file', 'url', 'other'),
          id: text,
          access: fc.constantFrom('read' as const, 'write' as const, 'execute' as const),
        }),
        { maxLength: 3 },
      ),
    ),
    content: maybe(text),
    result: maybe(fc.oneof(fc.jsonValue(), text)),
    status: maybe(fc.constantFrom(...STATUSES)),
    decision: maybe(
      fc.record(
        {
          outcome: fc.constantFrom(...OUTCOMES),
          by: fc.constantFrom(...DECIDERS),
          policy_ids: fc.array(text, { maxLength: 3 }),
          policy_version: fc.constantFrom('v1', 'v2'),
          reason: text,
          constraints: fc.jsonValue(),
        },
        { requiredKeys: [] },
      ),
    ),
    attributes: maybe(fc.record({ claw })),
    kind: fc.constantFrom(...SOURCES),
    erased: maybe(fc.constant(true as const)),
  })
  .map(({ second, kind, ...fields }) => {
    const time = new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
    const given = Object.entries(fields).filter(([, value]) => value !== undefined);
    const { id, type, status } = fields;
    const fact = { id, time, index: second, type, source: { kind }, ...(status ? { status } : {}) };
    return {
      ...Object.fromEntries(given),
      time,
      index: second,
      facts: [fact],
    } as unknown as WhyRow;
  });

test('any rows give sentences that are printable, bounded and the same each time', () => {
  const policy = {
    ...{ id: 'p', file: 'f', effect: 'forbid' as const, text: 'resource.id context.cwd' },
    annotations: { reason: '\u001b[31m' },
  };
  const policies = new Map([['v1', { policies: [policy], author: '\u202e' }]]);
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 1, maxLength: 12 }),
      fc.nat(11),
      fc.constantFrom(...LANGUAGES),
      fc.constantFrom(...READERS),
      (given, at, language, reader) => {
        const rows = given
          .map((one, index) => ({ ...one, index }))
          .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.index - b.index));
        const event = rows[at % rows.length];
        assert.ok(event);
        const scene = sceneOf(event, rows, { policies, left_out: { before: at, after: 0 } });
        const options = { language, for: reader, clock };
        const said = explainEvent(scene, options);
        assert.deepEqual(explainEvent(scene, options), said);
        assert.ok(said.steps.length <= WHY_STEPS);
        for (const { sentence } of [...said.steps, ...said.unknown]) {
          assert.ok(sentence.length <= WHY_CHARS && sentence.length > 0);
          assert.doesNotMatch(sentence, DANGEROUS);
          assert.doesNotMatch(sentence, /undefined|\[object|NaN/);
        }
        assert.ok(JSON.stringify(said).length < 1_000_000);
      },
    ),
    { numRuns: 400 },
  );
});

suite('recorded sessions of real runtimes', { skip }, () => {
  test('every event of every capture is explained in both languages', () => {
    const seen = { sub_agents: 0, events: 0 };
    for (const file of captureFiles()) {
      const events = eventsOf(file);
      if (events.length === 0) continue;
      const rows = rowsOf(events.map((event) => describe(event)));
      for (const event of rows) {
        for (const language of LANGUAGES) {
          const said = explainEvent(sceneOf(event, rows), { language, for: 'responder', clock });
          assert.ok(said.steps.length > 0, `${file} ${event.id}`);
          for (const { sentence } of said.steps) assert.doesNotMatch(sentence, DANGEROUS);
          seen.events++;
          const started = /A sub-agent did this; (\w+)/.exec(
            said.steps.map((s) => s.sentence).join(),
          );
          if (started && started[1] !== 'a') seen.sub_agents++;
        }
      }
    }
    assert.ok(seen.events > 100);
    assert.ok(seen.sub_agents > 0, 'some sub-agent was told by the call that started it');
  });
});

function eventsOf(file: string): readonly Event[] {
  const reader = CAPTURED.find(([pattern]) => matches(pattern, file))?.[1];
  if (typeof reader !== 'function') return [];
  return reader(join(CAPTURES, file)).flatMap((line) => (typeof line === 'string' ? [] : line));
}
