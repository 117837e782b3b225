/** What lies on a machine or is typed at it: spools, settings, credentials, command lines. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { openSpool as openHookSpool } from '../../../src/cli/hook/spool.ts';
import { MENU } from '../../../src/cli/menu.ts';
import { runProgram } from '../../../src/cli/program.ts';
import { findPlace } from '../../../src/cli/reach/place.ts';
import { openSpool as openSdkSpool } from '../../../src/sdk/spool.ts';
import { configSchema, loadConfig } from '../../../src/trail/config.ts';
import { openCredentials } from '../../../src/trail/credential.ts';
import { type Target, triedLater } from '../target.ts';
import { claudeCodeSettings } from './settings.ts';

/** Each has a folder of its own, which goes with it. */
function inFolder(make: (root: string) => Omit<Target, 'close'>): Target {
  const root = mkdtempSync(join(tmpdir(), 'claw-fuzz-'));
  return { ...make(root), close: () => rmSync(root, { recursive: true, force: true }) };
}

const LINES = '{"type":"output","session_id":"s","id":"019c0000-0000-7000-8000-000000000001"}\n';

/** Whatever a process left behind is read, line by line, and gone when it was sent. */
const sdkSpool = () =>
  inFolder((root) => ({
    name: 'sdk-spool',
    seeds: () => [LINES, `${LINES}${LINES}`, `${LINES}{"half`, '\n\n'],
    words: ['\n', '{', '"', '\0', LINES],
    made: fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.json()).map((all) => all.join('\n')),
    ),
    check: async (input) => {
      const path = join(root, 'spool');
      rmSync(path, { recursive: true, force: true });
      const spool = openSdkSpool(path, 1e9);
      await spool.write([{ id: 'a', line: LINES.trim(), size_bytes: LINES.length - 1 }]);
      const [name = ''] = readdirSync(path);
      writeFileSync(join(path, name), input);
      const segment = await spool.claim();
      for (const { line, size_bytes } of segment?.items ?? []) {
        assert.ok(!line.includes('\n') && size_bytes === Buffer.byteLength(line));
      }
      await segment?.done();
      assert.deepEqual(readdirSync(path), []);
    },
    cost: 50,
  }));

const RECORD = `{"runtime":"claude-code","captured_at":"2026-01-31T00:00:00.000000Z"}\n{"a":1}`;

/** A record or a count of drops of any content is handed on once or counted as lost, and gone. */
const hookSpool = () =>
  inFolder((root) => ({
    name: 'hook-spool',
    seeds: () => [RECORD, '1769868000000\n1769868000001\n', '{}\n', 'null\nx', ''],
    words: ['\n', '"runtime":', '"captured_at":', '../', 'null', '1769868000000\n', 'NaN\n'],
    made: fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.tuple(fc.json(), fc.string()).map(([head, record]) => `${head}\n${record}`),
    ),
    check: async (input) => {
      rmSync(root, { recursive: true, force: true });
      const spool = openHookSpool({ CLAW_SPOOL: root }, 'owner');
      spool.keep({ runtime: 'x', captured_at: '2026-01-31T00:00:00Z', record: Buffer.from('{}') });
      const folder = join(root, readdirSync(root)[0] ?? '');
      const [name = ''] = readdirSync(folder);
      writeFileSync(join(folder, name), input);
      writeFileSync(join(folder, 'drops'), input);
      for (const waiting of spool.waiting()) {
        const claimed = spool.claim(waiting);
        if (claimed === undefined) continue;
        // What is sent becomes a path and a header.
        assert.match(claimed.entry.runtime, /^[a-z0-9-]{1,64}$/);
        assert.match(claimed.entry.captured_at, /^[\x21-\x7e]{1,64}$/);
        claimed.done();
      }
      const gaps: object[] = [];
      await spool.reportDrops(async (gap) => {
        gaps.push(gap);
        return 'taken';
      });
      for (const gap of gaps) assert.ok(!Number.isNaN(Date.parse((gap as { time: string }).time)));
      assert.deepEqual(readdirSync(folder), [], 'nothing stays behind');
    },
    cost: 50,
  }));

const KEYS = Object.keys(configSchema.shape);

