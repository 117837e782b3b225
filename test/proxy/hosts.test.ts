import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { hostOf, rangeNet } from '../../src/proxy/address.ts';
import { readRules } from '../../src/proxy/hosts.ts';

suite('a host', () => {
  const forms: readonly (readonly [text: string, host: string | undefined])[] = [
    ['Example.COM', 'example.com'],
    ['example.com.', 'example.com'],
    ['example.com..', 'example.com'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['2130706433', '127.0.0.1'],
    ['0x7f.1', '127.0.0.1'],
    ['0177.0.0.1', '127.0.0.1'],
    ['127.1.', '127.0.0.1'],
    ['１２７.0.0.1', '127.0.0.1'],
    ['[::1]', '::1'],
    ['::1', '::1'],
    ['[0:0:0:0:0:ffff:7f00:1]', '::ffff:7f00:1'],
    ['::ffff:127.0.0.1', '::ffff:7f00:1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['a@b', undefined],
    ['a/b', undefined],
    ['a#b', undefined],
    ['a%00b', undefined],
    ['a b', undefined],
    ['a:80', undefined],
    ['999.1.1.1', undefined],
    ['', undefined],
    ['.', undefined],
  ];
  for (const [text, host] of forms) {
    test(`${JSON.stringify(text)} is ${host}`, () => assert.equal(hostOf(text), host));
  }

  test('of any text is one that stays the same, or none', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.webAuthority(), fc.ipV6(), fc.ipV4Extended()),
        (text) => {
          const host = hostOf(text);
          if (host !== undefined) assert.equal(hostOf(host), host);
        },
      ),
      { numRuns: 3000 },
    );
  });
});

suite('an address of this machine is known in every form', () => {
  const forms = [
    ...['127.0.0.1', '127.255.1.2', '0.0.0.0', '::1', '::', '::ffff:127.0.0.1', '::ffff:7f00:1'],
    ...[
      '::127.0.0.1',
      '64:ff9b::7f00:1',
      '64:ff9b:1::127.0.0.1',
      '2002:7f00:1::',
      '::ffff:0:7f00:1',
    ],
  ];
  for (const form of forms) {
    test(form, () => assert.ok(rangeNet('loopback')(form) && rangeNet('private')(form)));
  }

  test('and others are not', () => {
    for (const form of [
      '8.8.8.8',
      '2606:4700::1111',
      '::ffff:8.8.8.8',
      '128.0.0.1',
      '2002:808:1::',
    ]) {
      assert.ok(!rangeNet('loopback')(form) && !rangeNet('private')(form), form);
    }
  });
});

type Case = {
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  readonly host: string;
  readonly port?: number;
  readonly at?: readonly string[];
  readonly passes: boolean;
};

