/** A short part of every attack on a real server process; the whole is `npm run test:hostile`. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { type Attack, type Size, under } from './attack.ts';
import * as flood from './flood.ts';
import { type Ground, openGround } from './ground.ts';
import * as lie from './lie.ts';
import * as slow from './slow.ts';

const MIB = 1024 * 1024;
/** So short that each is reached, so narrow that a little is already too much. */
const SETTINGS = {
  limits: { header_ms: 300, request_ms: 1_000, inflight_bytes: 12 * MIB, body_bytes: 8 * MIB },
};
const SHARED = { seed: 3, calls: 6 };

const SHORT: readonly (readonly [Attack, Size])[] = [
  [slow.idle, { count: 200, hold_ms: 300 }],
  [slow.slowHeaders, { count: 30, hold_ms: 0 }],
  [slow.slowBodies, { count: 30, hold_ms: 0 }],
  [slow.heldBodies, { count: 30, hold_ms: 0 }],
  [slow.deafExports, { count: 20, hold_ms: 300 }],
  [slow.deafPages, { count: 20, hold_ms: 300 }],
  [slow.deafOpenings, { count: 20, hold_ms: 300 }],
  [slow.deafTails, { count: 20, hold_ms: 300 }],
  [lie.lyingLengths, { count: 22, hold_ms: 0 }],
  [lie.bombs, { count: 4, hold_ms: 0 }],
  [lie.hostileShapes, { count: 4, hold_ms: 0 }],
  [lie.hostileHeads, { count: 18, hold_ms: 0 }],
  [flood.eventFlood, { count: 40, hold_ms: 0 }],
  [flood.searchFlood, { count: 60, hold_ms: 0 }],
  [flood.slowSearches, { count: 6, hold_ms: 1_000 }],
  [flood.strangers, { count: 20, hold_ms: 0 }],
  [flood.churn, { count: 300, hold_ms: 0 }],
  [flood.halfClosed, { count: 40, hold_ms: 300 }],
  [flood.pipelines, { count: 100, hold_ms: 0 }],
  [flood.tails, { count: 20, hold_ms: 0 }],
];

describe('a server under attack', { skip: !existsSync('/proc/self/smaps_rollup') }, () => {
  let ground: Ground;
  before(async () => {
    ground = await openGround(SETTINGS);
  });

  for (const [attack, size] of SHORT) {
    it(`goes on and forgets it: ${attack.what}`, async () => {
      const outcome = await under(ground, attack, { ...size, ...SHARED });
      assert.equal(outcome.failure, undefined);
      const { before, during, after } = outcome;
      assert.deepEqual([...before.wrong, ...during.wrong, ...after.wrong], []);
      assert.equal(after.refused, 0);
      assert.equal(outcome.handles_left, 0);
      assert.ok(outcome.peak_bytes < 1024 * MIB, `${outcome.peak_bytes / MIB} MiB`);
    });
  }

  after(async () => {
    const { lost, doubled, verifies, code, errors } = await ground.finish();
    assert.deepEqual(
      { lost, doubled, verifies, code, errors },
      {
        ...{ lost: 0, doubled: 0, verifies: true, code: 0, errors: '' },
      },
    );
  });
});