/** Settings of any form are taken or refused by name. */
const config = () =>
  inFolder((root) => ({
    name: 'config',
    seeds: () => ['{"port": 5000, "ledger_public": "yes"}', '{"data": ""}', '[]', '{"nothing": 1}'],
    words: [
      ...KEYS.map((key) => `"${key}":`),
      '1e400',
      '-1',
      '"yes"',
      'true',
      'null',
      '{',
      '}',
      ',',
    ],
    made: fc
      .dictionary(fc.constantFrom(...KEYS), fc.oneof(fc.jsonValue(), fc.string(), fc.integer()))
      .map((value) => JSON.stringify(value)),
    check: async (input) => {
      const file = join(root, 'claw.config.json');
      writeFileSync(file, input);
      const text = input.toString();
      const env = Object.fromEntries(KEYS.map((key) => [`CLAW_${key.toUpperCase()}`, text]));
      for (const given of [
        { flags: {}, env: {}, file },
        { flags: {}, env: { CLAW_PORT: text }, file },
        { flags: { port: text, data: text }, env },
      ]) {
        const found = await triedLater(async () => loadConfig(given), ['config.invalid']);
        if (found === undefined) continue;
        assert.ok(found.port >= 0 && found.port <= 65_535 && found.body_bytes >= 1024);
      }
    },
    cost: 5,
  }));

const STORED = JSON.stringify({
  version: 1,
  tokens: [
    {
      ...{ id: 't1', name: 'admin', role: 'admin', tenant: '*', sha256: 'ab'.repeat(32) },
      created_at: '2026-01-31T00:00:00.000Z',
    },
  ],
});

/** A file of credentials that opens answers to no token that it does not hold. */
const credentials = () =>
  inFolder((root) => ({
    name: 'credentials',
    seeds: () => [STORED, '{}', '{"version":2}', ''],
    words: ['"sha256":', '"tenant":"*"', '"role":"admin"', '"version":1', '""', 'null', '[]', '{'],
    made: fc.oneof(fc.json(), fc.string()),
    check: async (input) => {
      const path = join(root, 'credentials.json');
      writeFileSync(path, input, { mode: 0o600 });
      const open = () => openCredentials({ path, now: () => 0, entropy: randomBytes });
      const opened = await triedLater(open, ['config.invalid', 'data.newer', 'data.unreadable']);
      assert.equal(opened?.authenticate('claw_guess'), undefined);
      await findPlace({ env: { HOME: root }, url: undefined, data: root, token: undefined });
    },
    cost: 20,
  }));

/** Commands that end by themselves and change nothing beyond the folder. */
const SAFE = MENU.map(({ path }) => path).filter(
  (path) => !/^(serve|install|uninstall|reindex|logs tail|approvals watch|mcp$)/.test(path),
);
const ARGUMENTS = [
  ...SAFE.flatMap((path) => path.split(' ')),
  ...[
    '--json',
    '--query',
    '--limit',
    '--from',
    '--zone',
    '--tenant',
    '--utc',
    '--lang',
    'ja',
    '--help',
  ],
  ...[
    '--format',
    'csv',
    '--output',
    '-',
    '--vkey',
    '--order',
    '',
    '-',
    '--',
    '--no-color',
    '-1',
    '5',
  ],
  ...[
    '--token',
    'claw_x',
    '--url',
    'http://127.0.0.1:9',
    'ftp://x',
    '--all',
    '\u0000',
    '=',
    '--=x',
  ],
];

/** A command line of any form ends with one of the documented exit codes, and never as a bug. */
const commandLine = () =>
  inFolder((root) => ({
    name: 'cli',
    seeds: () => SAFE.map((path) => path.replace(' ', '\n')),
    words: ARGUMENTS.map((word) => `\n${word}`),
    made: fc
      .array(fc.oneof(fc.constantFrom(...ARGUMENTS), fc.string()), { maxLength: 8 })
      .map((all) => all.join('\n')),
    check: async (input) => {
      const words = input.toString().split('\n').slice(0, 20);
      if (
        words.some((word) => /^(serve|install|uninstall|reindex|tail|watch|hook|mcp$)/.test(word))
      )
        return;
      mkdirSync(root, { recursive: true });
      const env = {
        HOME: root,
        XDG_CONFIG_HOME: root,
        CLAW_DATA: root,
        CLAW_URL: 'http://127.0.0.1:9',
      };
      const code = await quietly(() => runProgram(words, env));
      assert.ok([0, 1, 2, 3].includes(code), `exit code ${code}`);
    },
    cost: 50,
  }));

/** What commands print is of no interest here, and would hide what the fuzzer says. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const streams = [process.stdout, process.stderr] as const;
  const writes = streams.map((stream) => stream.write);
  for (const stream of streams) {
    stream.write = ((_text: unknown, ...rest: unknown[]) => {
      const done = rest.find((each) => typeof each === 'function') as (() => void) | undefined;
      done?.();
      return true;
    }) as typeof stream.write;
  }
  try {
    return await work();
  } finally {
    for (const [i, stream] of streams.entries()) stream.write = writes[i] as typeof stream.write;
    process.exitCode = 0;
  }
}

export const machineTargets: readonly (() => Target)[] = [
  sdkSpool,
  hookSpool,
  config,
  credentials,
  commandLine,
  claudeCodeSettings,
];
