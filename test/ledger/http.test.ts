import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { httpSource } from '../../src/ledger/verify/http.ts';
import { verifyTrail } from '../../src/ledger/verify/verify.ts';
import { sealedEvent, testOpener } from './fixture.ts';
import { dataFolder, writeTrail } from './trail.ts';

const SIZE = 300;

type Answers = {
  readonly data: string;
  readonly opening?: (index: number) => object;
  /** The most openings of one answer. */
  readonly most?: number;
};

/** The two routes of a server that a verifier asks, over a trail's folder. */
async function serve(t: TestContext, answers: Answers): Promise<string> {
  const { data, opening = openingOf, most = SIZE } = answers;
  const server = createServer(({ url = '', headers }, response) => {
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    if (headers.authorization !== 'Bearer claw_test') return response.writeHead(401).end();
    if (pathname === '/v1/status') {
      return response.end(JSON.stringify({ tenants: [{ tenant: 'a' }] }));
    }
    if (pathname === '/v1/openings') {
      const [from, count] = [Number(searchParams.get('from')), Number(searchParams.get('count'))];
      const length = Math.min(count, most);
      const openings = Array.from({ length }, (_, i) => opening(from + i));
      return response.end(JSON.stringify({ openings }));
    }
    const path = join(data, pathname);
    return fs.existsSync(path)
      ? response.end(fs.readFileSync(path))
      : response.writeHead(404).end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function openingOf(index: number): { index: number; salt: string; event: string } {
  const opened = testOpener().open(sealedEvent('a', index));
  assert.ok('salt' in opened);
  return { index, salt: opened.salt.toString('base64'), event: opened.bytes.toString() };
}

describe('verifying over HTTP', () => {
  it('re-hashes the published tree and checks every opening', async (t) => {
    const data = dataFolder(t);
    await writeTrail(data, { sizes: { a: SIZE } });
    const base = await serve(t, { data });
    const report = await verifyTrail({ source: httpSource({ base, token: 'claw_test' }) });
    assert.deepEqual(report.discrepancies, []);
    assert.deepEqual([report.tenants[0]?.entries, report.tenants[0]?.opened], [SIZE, SIZE]);
  });

  it('goes on where an answer ended early, and takes an empty one for missing openings', async (t) => {
    const data = dataFolder(t);
    await writeTrail(data, { sizes: { a: SIZE } });
    for (const [most, opened] of [
      [7, SIZE],
      [0, 0],
    ] as const) {
      const base = await serve(t, { data, most });
      const { tenants, ok } = await verifyTrail({
        source: httpSource({ base, token: 'claw_test' }),
      });
      assert.deepEqual([tenants[0]?.opened, ok], [opened, opened === SIZE]);
    }
  });

  it('names the openings that are erased, missing or of another event', async (t) => {
    const data = dataFolder(t);
    await writeTrail(data, { sizes: { a: SIZE } });
    const opening = (index: number) => {
      if (index === 7) return { index, problem: 'erased' };
      if (index === 8) return { index: -1, problem: 'erased' };
      return index === 250 ? { ...openingOf(249), index } : openingOf(index);
    };
    const base = await serve(t, { data, opening });
    const report = await verifyTrail({ source: httpSource({ base, token: 'claw_test' }) });
    assert.deepEqual(
      report.discrepancies.map(({ kind, index }) => [kind, index]),
      [
        ['tampered', 250],
        ['missing', 8],
        ['erased', 7],
      ],
    );
  });

  it('checks the tree alone where it is asked to, and finds a flipped bit', async (t) => {
    const data = dataFolder(t);
    await writeTrail(data, { sizes: { a: SIZE } });
    const opening = () => assert.fail('no opening is asked for');
    const source = httpSource({ base: await serve(t, { data, opening }), token: 'claw_test' });
    assert.equal((await verifyTrail({ source, treeOnly: true })).ok, true);
    const path = join(data, 'ledger/a/tile/0/000');
    const bytes = fs.readFileSync(path);
    fs.writeFileSync(path, bytes.with(100 * 32, (bytes[3200] as number) ^ 1));
    const { discrepancies } = await verifyTrail({ source, treeOnly: true });
    assert.deepEqual(
      discrepancies.map(({ index, file }) => [index, file]),
      [[100, 'ledger/a/tile/0/000']],
    );
  });

  it('says what is wrong with address or credential', async (t) => {
    const data = dataFolder(t);
    const base = await serve(t, { data });
    await assert.rejects(verifyTrail({ source: httpSource({ base }) }), {
      code: 'request.unauthorised',
    });
    const nowhere = httpSource({ base: 'http://127.0.0.1:1', tenants: ['a'] });
    await assert.rejects(verifyTrail({ source: nowhere }), { code: 'server.unreachable' });
  });
});
