/** What every installer promises, on files as real ones are and as nobody writes them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'smol-toml';
import { type ListedHook, trustHooks } from '../../src/adapter/codex/install.ts';
import { GEMINI_LEFT_ALONE } from '../../src/adapter/gemini/install.ts';
import type { Installer, InstallOptions, Place, Texts } from '../../src/adapter/installer.ts';
import { INSTALLERS } from '../../src/adapter/installer-menu.ts';
import { Fault } from '../../src/fault/fault.ts';

const PLUGINS = join(import.meta.dirname, '..', '..', 'plugins');
const PLACE: Place = { scope: 'user', home: '/home/u', project: '/work/p', env: {} };

function named(runtime: string): Installer {
  const installer = INSTALLERS.find((one) => one.runtime === runtime);
  assert.ok(installer);
  return installer;
}

function options(installer: Installer, more: Partial<InstallOptions> = {}): InstallOptions {
  const sources = installer.sources.map((name) => [
    name,
    readFileSync(join(PLUGINS, name), 'utf8'),
  ]);
  return {
    server: 'http://127.0.0.1:4620',
    token: 'claw_secret-1',
    shim: '/usr/bin/node /opt/claw/bin/clawctl.js',
    paths: installer.paths(PLACE),
    sources: Object.fromEntries(sources),
    ...more,
  };
}

const install = (installer: Installer, texts: Texts, more: Partial<InstallOptions> = {}) =>
  installer.install(texts, options(installer, more));
const uninstall = (installer: Installer, texts: Texts) =>
  installer.uninstall(texts, installer.paths(PLACE));
/** Every file by its name, though there is none. */
const absent = (installer: Installer): Texts =>
  Object.fromEntries(Object.keys(installer.paths(PLACE)).map((name) => [name, undefined]));

for (const installer of INSTALLERS) {
  suite(installer.runtime, () => {
    const variants: Partial<InstallOptions>[] = [
      {},
      { tokens: '/elsewhere/a folder/tokens.json' },
      { shim: '"/opt/my \\"node\\"/node" /opt/claw/bin/clawctl.js' },
      ...(installer.otlp ? [{ otlp: true }] : []),
      { enforcement: { mode: 'observe' } },
      { enforcement: { mode: 'enforce', wait_s: 300 } },
    ];

    test('files that were not there are not there again', () => {
      for (const more of variants) {
        const after = install(installer, absent(installer), more);
        const { server, enforcing } = installer.installed(after, installer.paths(PLACE)) ?? {};
        assert.equal(server, 'http://127.0.0.1:4620');
        assert.deepEqual(enforcing?.enforcement, more.enforcement);
        assert.deepEqual(uninstall(installer, after), absent(installer));
      }
    });

    test('installing twice is installing once, also with other options in between', () => {
      for (const more of variants) {
        const once = install(installer, absent(installer), more);
        assert.deepEqual(install(installer, once, more), once);
        const between = install(installer, install(installer, once), more);
        assert.deepEqual(between, once);
      }
    });

    test('a token stands in no file that has another place for it', () => {
      const after = install(installer, absent(installer));
      const holds = Object.values(after).some((text) => text?.includes('claw_secret'));
      assert.equal(holds, installer.token === 'settings');
    });

    test('uninstalling where nothing was installed changes nothing', () => {
      assert.deepEqual(uninstall(installer, absent(installer)), absent(installer));
    });
  });
}

/** The JSON settings of each, by the name of the file. */
const JSON_FILES = {
  'claude-code': 'settings',
  codex: 'hooks',
  gemini: 'settings',
  openclaw: 'config',
};

suite('settings in JSON', () => {
  for (const [runtime, file] of Object.entries(JSON_FILES)) {
    test(`${runtime}: uninstall takes back install, byte for byte, on any settings`, () => {
      const installer = named(runtime);
      const space = fc.constantFrom('', ' ', '\n', '\n  ', '\r\n\t');
      fc.assert(
        fc.property(
          fc.oneof(settingsOf(), fc.constant({})),
          fc.infiniteStream(space),
          space,
          (value, spaces, end) => {
            const text = written(value, () => spaces.next().value ?? '') + end;
            for (const [otlp, enforcement] of [
              [false, undefined],
              [installer.otlp, { mode: 'observe' }],
              [installer.otlp, { mode: 'enforce', wait_s: 120 }],
            ] as const) {
              const given = { otlp, enforcement };
              const after = attempt(() =>
                install(installer, { ...absent(installer), [file]: text }, given),
              );
              if (after === undefined) continue;
              assert.equal(uninstall(installer, after)[file], text);
              assert.equal(uninstall(installer, install(installer, after))[file], text);
              assert.deepEqual(install(installer, after, given), after);
              const kept = JSON.parse(after[file] ?? '') as Record<string, unknown>;
              assert.deepEqual(kept['other'], JSON.parse(text).other);
            }
          },
        ),
        { numRuns: 60 },
      );
    });
  }
});

/** Undefined for settings that are refused: with a Fault of the caller, and nothing else. */
function attempt(work: () => Texts): Texts | undefined {
  try {
    return work();
  } catch (error) {
    assert.ok(error instanceof Fault && error.code === 'usage.invalid');
    return undefined;
  }
}

