import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { type Corpus, openCorpus } from '../../bench/corpus/corpus.ts';
import { holds, KINDS, questions } from '../../bench/corpus/question.ts';
import { type Generated, generateEvents } from '../../bench/generate.ts';
import { normalise } from '../../src/event/normalise.ts';
import { Fault } from '../../src/fault/fault.ts';

const COUNT = 20_000;
const FROM_MS = Date.parse('2026-10-01T00:00:00Z');

const generate = (seed: number, count = COUNT): readonly Generated[] => [
  ...generateEvents({ seed, count, timeOf: (i) => FROM_MS + i * 100 }),
];
const events = generate(1);
const of = (field: string, some: readonly Generated[] = events) =>
  new Set(some.map((event) => event[field]).filter((value) => value !== undefined));

suite('generated events', () => {
  test('are the same for the same seed, and share no session or call with another seed', () => {
    assert.deepEqual(generate(1, 500), generate(1, 500));
    const others = generate(2);
    for (const field of ['session_id', 'call_id']) {
      const known = of(field);
      assert.ok(![...of(field, others)].some((id) => known.has(id)));
    }
  });

  test('are all taken by the front door, and none has a field that it does not know', () => {
    const context = {
      producer: { tenant_id: '*' },
      now_ms: FROM_MS,
      newId: () => '00000000-0000-7000-8000-000000000000',
      defaultTenant: 'default',
    };
    for (const event of events.slice(0, 5000)) {
      const taken = normalise(event, context);
      if (taken instanceof Fault) assert.fail(`${taken.message} ${JSON.stringify(event)}`);
      assert.equal(taken.attributes, undefined);
    }
  });

  test('are of up to fifty tenants, a tenth Japanese, from 200 bytes to 64 KB, around 650', () => {
    const texts = events.map((event) => JSON.stringify(event));
    const sizes = texts.map((text) => Buffer.byteLength(text)).toSorted((a, b) => a - b);
    const japanese = texts.filter((text) => /\p{Script=Han}/u.test(text)).length / COUNT;
    const middle = sizes[COUNT / 2] ?? 0;
    assert.ok(of('tenant_id').size > 35 && of('tenant_id').size <= 50);
    assert.ok(japanese > 0.07 && japanese < 0.14, `${japanese}`);
    assert.ok((sizes[0] ?? 0) >= 200 && (sizes.at(-1) ?? 0) <= 65_536);
    assert.ok(middle > 500 && middle < 800, `${middle}`);
  });

  test('tell of a call before its result, in the same session, and of no result twice', () => {
    const asked = new Map<unknown, string>();
    for (const { call_id, session_id, status } of events) {
      if (call_id === undefined) continue;
      if (status === 'pending') {
        assert.ok(!asked.has(call_id));
        asked.set(call_id, session_id);
      } else {
        assert.equal(asked.get(call_id), session_id);
        asked.set(call_id, 'answered');
      }
    }
    assert.ok([...asked.values()].filter((state) => state === 'answered').length > COUNT / 4);
  });
});

suite('a corpus', () => {
  const within = async (work: (corpus: Corpus, folder: string) => Promise<void>) => {
    const folder = mkdtempSync(join(tmpdir(), 'claw-corpus-'));
    const plan = { seed: 3, count: 5050, from_ms: FROM_MS, to_ms: FROM_MS + 86_400_000 };
    const progress = () => ({ at: () => {}, stop: () => {} });
    const corpus = await openCorpus({ folder, name: 'events', plan, progress });
    try {
      await work(corpus, folder);
    } finally {
      await corpus.close();
      rmSync(folder, { recursive: true });
    }
  };

  test('gives its file in bodies of a hundred lines, the last one shorter', async () => {
    await within(async (corpus) => {
      const bodies: Buffer[] = [];
      for (let i = 0; i < corpus.bodies; i++) bodies.push(await corpus.body(i));
      assert.deepEqual(Buffer.concat(bodies), readFileSync(corpus.file));
      const lines = bodies.map((body) => body.toString().trimEnd().split('\n').length);
      assert.deepEqual([lines.length, lines[0], lines.at(-1)], [51, 100, 50]);
    });
  });

  test('yields questions of each kind about events that it holds, alike for one seed', async () => {
    await within(async (corpus) => {
      const asked = await questions(corpus, { count: 5, seed: 9 });
      assert.deepEqual(await questions(corpus, { count: 5, seed: 9 }), asked);
      const text = readFileSync(corpus.file, 'utf8');
      for (const kind of KINDS) {
        assert.equal(asked[kind].length, 5);
        for (const question of asked[kind]) assert.ok(holds(question, kind));
      }
      for (const { part } of asked.substring) assert.ok(text.includes(part));
      for (const { japanese_4 } of asked.japanese_4) assert.ok(text.includes(japanese_4));
      for (const { rare } of asked.rare_words) assert.ok(rare.every((word) => text.includes(word)));
    });
  });
});
