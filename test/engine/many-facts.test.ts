/** A call of which more is said than one row takes: as a producer does whose calls share an id. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Engine, EngineRecord } from '../../src/engine/engine.ts';
import { CALL_FACTS } from '../../src/engine/fold.ts';
import { openMemoryEngine } from '../../src/engine/memory.ts';
import { NOW_MS } from './generate.ts';
import { ALL, folder, NEWEST, open } from './ground.ts';
import { optionsOf, record } from './suite.ts';

const PAGE = { ...NEWEST, limit: 1000 };
const BEYOND = 36;

/** Ends of one call; every other one is a beginning where they are `mixed`. */
function factsOf(kind: 'ended' | 'pending' | 'mixed'): EngineRecord[] {
  return Array.from({ length: CALL_FACTS + BEYOND }, (_, i) => {
    const status = kind === 'ended' || (kind === 'mixed' && i % 2 === 1) ? 'success' : 'pending';
    const draft = { type: 'tool_call', session_id: 's', call_id: 'same', status, content: `n${i}` };
    return record(i, draft, NOW_MS - 1000 + i);
  });
}

async function rowSizes(engine: Engine): Promise<number[]> {
  const { value } = await engine.search({ tenant: 'acme', filter: ALL }, PAGE);
  const all = value.flatMap(({ facts }) => facts);
  assert.equal(new Set(all).size, all.length, 'no fact is in two rows');
  return value.map(({ facts }) => facts.length).sort((a, b) => b - a);
}

describe('a call of more facts than a row takes', () => {
  const wanted = [CALL_FACTS, ...Array(BEYOND).fill(1)];
  for (const kind of ['ended', 'pending', 'mixed'] as const) {
    for (const step of [1, 7, 1000]) {
      it(`has rows of its own for the rest: ${kind}, ${step} at a time`, async (t) => {
        const records = factsOf(kind);
        const most: number[] = [];
        const fetch = async (tenant: string, indices: readonly number[]) => {
          most.push(indices.length);
          return optionsOf(records).fetch(tenant, indices);
        };
        const dir = folder(t);
        const engine = await open(t, records, { dir, fetch });
        const memory = openMemoryEngine(optionsOf(records));
        for (let at = 0; at < records.length; at += step) {
          await engine.apply(records.slice(at, at + step));
          await memory.apply(records.slice(at, at + step));
        }
        assert.deepEqual(await rowSizes(engine), wanted);
        const everything = { tenant: 'acme', filter: ALL };
        const rows = await engine.search(everything, PAGE);
        assert.deepEqual(rows.value, (await memory.search(everything, PAGE)).value);
        assert.ok(Math.max(0, ...most) <= CALL_FACTS);
        await engine.close();
        const again = await open(t, records, { dir });
        assert.deepEqual((await again.search(everything, PAGE)).value, rows.value);
      });
    }
  }
});
