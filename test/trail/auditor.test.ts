/** Which sessions the auditor looks at, by what the clock says. */
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Engine } from '../../src/engine/engine.ts';
import { openMemoryEngine } from '../../src/engine/memory.ts';
import { canonicalBytes } from '../../src/event/canonical.ts';
import type { Event } from '../../src/event/event.ts';
import { openCoverage } from '../../src/search/coverage.ts';
import { type Auditor, openAuditor } from '../../src/trail/auditor.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

let now_ms = 0;
let engine: Engine;
let seq = 0;
let checked: string[] = [];
let auditor: Auditor;
let recorded = 0;
let tenants: string[] = [];
/** What was recorded, by id. */
let saying = new Map<string | undefined, string | undefined>();

beforeEach(async () => {
  now_ms = Date.UTC(2026, 5, 1, 12);
  seq = 0;
  recorded = 0;
  tenants = ['acme'];
  saying = new Map();
  checked = [];
  engine = openMemoryEngine({ call_timeout_ms: HOUR_MS, now: () => now_ms });
  auditor = openAuditor({
    engine,
    coverage: async ({ tenant, session_id }) => {
      if (tenant !== 'acme') throw new Error('this tenant cannot be read');
      checked.push(session_id);
      const told = { session_id, ended: true, complete: true, partial: false, lost: false };
      const read_to = { indexed: seq, recorded: seq, complete: true };
      return { ...openCoverage().report({ ...told, now_ms, silent_ms: HOUR_MS }), read_to };
    },
    door: { recordOnce: said },
    gapKey: Buffer.alloc(32),
    tenants: () => tenants,
    now: () => now_ms,
    silent_ms: HOUR_MS,
    head: () => recorded,
    read: () => seq,
  });
  await auditor.check();
});

async function said({ id, detail }: Pick<Event, 'detail'> & { readonly id?: string }) {
  const once = id === undefined || !saying.has(id);
  saying.set(id ?? `without an id, ${saying.size}`, detail);
  return once;
}

async function happens(session_id: string, more: Partial<Event>): Promise<void> {
  const time = new Date(now_ms).toISOString();
  const { tenant_id = 'acme' } = more;
  const index = seq++;
  recorded = Math.max(recorded, seq);
  const id = `00000000-0000-8000-8000-${String(index).padStart(12, '0')}`;
  const event: Event = {
    ...{ id, time, recorded_at: time, type: 'output', tenant_id, session_id },
    ...more,
  };
  await engine.apply([{ tenant: tenant_id, index, seq: index, event: canonicalBytes(event) }]);
}

describe('the auditor', () => {
  it('looks at a session when it has ended, however long ago it was asked anything', async () => {
    await happens('s', { type: 'prompt' });
    for (let minute = 0; minute < 90; minute++) {
      now_ms += MINUTE_MS;
      await happens('s', {});
      await auditor.check();
    }
    assert.deepEqual(checked, []);
    await happens('s', { type: 'session', operation: 'end' });
    now_ms += MINUTE_MS;
    await auditor.check();
    assert.deepEqual(checked, ['s']);
  });

  it('finds what came while the clock ran ahead', async () => {
    now_ms += 24 * HOUR_MS;
    await auditor.check();
    now_ms -= 23 * HOUR_MS;
    await happens('s', { type: 'prompt' });
    await happens('s', { type: 'session', operation: 'end' });
    now_ms += MINUTE_MS;
    await auditor.check();
    assert.deepEqual(checked, ['s']);
  });

  it('finds what the index had yet to read when its time came', async () => {
    recorded = 2;
    const then_ms = now_ms;
    now_ms += MINUTE_MS;
    await auditor.check();
    now_ms += MINUTE_MS;
    await auditor.check();
    assert.deepEqual(checked, []);
    const later_ms = now_ms;
    now_ms = then_ms;
    await happens('s', { type: 'prompt' });
    await happens('s', { type: 'session', operation: 'end' });
    now_ms = later_ms;
    await auditor.check();
    assert.deepEqual(checked, ['s']);
    now_ms += MINUTE_MS;
    await auditor.check();
    assert.deepEqual(checked, ['s']);
  });

  it('checks every tenant, also where one before it cannot be read, and says so', async () => {
    tenants = ['broken', 'acme'];
    for (const tenant_id of tenants) {
      await happens('s', { tenant_id, type: 'session', operation: 'end' });
    }
    now_ms += MINUTE_MS;
    await assert.rejects(auditor.check(), /this tenant cannot be read/);
    assert.deepEqual(checked, ['s']);
  });

  it('says once an hour that more was due than it looks at, however often it looks', async () => {
    tenants = ['broken', 'acme'];
    await happens('s', { tenant_id: 'broken', type: 'session', operation: 'end' });
    for (let i = 0; i < 60; i++) await happens(`s${i}`, { type: 'session', operation: 'end' });
    now_ms += MINUTE_MS;
    for (let i = 0; i < 5; i++) {
      now_ms += MINUTE_MS;
      await assert.rejects(auditor.check(), /this tenant cannot be read/);
    }
    const more = 'More than 50 sessions were due at once: some were not checked.';
    assert.deepEqual([...saying.values()], [more]);
    now_ms += HOUR_MS;
    await assert.rejects(auditor.check());
    assert.deepEqual([...saying.values()], [more, more]);
  });
});