function settingsOf() {
  const group = fc.record({ hooks: fc.array(fc.record({ type: fc.string() })) });
  const event = fc.constantFrom('SessionStart', 'PreToolUse', 'BeforeTool', 'Stop', 'X');
  const entry = fc.record({ enabled: fc.boolean() });
  const path = fc.constantFrom('/a', '/b');
  return fc.record(
    {
      hooks: fc.dictionary(event, fc.array(group)),
      env: fc.dictionary(fc.constantFrom('A', 'OTEL_LOGS_EXPORTER'), fc.constantFrom('otlp', '')),
      telemetry: fc.record(
        { enabled: fc.boolean(), target: fc.constantFrom('local', 'gcp') },
        { requiredKeys: [] },
      ),
      plugins: fc.record(
        {
          allow: fc.array(fc.constantFrom('a', 'b')),
          load: fc.record({ paths: fc.array(path) }, { requiredKeys: [] }),
          entries: fc.dictionary(fc.constantFrom('a', 'b', 'claw'), entry),
        },
        { requiredKeys: [] },
      ),
      other: fc.jsonValue({ maxDepth: 3 }),
    },
    { requiredKeys: [] },
  );
}

/** JSON with any white space between its parts. */
function written(value: unknown, space: () => string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const parts = Array.isArray(value)
    ? value.map((item) => space() + written(item, space))
    : Object.entries(value).map(
        ([key, item]) =>
          `${space()}${JSON.stringify(key)}${space()}:${space()}${written(item, space)}`,
      );
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}${parts.join(`${space()},`)}${space()}${close}`;
}

suite('codex: config.toml', () => {
  const codex = named('codex');
  const { hooks: path = '' } = codex.paths(PLACE);
  const HASH = `sha256:${'0a'.repeat(32)}`;

  const listed = (hooks: string, more: Partial<ListedHook> = {}): ListedHook[] =>
    Object.entries(JSON.parse(hooks).hooks as Record<string, { hooks: { command: string }[] }[]>)
      .flatMap(([event, groups]) =>
        groups.flatMap((group, g) =>
          group.hooks.map(({ command }, h) => ({
            key: `${path}:${event.toLowerCase()}:${g}:${h}`,
            command,
            sourcePath: path,
            currentHash: HASH,
            trustStatus: 'untrusted',
          })),
        ),
      )
      .map((hook) => ({ ...hook, ...more }));

  test('exactly our commands are trusted, and the trust goes with them', () => {
    const theirs = '{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "evil"}]}]}}';
    for (const config of [undefined, '', 'a = 1', 'a = 1\n', '# x\n\n', '[hooks.state]\n']) {
      const { hooks = '' } = install(codex, { hooks: theirs, config });
      const trust = trustHooks({ hooks, config }, listed(hooks), path);
      assert.equal(trust.trusted, trust.wanted);
      const { state } = parse(trust.config ?? '')['hooks'] as { state: Record<string, unknown> };
      assert.equal(Object.keys(state).length, 12);
      assert.ok(!(`${path}:stop:0:0` in state), 'theirs is not');
      assert.equal(
        JSON.stringify(state[`${path}:stop:1:0`]),
        JSON.stringify({ trusted_hash: HASH }),
      );
      const again = trustHooks({ hooks, config: trust.config }, listed(hooks), path);
      assert.equal(again.config, trust.config);
      const back = uninstall(codex, { hooks, config: trust.config });
      assert.deepEqual(back, { hooks: theirs, config });
    }
  });

  test('no trust for a command of ours in another file, nor for another in ours', () => {
    const { hooks = '' } = install(codex, absent(codex));
    const foreign: Partial<ListedHook>[] = [
      { sourcePath: '/work/p/.codex/hooks.json' },
      { command: 'evil' },
      { command: `evil; ${JSON.parse(hooks).hooks.Stop[0].hooks[0].command}` },
      { key: '/other:stop:0:0' },
      { currentHash: 'sha256:0"\n[x]\n' },
    ];
    for (const more of foreign) {
      const trust = trustHooks({ hooks, config: undefined }, listed(hooks, more), path);
      assert.deepEqual([trust.config, trust.trusted], [undefined, 0], JSON.stringify(more));
    }
  });

  test('a command that does more than ours is not taken for ours, and never trusted', () => {
    const { hooks = '' } = install(codex, absent(codex));
    const ours = JSON.parse(hooks).hooks.Stop[0].hooks[0].command as string;
    for (const command of [
      `evil; ${ours}`,
      `${ours} --keep x; evil`,
      `$(evil) ${ours}`,
      `a|${ours}`,
    ]) {
      const theirs = JSON.stringify({
        hooks: { Stop: [{ hooks: [{ type: 'command', command }] }] },
      });
      const after = install(codex, { hooks: theirs, config: undefined })['hooks'] ?? '';
      assert.equal(JSON.parse(after).hooks.Stop[0].hooks[0].command, command);
      const trust = trustHooks({ hooks: after, config: undefined }, listed(after), path);
      assert.doesNotMatch(trust.config ?? '', /:stop:0:0/);
      assert.equal(trust.trusted, 12);
    }
  });

  test('what the user trusted stays, and a new hash takes the place of our old one', () => {
    const { hooks = '' } = install(codex, absent(codex));
    const own = `[hooks.state."${path}:stop:0:0"]\ntrusted_hash = "sha256:old"\n`;
    const trust = trustHooks({ hooks, config: own }, listed(hooks), path);
    assert.equal(trust.trusted, trust.wanted - 1);
    assert.ok(trust.config?.startsWith(own));
    const newer = `sha256:${'1b'.repeat(32)}`;
    const hashes = listed(hooks, { currentHash: newer });
    const next = trustHooks({ hooks, config: trust.config }, hashes, path);
    assert.ok(!next.config?.includes(HASH) && next.config?.includes(newer));
    assert.equal(uninstall(codex, { hooks, config: next.config })['config'], own);
  });

  test('an export of the user is not overwritten, and what is no TOML is not touched', () => {
    const bad = ['[otel]\nexporter = "none"\n', 'otel = 1\n', 'a = ', '[a]\n[a]\n'];
    for (const config of bad) {
      assert.throws(() => install(codex, { hooks: undefined, config }, { otlp: true }), Fault);
    }
    const config = '[otel]\nenvironment = "prod"\n';
    const after = install(codex, { hooks: undefined, config }, { otlp: true });
    const { otel } = parse(after['config'] ?? '') as { otel: Record<string, unknown> };
    assert.deepEqual(JSON.parse(JSON.stringify(otel)), {
      environment: 'prod',
      exporter: {
        'otlp-http': {
          endpoint: 'http://127.0.0.1:4620/v1/logs',
          protocol: 'binary',
          headers: { Authorization: 'Bearer claw_secret-1' },
        },
      },
    });
    assert.equal(uninstall(codex, after)['config'], config);
  });

  test('what others add beside our tables, and inside them, does not hold them', () => {
    const after = install(codex, { hooks: undefined, config: 'a = 1\n' }, { otlp: true });
    const { config = '' } = after;
    const edited = config.replace('log_user_prompt = true', 'log_user_prompt = true\nb = 2');
    const back = uninstall(codex, { hooks: undefined, config: `${edited}\n[mine]\nc = 3\n` });
    assert.equal(back['config'], 'a = 1\n\n[mine]\nc = 3\n');
  });
});

suite('gemini', () => {
  const gemini = named('gemini');

  test('every event is hooked or left alone for a reason', () => {
    const { settings = '' } = install(gemini, absent(gemini));
    const all = [...Object.keys(JSON.parse(settings).hooks), ...GEMINI_LEFT_ALONE.keys()];
    assert.equal(new Set(all).size, 11);
  });

  test('the header goes to the user’s own .env, and comes out of it again', () => {
    for (const env of [undefined, '', 'A=1', 'A=1\n', '\n', 'A=1\n\n']) {
      const after = install(gemini, { settings: undefined, env }, { otlp: true });
      assert.match(after['env'] ?? '', /^OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer claw_/m);
      assert.equal(uninstall(gemini, after)['env'], env);
    }
    const theirs = 'export OTEL_EXPORTER_OTLP_HEADERS=x\n';
    assert.throws(
      () => install(gemini, { settings: undefined, env: theirs }, { otlp: true }),
      Fault,
    );
  });
});

suite('opencode', () => {
  const opencode = named('opencode');

  test('a plugin of somebody else is neither overwritten nor deleted', () => {
    const theirs = { plugin: 'export const X = async () => ({})\n' };
    assert.throws(() => install(opencode, theirs), Fault);
    assert.deepEqual(uninstall(opencode, theirs), theirs);
  });

  test('the plugin is one file with one export', () => {
    const { plugin = '' } = install(opencode, { plugin: undefined });
    assert.deepEqual(
      plugin.match(/^export .*$/gm)?.map((line) => line.split(' = ')[0]),
      ['export const Claw'],
    );
    assert.doesNotMatch(plugin, /sender\.js|gate\.js|4620'/);
    assert.match(plugin, /const SETTINGS = \{"server":"http:\/\/127\.0\.0\.1:4620"\};/);
  });
});

suite('openclaw', () => {
  const openclaw = named('openclaw');

  test('a list of allowed plugins gets ours too, and a foreign entry is left alone', () => {
    const config = '{"plugins": {"allow": ["other"]}}';
    const after = install(openclaw, { ...absent(openclaw), config });
    const { plugins } = JSON.parse(after['config'] ?? '');
    assert.deepEqual(plugins.allow, ['other', 'claw']);
    assert.deepEqual(plugins.load.paths, ['/home/u/.openclaw/claw']);
    assert.equal(plugins.entries.claw.hooks.allowConversationAccess, true);
    assert.equal(uninstall(openclaw, after)['config'], config);
    const theirs = '{"plugins": {"entries": {"claw": {"enabled": true}}}}';
    assert.throws(() => install(openclaw, { ...absent(openclaw), config: theirs }), Fault);
  });
});
