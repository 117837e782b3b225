import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  decodeBundle,
  encodeBundle,
  levelWidth,
  parseTilePath,
  partialTiles,
  TILE_WIDTH,
  tilePath,
} from '../../src/ledger/tile.ts';

describe('a tile path', () => {
  it('is the one that the specification shows', () => {
    assert.equal(tilePath({ level: 0, n: 1_234_067, width: 256 }), 'tile/0/x001/x234/067');
    assert.equal(tilePath({ level: 1, n: 0, width: 17 }), 'tile/1/000.p/17');
    assert.equal(tilePath({ level: 'entries', n: 273, width: 112 }), 'tile/entries/273.p/112');
  });

  it('comes back from its text', () => {
    const tiles = fc.record(
      {
        level: fc.oneof(fc.constant('entries' as const), fc.nat({ max: 63 })),
        n: fc.maxSafeNat(),
        width: fc.integer({ min: 1, max: 256 }),
      },
      { noNullPrototype: true },
    );
    fc.assert(fc.property(tiles, (tile) => assert.deepEqual(parseTilePath(tilePath(tile)), tile)));
  });

  it('is refused in any other form', () => {
    const paths = [
      'tile/0/1',
      'tile/0/0001',
      'tile/00/000',
      'tile/0/x000/001',
      'tile/0/000.p/0',
      'tile/0/000.p/256',
      'tile/0/000.p/01',
      'tile/0/000/',
      'tile/0/../000',
      'tile/data/000',
      '/tile/0/000',
      'tile/0/000\n',
    ];
    for (const path of paths) assert.equal(parseTilePath(path), undefined, path);
  });
});

describe('the tiles of 70,000 entries', () => {
  it('are 273 full and one of 112, one full and one of 17, and one of 1', () => {
    const full = [0, 1, 2].map((level) => Math.floor(levelWidth(level, 70_000) / TILE_WIDTH));
    assert.deepEqual(full, [273, 1, 0]);
    assert.deepEqual(partialTiles(70_000).map(tilePath), [
      'tile/entries/273.p/112',
      'tile/0/273.p/112',
      'tile/1/001.p/17',
      'tile/2/000.p/1',
    ]);
  });
});

describe('an entry bundle', () => {
  it('gives back its entries', () => {
    const entries = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 256 });
    fc.assert(
      fc.property(entries, (given) => {
        const decoded = decodeBundle(encodeBundle(given));
        assert.equal(decoded.rest, 0);
        assert.deepEqual(
          decoded.entries,
          given.map((entry) => Buffer.from(entry)),
        );
      }),
    );
  });

  it('says how many bytes fit no entry', () => {
    const bundle = encodeBundle([Buffer.from('one'), Buffer.from('three')]);
    const cut = decodeBundle(bundle.subarray(0, -1));
    assert.deepEqual(cut.entries, [Buffer.from('one')]);
    assert.equal(cut.rest, 6);
  });
});
