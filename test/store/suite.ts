/** What every store promises. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Store } from '../../src/store/store.ts';

export function storeSuite(name: string, open: (t: TestContext) => Store): void {
  const bytes = (text: string) => Buffer.from(text);
  const keys = (store: Store, prefix: string) => collect(store.list(prefix));

  describe(`store: ${name}`, () => {
    test('gives back what was put, and nothing for what was not', async (t) => {
      const store = open(t);
      await store.put('ledger/acme/tile/0/000', bytes('tile'));
      assert.deepEqual(await store.get('ledger/acme/tile/0/000'), bytes('tile'));
      assert.equal(await store.size('ledger/acme/tile/0/000'), 4);
      for (const absent of ['ledger/acme/tile/0/001', 'ledger/acme', 'a/b/c']) {
        assert.equal(await store.get(absent), undefined);
        assert.equal(await store.size(absent), undefined);
      }
    });

    test('holds an empty object', async (t) => {
      const store = open(t);
      await store.put('empty', bytes(''));
      assert.deepEqual(await store.get('empty'), bytes(''));
      assert.equal(await store.size('empty'), 0);
    });

    test('keeps its own bytes: changing what was put or got changes nothing', async (t) => {
      const store = open(t);
      const mine = bytes('mine');
      await store.put('key', mine);
      mine.fill(0);
      (await store.get('key'))?.fill(0);
      assert.deepEqual(await store.get('key'), bytes('mine'));
    });

    test('reads ranges, as far as the object goes', async (t) => {
      const store = open(t);
      await store.put('key', bytes('0123456789'));
      assert.deepEqual(await store.get('key', { from: 2, bytes: 3 }), bytes('234'));
      assert.deepEqual(await store.get('key', { from: 8, bytes: 100 }), bytes('89'));
      assert.deepEqual(await store.get('key', { from: 20, bytes: 1 }), bytes(''));
    });

    test('replaces an object; the last call wins', async (t) => {
      const store = open(t);
      const texts = Array.from({ length: 20 }, (_, i) => `version ${i}`);
      await Promise.all(texts.map((text) => store.put('a/key', bytes(text))));
      assert.deepEqual(await store.get('a/key'), bytes('version 19'));
    });

    test('swaps only what the writer last read', async (t) => {
      const store = open(t);
      const conflict = { code: 'store.conflict' };
      await assert.rejects(store.swap('head', bytes('1'), bytes('2')), conflict);
      await store.swap('head', undefined, bytes('1'));
      await assert.rejects(store.swap('head', undefined, bytes('2')), conflict);
      await store.swap('head', bytes('1'), bytes('2'));
      await assert.rejects(store.swap('head', bytes('1'), bytes('3')), conflict);
      assert.deepEqual(await store.get('head'), bytes('2'));
    });

    test('lets one of many swaps from the same bytes win', async (t) => {
      const store = open(t);
      await store.put('head', bytes('0'));
      const swaps = Array.from({ length: 10 }, (_, i) =>
        store.swap('head', bytes('0'), bytes(`${i + 1}`)).then(() => `${i + 1}`),
      );
      const won = (await Promise.allSettled(swaps)).filter((swap) => swap.status === 'fulfilled');
      assert.equal(won.length, 1);
      assert.equal(String(await store.get('head')), won[0]?.value);
    });

    test('adds to the end of a log, which is an object like others', async (t) => {
      const store = open(t);
      const parts = Array.from({ length: 20 }, (_, i) => `part ${i}\n`);
      await Promise.all(parts.map((part) => store.append('keys/a.log', bytes(part))));
      assert.deepEqual(await store.get('keys/a.log'), bytes(parts.join('')));
      assert.equal(await store.size('keys/a.log'), parts.join('').length);
      assert.deepEqual(await keys(store, 'keys/'), ['keys/a.log']);
    });

    test('a log that was removed or replaced goes on from there', async (t) => {
      const store = open(t);
      await store.append('a.log', bytes('one'));
      await store.remove('a.log');
      await store.append('a.log', bytes('two'));
      assert.deepEqual(await store.get('a.log'), bytes('two'));
      await store.put('a.log', bytes('3'));
      await store.append('a.log', bytes('4'));
      assert.deepEqual(await store.get('a.log'), bytes('34'));
    });

    test('only what is called a log grows', async (t) => {
      const store = open(t);
      for (const key of ['head', 'a.log/b', 'a.log.json', '../a.log']) {
        await assert.rejects(store.append(key, bytes('x')), { code: 'request.invalid' }, key);
      }
      assert.deepEqual(await keys(store, ''), []);
    });

    test('lists the keys below a prefix in order', async (t) => {
      const store = open(t);
      const all = ['a/b', 'a/b-c', 'a/b.d/e', 'a/bb/x/y', 'a/c', 'b', 'a-1/z', 'a/b0/q'];
      for (const key of all) await store.put(key, bytes(key));
      assert.deepEqual(await keys(store, ''), [...all].sort());
      assert.deepEqual(await keys(store, 'a/'), all.filter((key) => key.startsWith('a/')).sort());
      assert.deepEqual(await keys(store, 'a/b'), all.filter((key) => key.startsWith('a/b')).sort());
      assert.deepEqual(await keys(store, 'a/bb/x/'), ['a/bb/x/y']);
      assert.deepEqual(await keys(store, 'nothing/'), []);
    });

    test('removes, and removing what is not there is no mistake', async (t) => {
      const store = open(t);
      await store.put('a/b', bytes('1'), { durable: 'later' });
      await store.remove('a/b');
      await store.remove('a/b');
      await store.remove('never/was');
      await store.flush();
      assert.equal(await store.get('a/b'), undefined);
      assert.deepEqual(await keys(store, ''), []);
    });

    test('shows a deferred put at once, and flushes it', async (t) => {
      const store = open(t);
      const puts = Array.from({ length: 30 }, (_, i) =>
        store.put(`tile/${i}`, bytes(`${i}`), { durable: 'later' }),
      );
      await Promise.all([...puts, store.flush(), store.flush()]);
      await store.flush();
      assert.equal((await keys(store, 'tile/')).length, 30);
      assert.deepEqual(await store.get('tile/7'), bytes('7'));
    });

    test('refuses keys that could name a file elsewhere', async (t) => {
      const store = open(t);
      const bad = ['', '/', '/etc/passwd', '..', '.', 'a/../b', 'a//b', 'a/', './a', 'a/.'];
      const odd = ['a b', 'a\\b', 'a\0', 'ä', 'a%2e', '~a', 'C:', `${'x'.repeat(201)}`, 'a\n'];
      const long = Array.from({ length: 200 }, () => 'folder').join('/');
      const invalid = { code: 'request.invalid' };
      for (const key of [...bad, ...odd, long]) {
        await assert.rejects(store.put(key, bytes('x')), invalid, key);
        await assert.rejects(store.get(key), invalid, key);
        await assert.rejects(store.size(key), invalid, key);
        await assert.rejects(store.swap(key, undefined, bytes('x')), invalid, key);
        await assert.rejects(store.remove(key), invalid, key);
      }
      for (const prefix of ['/', '../', 'a/../', 'a//', ' ', '/etc/']) {
        await assert.rejects(keys(store, prefix), invalid, prefix);
      }
    });
  });
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
