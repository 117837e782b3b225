import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { openFrontier } from '../../src/ledger/frontier.ts';
import { levelWidth, TILE_WIDTH, type Tile } from '../../src/ledger/tile.ts';
import {
  consistencyProof,
  HASH_BYTES,
  inclusionProof,
  leafHash,
  nodeHash,
  type TileReader,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
} from '../../src/ledger/tree.ts';

/** RFC 6962 §2.1, as it is written there. */
function plainRoot(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 1) return leaves[0] as Buffer;
  let half = 1;
  while (half * 2 < leaves.length) half *= 2;
  return nodeHash(plainRoot(leaves.slice(0, half)), plainRoot(leaves.slice(half)));
}

function leavesOf(size: number): readonly Buffer[] {
  return Array.from({ length: size }, (_, i) => leafHash(Buffer.from(`leaf ${i}`)));
}

/** A tree of leaves, whose tiles are read as they stand at its size. */
function grow(leaves: readonly Buffer[]): {
  readonly root: () => Buffer;
  readonly read: TileReader;
} {
  const full = new Map<string, Buffer>();
  const frontier = openFrontier((tile, bytes) => full.set(`${tile.level}/${tile.n}`, bytes));
  for (const leaf of leaves) frontier.append(leaf);
  const read: TileReader = async ({ level, n, width }: Tile) => {
    const bytes = full.get(`${level}/${n}`) ?? frontier.partial(Number(level));
    assert.equal(Math.min(TILE_WIDTH, levelWidth(level, leaves.length) - n * TILE_WIDTH), width);
    assert.equal(bytes.length, width * HASH_BYTES);
    return bytes;
  };
  return { root: frontier.root, read };
}

const LEAVES = leavesOf(70_000);
const sizes = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 1200 }) },
  { weight: 4, arbitrary: fc.constantFrom(1, 2, 255, 256, 257, 511, 512) },
  { weight: 1, arbitrary: fc.constantFrom(65_535, 65_536, 65_537, 66_000) },
);
const runs = { numRuns: 60 };

describe('the tree', () => {
  it('has the root that three other implementations give for 70,000 entries', () => {
    const leaves = Array.from({ length: 70_000 }, (_, i) =>
      leafHash(Buffer.from(`{"i":${i},"v":"event ${i}"}`)),
    );
    const root = grow(leaves).root().toString('base64');
    assert.equal(root, 'zDKiSyTjFsti5IaN8EDFvSy8y/FX8QwsBRT+TROs1cw=');
  });

  it('without leaves is the hash of nothing', () => {
    const hex = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    assert.equal(grow([]).root().toString('hex'), hex);
  });

  it('has the root that RFC 6962 defines, at any size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1200 }), (size) => {
        const leaves = LEAVES.slice(0, size);
        assert.deepEqual(grow(leaves).root(), plainRoot(leaves));
      }),
      runs,
    );
  });

  it('has the same root from its tiles as from its leaves', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async (size) => {
        const { root, read } = grow(LEAVES.slice(0, size));
        assert.deepEqual(await treeRoot(size, read), root());
      }),
      { numRuns: 25 },
    );
  });

  it('grows on from any edge as if it had never stopped', () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 700 }), (stop, more) => {
        const leaves = LEAVES.slice(0, stop + more);
        const first = openFrontier(() => {});
        for (const leaf of leaves.slice(0, stop)) first.append(leaf);
        const tiles: string[] = [];
        const second = openFrontier(({ level, n }) => tiles.push(`${level}/${n}`), first.edge());
        for (const leaf of leaves.slice(stop)) second.append(leaf);
        assert.deepEqual(second.root(), grow(leaves).root());
        const filled = Math.floor((stop + more) / TILE_WIDTH) - Math.floor(stop / TILE_WIDTH);
        assert.equal(tiles.filter((tile) => tile.startsWith('0/')).length, filled);
      }),
      { numRuns: 25 },
    );
  });
});

describe('an inclusion proof', () => {
  it('leads from any entry to the root, and from no other index, size, leaf or path', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(), fc.nat(), async (size, pick, flip) => {
        const { root, read } = grow(LEAVES.slice(0, size));
        const index = pick % size;
        const leaf = LEAVES[index] as Buffer;
        const path = await inclusionProof(index, size, read);
        const proof = { index, size, leaf, path, root: root() };
        assert.equal(verifyInclusion(proof), true);
        assert.equal(verifyInclusion({ ...proof, index: (index + 1) % size }), size === 1);
        assert.equal(verifyInclusion({ ...proof, index: size }), false);
        const bits = [leaf, root(), ...path];
        const at = flip % bits.length;
        const bent = bits.map((bytes, i) => (i === at ? flipBit(bytes, flip) : bytes));
        const [bentLeaf, bentRoot, ...bentPath] = bent as [Buffer, Buffer, ...Buffer[]];
        const flipped = { ...proof, leaf: bentLeaf, root: bentRoot, path: bentPath };
        assert.equal(verifyInclusion(flipped), false);
        assert.equal(verifyInclusion({ ...proof, path: [...path, leaf] }), false);
        if (path.length > 0) {
          assert.equal(verifyInclusion({ ...proof, path: path.slice(1) }), false);
        }
      }),
      runs,
    );
  });
});

describe('a consistency proof', () => {
  it('shows any prefix to be one of any extension, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(), fc.nat(), async (to, pick, flip) => {
        const from = 1 + (pick % to);
        const { root: toRoot, read } = grow(LEAVES.slice(0, to));
        const fromRoot = grow(LEAVES.slice(0, from)).root();
        const path = await consistencyProof(from, to, read);
        const proof = { from, fromRoot, to, toRoot: toRoot(), path };
        assert.equal(verifyConsistency(proof), true);
        const bits = [fromRoot, toRoot(), ...path];
        const at = flip % bits.length;
        const bent = bits.map((bytes, i) => (i === at ? flipBit(bytes, flip) : bytes));
        const [bentFrom, bentTo, ...bentPath] = bent as [Buffer, Buffer, ...Buffer[]];
        const flipped = { ...proof, fromRoot: bentFrom, toRoot: bentTo, path: bentPath };
        assert.equal(verifyConsistency(flipped), false);
        assert.equal(verifyConsistency({ ...proof, path: [...path, fromRoot] }), false);
      }),
      runs,
    );
  });

  it('refuses another history of the same length', async () => {
    const { read } = grow(LEAVES.slice(0, 300));
    const path = await consistencyProof(100, 300, read);
    const fromRoot = grow(LEAVES.slice(1, 101)).root();
    const toRoot = grow(LEAVES.slice(0, 300)).root();
    assert.equal(verifyConsistency({ from: 100, fromRoot, to: 300, toRoot, path }), false);
  });
});

function flipBit(bytes: Buffer, bit: number): Buffer {
  const flipped = Buffer.from(bytes);
  const at = bit % (8 * bytes.length);
  flipped[at >> 3] = (flipped[at >> 3] as number) ^ (1 << (at & 7));
  return flipped;
}