const PUBLIC = ['93.184.216.34'];
const CASES: readonly Case[] = [
  { host: 'example.com', passes: true },
  { host: 'localhost', at: ['127.0.0.1'], passes: true },
  { host: 'metadata.google.internal', at: ['169.254.169.254'], passes: false },
  { host: '169.254.169.254', passes: false },
  { host: 'x.example', at: ['::ffff:169.254.169.254'], passes: false },
  { host: '169.254.169.254', allow: ['private', '169.254.0.0/16', '*'], passes: false },
  { host: '169.254.169.254', allow: ['169.254.169.254'], passes: true },
  { host: '169.254.170.2', allow: ['metadata'], passes: true },
  { deny: ['example.com'], host: 'example.com', passes: false },
  { deny: ['EXAMPLE.com.'], host: 'example.com', passes: false },
  { deny: ['example.com'], host: 'www.example.com', passes: true },
  { deny: ['*.example.com'], host: 'www.example.com', passes: false },
  { deny: ['*.example.com'], host: 'a.b.example.com', passes: false },
  { deny: ['*.example.com'], host: 'example.com', passes: true },
  { deny: ['*.example.com'], host: 'notexample.com', passes: true },
  { deny: ['example.com:443'], host: 'example.com', port: 80, passes: true },
  { deny: ['example.com:443'], host: 'example.com', port: 443, passes: false },
  { deny: ['127.0.0.1'], host: 'localhost', at: ['::1', '127.0.0.1'], passes: false },
  { deny: ['private'], host: 'rebind.example', at: [...PUBLIC, '10.0.0.7'], passes: false },
  { deny: ['private'], host: 'rebind.example', at: ['64:ff9b::a00:7'], passes: false },
  { deny: ['loopback'], host: 'x.example', at: ['::ffff:7f00:1'], passes: false },
  { deny: ['10.0.0.0/8'], host: 'x.example', at: ['10.255.0.1'], passes: false },
  { deny: ['10.0.0.0/8'], host: 'x.example', at: ['11.0.0.1'], passes: true },
  { deny: ['[::1]:443'], host: '::1', port: 443, passes: false },
  { deny: ['[::1]:443'], host: '::1', port: 80, passes: true },
  { deny: ['2001:db8::/32'], host: 'x.example', at: ['2001:db8::7'], passes: false },
  { deny: ['2130706433'], host: '127.0.0.1', passes: false },
  { deny: ['*'], host: 'example.com', passes: false },
  { allow: ['example.com'], host: 'example.com', passes: true },
  { allow: ['example.com'], host: 'other.com', passes: false },
  { allow: ['example.com:443'], host: 'example.com', port: 80, passes: false },
  { allow: ['example.com'], host: 'example.com', at: ['127.0.0.1'], passes: false },
  { allow: ['example.com', '127.0.0.1'], host: 'example.com', at: ['127.0.0.1'], passes: true },
  { allow: ['example.com', '127.0.0.1'], host: 'other.com', at: PUBLIC, passes: false },
  { allow: ['localhost'], host: 'localhost', at: ['127.0.0.1'], passes: true },
  { allow: ['*'], host: 'intra.example', at: ['10.0.0.1'], passes: false },
  { allow: ['*', 'private'], host: 'intra.example', at: ['10.0.0.1'], passes: true },
  { allow: ['example.com'], deny: ['example.com'], host: 'example.com', passes: false },
  { allow: ['*.example.com'], deny: ['bad.example.com'], host: 'ok.example.com', passes: true },
  { allow: ['*.example.com'], deny: ['bad.example.com'], host: 'bad.example.com', passes: false },
  { allow: ['93.184.216.34'], host: 'named.example', passes: true },
  { allow: ['93.184.216.34'], host: 'x.example', at: [...PUBLIC, '1.2.3.4'], passes: false },
];

suite('rules', () => {
  for (const { allow = [], deny = [], host, port = 443, at, passes } of CASES) {
    const literal = /^[\d.]+$|:/.test(host) ? [host] : PUBLIC;
    const addresses = at ?? literal;
    const set = `${allow.length > 0 ? `allow ${allow} ` : ''}${deny.length > 0 ? `deny ${deny}` : ''}`;
    test(`${set.trim() || 'none'}: ${host}:${port} at ${addresses} ${passes ? 'passes' : 'not'}`, () => {
      const { denied } = readRules({ allow, deny }).decide({ host, port, addresses });
      assert.equal(denied === undefined, passes, denied);
    });
  }

  test('that are none are refused by name', () => {
    for (const text of [
      '',
      'a b',
      '10.0.0.0/33',
      '*.*.com',
      'a*b.com',
      'x.com:0',
      'x:99999',
      'a/8',
    ]) {
      const read = () => readRules({ allow: [text], deny: [] });
      assert.throws(read, { code: 'usage.invalid', detail: { field: 'allow', hint: HINT } }, text);
    }
  });
});

const HINT = 'Examples: api.example.com, *.example.com, 10.0.0.0/8, [::1]:443, loopback.';
