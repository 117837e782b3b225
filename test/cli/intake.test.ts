import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { linesOf } from '../../src/cli/intake/line.ts';
import { itemsOf } from '../../src/cli/intake/list.ts';
import type { Piece } from '../../src/cli/intake/piece.ts';
import { type Reading, recordsOf } from '../../src/cli/intake/record.ts';
import { openSender } from '../../src/cli/intake/send.ts';
import { openClient } from '../../src/cli/reach/client.ts';
import type { Draft } from '../../src/event/event.ts';
import { Fault } from '../../src/fault/fault.ts';
import type { Receipt } from '../../src/trail/trail.ts';

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function texts(pieces: AsyncIterable<Piece>): Promise<string[]> {
  const found: string[] = [];
  for await (const { bytes } of pieces) found.push(bytes?.toString() ?? '(too long)');
  return found;
}

suite('records of a file', () => {
  test('are the items of a list, wherever its bytes are cut', async () => {
    const any = fc.array(fc.oneof(fc.jsonValue(), fc.string()), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(
        any,
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        async (list, size, wide) => {
          const bytes = Buffer.from(JSON.stringify(list, null, wide ? 2 : 0));
          const found = await texts(itemsOf(inChunks(bytes, size)));
          assert.deepEqual(
            found.map((text) => JSON.parse(text)),
            JSON.parse(JSON.stringify(list)),
          );
        },
      ),
    );
  });

  test('are the lines of any other file, wherever its bytes are cut', async () => {
    const lines = fc.array(
      fc.string().map((text) => text.replaceAll('\n', ' ')),
      { maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(lines, fc.integer({ min: 1, max: 40 }), async (list, size) => {
        const text = list.join('\n');
        const found = await texts(linesOf(inChunks(Buffer.from(text), size)));
        assert.equal(found.join('\n'), text.replace(/\n$/, ''));
      }),
    );
  });

  test('survive what is no record: each broken one is named, the others come', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'claw-intake-'));
    const read = async (name: string, content: string | Buffer) => {
      const file = join(folder, name);
      writeFileSync(file, content);
      const found: Reading[] = [];
      for await (const one of recordsOf(file)) found.push(one);
      return found.map((one) => [one.place, 'trouble' in one ? one.trouble : one.value]);
    };
    const broken = Buffer.concat([
      Buffer.from('\uFEFF{"a":1}\n\nnot json\n'),
      Buffer.from([0xff, 0xfe, 0x00, 0x0a]),
      Buffer.from(`"${'x'.repeat(33 * 1024 * 1024)}"\n{"b":2}\n{"c":`),
    ]);
    assert.deepEqual(await read('a.jsonl', broken), [
      [1, { a: 1 }],
      [3, 'json'],
      [4, 'utf8'],
      [5, 'large'],
      [6, { b: 2 }],
      [7, 'cut'],
    ]);
    assert.deepEqual(await read('b.json', '[1, {"a": "],["}, x, [2]]'), [
      [1, 1],
      [2, { a: '],[' }],
      [3, 'json'],
      [4, [2]],
    ]);
    assert.deepEqual(await read('c.json', '[{"a":1},{"b"'), [
      [1, { a: 1 }],
      [2, 'cut'],
    ]);
    assert.deepEqual(await read('d.json', '{"a":\n1}'), [[1, { a: 1 }]]);
    assert.deepEqual(await read('e.json', '{"a":1}\n{"b":2}'), [
      [1, { a: 1 }],
      [2, { b: 2 }],
    ]);
    for (const empty of ['', '\n\n', '[]', '[ ]', ']]][']) await read('f.json', empty);
    rmSync(folder, { recursive: true });
  });
});

suite('sending', () => {
  const draft = (n: number): Draft => ({ type: 'prompt', session_id: 's', content: String(n) });
  const accept = (events: readonly Draft[]) => ({
    results: events.map((_, index) => ({ status: 'accepted', id: String(index), index })),
  });

  /** A server that answers as told; the requests' sizes. */
  async function against(
    answer: (events: readonly Draft[], tried: number) => object,
    count: number,
  ) {
    const sizes: number[] = [];
    const listener: RequestListener = (request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        const events = JSON.parse(body) as Draft[];
        const value = answer(events, sizes.push(events.length)) as { status?: number };
        response.writeHead(value.status ?? 200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(value));
      });
    };
    const server = createServer(listener).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = openClient({ url, token: async () => 't', tenant: undefined });
    const receipts: Receipt[] = [];
    const sender = openSender({
      client,
      signal: new AbortController().signal,
      onReceipt: (receipt) => receipts.push(receipt),
    });
    try {
      for (let n = 0; n < count; n++) {
        await sender.add({ draft: draft(n), from: { file: 'f', place: n + 1 } });
      }
      await sender.flush();
      return { sizes, receipts };
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  const fault = (status: number, code: string, detail: object = {}) => ({
    status,
    error: { code, message: 'no', ...detail },
  });

  test('halves what is too large, down to the one event that is', async () => {
    const { sizes, receipts } = await against(
      (events) =>
        events.some(({ content }) => content === '2')
          ? fault(413, 'batch.too_large')
          : accept(events),
      4,
    );
    assert.deepEqual(sizes, [4, 2, 2, 1, 1]);
    const refused = receipts.filter(({ status }) => status === 'rejected');
    assert.deepEqual([refused.length, receipts.length], [1, 4]);
  });

  test('waits as long as a busy server asks, and loses nothing', async () => {
    const { sizes, receipts } = await against(
      (events, tried) =>
        tried < 3 ? fault(429, 'queue.full', { retry_after_s: 0.01 }) : accept(events),
      501,
    );
    assert.deepEqual(sizes, [500, 500, 500, 1]);
    assert.equal(receipts.length, 501);
  });

  test('ends at once where no waiting helps', async () => {
    const refusing = against(() => fault(401, 'request.unauthorised'), 1);
    await assert.rejects(
      refusing,
      (error) => error instanceof Fault && error.code === 'request.unauthorised',
    );
  });
});
