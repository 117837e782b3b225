import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { decoded, decoderOf, unpacked } from '../../src/proxy/decode.ts';

const BODY = Buffer.from('{"a":"words and words and words"}');

test('a body is the same at once and later, however it was packed', async () => {
  for (const [encoding, packed] of [
    [undefined, BODY],
    ['identity', BODY],
    ['GZIP', gzipSync(BODY)],
    ['x-gzip', gzipSync(BODY)],
    ['deflate', deflateSync(BODY)],
    ['deflate', deflateRawSync(BODY)],
    ['br', brotliCompressSync(BODY)],
    ['deflate, gzip', gzipSync(deflateSync(BODY))],
  ] as const) {
    assert.deepEqual(decoded(packed, encoding, 1000), BODY, encoding);
    assert.deepEqual(await unpacked(packed, encoding, 1000), BODY, encoding);
  }
});

test('what is larger than the limit, unknown or packed too often is not unpacked', async () => {
  const bomb = gzipSync(Buffer.alloc(100_000));
  for (const [encoding, body] of [
    ['gzip', bomb],
    ['gzip', BODY],
    ['secret', BODY],
    ['gzip,gzip,gzip,gzip,gzip', bomb],
  ] as const) {
    assert.equal(decoded(body, encoding, 1000), undefined);
    await assert.rejects(unpacked(body, encoding, 1000));
  }
  assert.equal(decoderOf('secret'), false);
  assert.equal(decoderOf('gzip, br'), false);
  assert.equal(decoderOf('identity'), undefined);
});
