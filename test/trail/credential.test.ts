/** Credentials: real files in a temporary folder. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { localToken } from '../../src/cli/reach/place.ts';
import { Fault } from '../../src/fault/fault.ts';
import { openCredentials } from '../../src/trail/credential.ts';

const folder = mkdtempSync(join(tmpdir(), 'claw-credential-'));
after(() => rmSync(folder, { recursive: true }));

let made = 0;
const freshPath = () => join(folder, String(++made), 'credentials.json');
const open = (path: string) =>
  openCredentials({ path, now: () => Date.UTC(2026, 0, 31), entropy: randomBytes });
const coded = (code: string) => (error: unknown) => error instanceof Fault && error.code === code;

describe('credentials', () => {
  test('the first opening makes an operator whose token stays readable on this machine', async () => {
    const path = freshPath();
    const first = await open(path);
    assert.equal(first.created, true);
    assert.match(first.token ?? '', /^claw_[A-Za-z0-9_-]{43}$/);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const again = await open(path);
    assert.equal(again.created, false);
    assert.equal(again.token, first.token);
    assert.equal(await localToken(dirname(path)), first.token);
    const who = again.authenticate(first.token ?? '');
    assert.deepEqual([who?.name, who?.role, who?.tenant], ['admin', 'admin', '*']);
  });

  test('a created token authenticates after reopening, and the file holds only its hash', async () => {
    const path = freshPath();
    const credentials = await open(path);
    const { token, credential } = await credentials.create({
      name: 'ci',
      role: 'recorder',
      tenant: 'acme',
      agent: 'builder',
      user: { name: 'Ann' },
    });
    assert.equal(readFileSync(path, 'utf8').includes(token), false);
    const again = await open(path);
    const { last_used, ...who } = again.authenticate(token) ?? {};
    assert.deepEqual(who, credential);
    assert.equal(last_used, '2026-01-31T00:00:00.000Z');
    assert.deepEqual(credential.agent, { id: 'builder' });
  });

  test('no other text authenticates', async () => {
    const credentials = await open(freshPath());
    const token = credentials.token ?? '';
    for (const wrong of ['', 'claw_', token.slice(0, -1), `${token}A`, token.toUpperCase()]) {
      assert.equal(credentials.authenticate(wrong), undefined);
    }
  });

  test('a revoked token stops working at once and for ever', async () => {
    const path = freshPath();
    const credentials = await open(path);
    const { token, credential } = await credentials.create({ name: 'x', role: 'viewer' });
    await credentials.revoke(credential.id);
    assert.equal(credentials.authenticate(token), undefined);
    assert.equal((await open(path)).authenticate(token), undefined);
    await assert.rejects(credentials.revoke(credential.id), coded('token.not_found'));
  });

  test('the last operator cannot be revoked, the one before can', async () => {
    const credentials = await open(freshPath());
    const first = credentials.list()[0]?.id ?? '';
    await credentials.create({ name: 'tenant admin', role: 'admin', tenant: 'acme' });
    await assert.rejects(credentials.revoke(first), coded('token.last_admin'));
    await credentials.create({ name: 'second', role: 'admin', tenant: '*' });
    assert.equal((await credentials.revoke(first)).name, 'admin');
  });

  test('only an admin may be an operator', async () => {
    const credentials = await open(freshPath());
    const request = { name: 'x', role: 'viewer', tenant: '*' } as const;
    await assert.rejects(credentials.create(request), coded('request.invalid'));
  });

  test('a file that others can read gets its mode back, and that is said', async () => {
    const path = freshPath();
    await open(path);
    chmodSync(path, 0o644);
    assert.equal((await open(path)).repaired, true);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal((await open(path)).repaired, false);
  });

  test('a damaged file is refused with the way out, without its content', async () => {
    const path = freshPath();
    await open(path);
    const whole = readFileSync(path, 'utf8');
    const operatorless = JSON.stringify({ version: 1, tokens: [] });
    const broken = whole
      .replace('"admin"', '"secret-role"')
      .replace('"role": "admin"', '"role": 1');
    for (const text of ['', 'null', '[]', whole.slice(0, -9), operatorless, broken]) {
      writeFileSync(path, text);
      await assert.rejects(open(path), (error) => {
        assert.ok(error instanceof Fault);
        assert.equal(error.code, 'config.invalid');
        assert.match(error.detail.hint ?? '', /move it away/);
        assert.doesNotMatch(JSON.stringify(error), /secret-role|claw_/);
        return true;
      });
      assert.equal(readFileSync(path, 'utf8'), text);
    }
  });

  test('a file of a later version is refused and left alone', async () => {
    const path = freshPath();
    await open(path);
    const later = JSON.stringify({ version: 2, tokens: 'other' });
    writeFileSync(path, later);
    await assert.rejects(open(path), coded('data.newer'));
    assert.equal(readFileSync(path, 'utf8'), later);
  });

  test('keys that this version does not know survive its writes', async () => {
    const path = freshPath();
    await open(path);
    const file = JSON.parse(readFileSync(path, 'utf8'));
    file.later = { kept: true };
    file.tokens[0].scope = ['a'];
    writeFileSync(path, JSON.stringify(file));
    const credentials = await open(path);
    await credentials.create({ name: 'x', role: 'viewer' });
    const written = JSON.parse(readFileSync(path, 'utf8'));
    assert.deepEqual(written.later, { kept: true });
    assert.deepEqual(written.tokens[0].scope, ['a']);
    assert.equal('scope' in (credentials.list()[0] ?? {}), false);
  });

  test('when a token was last used is kept by flush', async () => {
    const path = freshPath();
    const credentials = await open(path);
    credentials.authenticate(credentials.token ?? '');
    await credentials.flush();
    assert.equal((await open(path)).list()[0]?.last_used, '2026-01-31T00:00:00.000Z');
  });

  test('changes made at the same time are all kept', async () => {
    const path = freshPath();
    const credentials = await open(path);
    const names = Array.from({ length: 20 }, (_, i) => `agent ${i}`);
    await Promise.all(names.map((name) => credentials.create({ name, role: 'recorder' })));
    const kept = (await open(path)).list().map((credential) => credential.name);
    assert.deepEqual(kept, ['admin', ...names]);
  });

  test('a folder that cannot be written is a clear fault and changes nothing', async () => {
    const path = freshPath();
    const credentials = await open(path);
    rmSync(path);
    rmSync(join(path, '..'), { recursive: true });
    writeFileSync(join(path, '..'), 'a file where the folder was');
    await assert.rejects(
      credentials.create({ name: 'x', role: 'viewer' }),
      coded('data.unwritable'),
    );
    assert.equal(credentials.list().length, 1);
  });
});
