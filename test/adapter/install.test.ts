import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { changesOf } from '../../src/adapter/change.ts';
import { claudeCodeInstaller } from '../../src/adapter/claude-code/install.ts';
import {
  COMMAND_EVENTS,
  HTTP_EVENTS,
  LEFT_ALONE,
} from '../../src/adapter/claude-code/transport.ts';
import type { InstallOptions } from '../../src/adapter/installer.ts';
import { Fault } from '../../src/fault/fault.ts';
import { EVERY_HOOK } from './every-hook.ts';

const OPTIONS: InstallOptions = {
  server: 'http://127.0.0.1:4620',
  token: 'claw_secret-1',
  shim: 'clawctl',
  paths: {},
  sources: {},
};
const install = (settings: string | undefined, more: Partial<InstallOptions> = {}) =>
  claudeCodeInstaller.install({ settings }, { ...OPTIONS, ...more })['settings'] ?? '';
const uninstall = (settings: string) => claudeCodeInstaller.uninstall({ settings }, {})['settings'];

type Hook = Readonly<Record<string, unknown>>;
type Settings = {
  readonly env: Readonly<Record<string, string>>;
  readonly hooks: Readonly<Record<string, readonly { readonly hooks: readonly Hook[] }[]>>;
};
const parsed = (text: string) => JSON.parse(text) as Settings;

suite('installed', () => {
  const { env, hooks } = parsed(install(undefined));

  test('every hook event is recorded or left alone for a reason', () => {
    const named = [...COMMAND_EVENTS, ...HTTP_EVENTS, ...LEFT_ALONE.keys()];
    const all = EVERY_HOOK.map(({ hook_event_name }) => hook_event_name);
    assert.deepEqual(named.toSorted(), all.toSorted());
    assert.deepEqual(Object.keys(hooks), [...COMMAND_EVENTS, ...HTTP_EVENTS]);
  });

  test('the token stands in env alone, and no hook can block the agent', () => {
    assert.deepEqual(env, { CLAW_TOKEN: 'claw_secret-1' });
    assert.equal(install(undefined).split('claw_secret-1').length, 2);
    assert.doesNotMatch(JSON.stringify(hooks), /onFailure|block|matcher/);
    for (const { timeout } of Object.values(hooks).flatMap((list) =>
      list.flatMap((g) => g.hooks),
    )) {
      assert.ok(Number(timeout) > 0 && Number(timeout) <= 5);
    }
  });

  test('hooks are HTTP with the token from the environment, or the shim', () => {
    assert.deepEqual(hooks['PreToolUse']?.[0]?.hooks, [
      {
        type: 'http',
        url: 'http://127.0.0.1:4620/v1/capture/claude-code',
        headers: { Authorization: 'Bearer $CLAW_TOKEN' },
        allowedEnvVars: ['CLAW_TOKEN'],
        timeout: 2,
      },
    ]);
    const shim = 'clawctl hook claude-code --server http://127.0.0.1:4620';
    assert.equal(hooks['SessionStart']?.[0]?.hooks[0]?.['command'], shim);
    const all = parsed(install('{}', { transport: 'command' }));
    assert.equal(all.hooks['PreToolUse']?.[0]?.hooks[0]?.['command'], shim);
  });
});

suite('with other settings', () => {
  const THEIRS = `{
\t"model": "opus",
\t"hooks": {
\t\t"PreToolUse": [
\t\t\t{"matcher": "Bash", "hooks": [{"type": "command", "command": "lint"}]}
\t\t],
\t\t"Stop": []
\t},
\t"permissions": {"allow": ["Read"]}
}`;

  test('what was there stays, byte for byte and in order', () => {
    const text = install(THEIRS);
    const after = parsed(text);
    assert.deepEqual(Object.keys(after), ['model', 'hooks', 'permissions', 'env']);
    assert.equal(after.hooks['PreToolUse']?.length, 2);
    const lines = new Set(text.split('\n').map((line) => line.replace(/,$/, '')));
    for (const line of THEIRS.split('\n')) {
      if (!line.includes('"Stop"')) assert.ok(lines.has(line.replace(/,$/, '')), line);
    }
    assert.match(text, /\n\t\t"PostToolUse": \[ \{ "hooks"/, 'in their indentation');
    assert.equal(uninstall(text), THEIRS);
  });

  test('installing twice is installing once, and a new token replaces the old', () => {
    const once = install(THEIRS);
    assert.equal(install(once), once);
    const other = install(once, { token: 'claw_secret-2' });
    assert.equal(parsed(other).env['CLAW_TOKEN'], 'claw_secret-2');
    assert.equal(uninstall(other), THEIRS);
  });

  test('what a file was made for goes with it, and an empty one that stood there stays', () => {
    assert.equal(uninstall(install(undefined)), undefined);
    assert.equal(uninstall(install('{\n}\n')), '{\n}\n');
  });

  test('telemetry is exported with the token where it is asked for, and taken out again', () => {
    const { env } = parsed(install(THEIRS, { otlp: true }));
    assert.equal(env['OTEL_EXPORTER_OTLP_HEADERS'], 'Authorization=Bearer claw_secret-1');
    assert.equal(env['OTEL_EXPORTER_OTLP_ENDPOINT'], 'http://127.0.0.1:4620');
    assert.equal(env['CLAUDE_CODE_ENABLE_TELEMETRY'], '1');
    assert.equal(uninstall(install(THEIRS, { otlp: true })), THEIRS);
    assert.equal(uninstall(install(install(THEIRS, { otlp: true }))), THEIRS);
    const byHand = JSON.stringify({ env: { ...env, CLAW_TOKEN: undefined, CLAW_KEEP: undefined } });
    for (const otlp of [false, true]) assert.equal(uninstall(install(byHand, { otlp })), byHand);
    const elsewhere = '{"env": {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://other"}}';
    assert.throws(() => install(elsewhere, { otlp: true }), /ENDPOINT is set already/);
    assert.equal(uninstall(install(elsewhere)), elsewhere);
  });

  test('what was added later stays when ours goes', () => {
    const later = parsed(install('{"model": "opus"}'));
    const mixed = {
      ...later,
      env: { ...later.env, A: '1' },
      hooks: { ...later.hooks, Stop: [...(later.hooks['Stop'] ?? []), { hooks: [{ type: 'x' }] }] },
    };
    assert.deepEqual(JSON.parse(uninstall(JSON.stringify(mixed)) ?? ''), {
      model: 'opus',
      env: { A: '1' },
      hooks: { Stop: [{ hooks: [{ type: 'x' }] }] },
    });
    const ours = later.hooks['Stop']?.[0]?.hooks ?? [];
    const moved = { hooks: { Stop: [{ hooks: [{ type: 'x' }, ...ours] }] } };
    assert.equal(uninstall(JSON.stringify(moved)), '{"hooks":{"Stop":[{"hooks":[{"type":"x"}]}]}}');
  });

  test('uninstalling where nothing was installed changes nothing', () => {
    assert.equal(uninstall(THEIRS), THEIRS);
  });

  test('the change is shown line by line', () => {
    const added = changesOf(THEIRS, install(THEIRS));
    assert.match(added, /^\+ \t\t"SessionStart": \[ \{ "hooks"/m);
    const removed = changesOf(install(THEIRS), THEIRS);
    assert.match(removed, /^- \t\t"SessionStart": \[ \{ "hooks"/m);
  });
});

suite('settings that cannot be edited', () => {
  const bad: readonly (readonly [string, RegExp])[] = [
    ['{"a": 1,}', /not valid JSON/],
    ['// comment\n{}', /not valid JSON/],
    ['\uFEFF{}', /not valid JSON/],
    ['[]', /the settings must be an object/],
    ['{"hooks": []}', /hooks must be an object/],
    ['{"hooks": {"Stop": {}}}', /hooks\.Stop must be an array/],
    ['{"env": 1}', /env must be an object/],
    ['{"hooks": {}, "hooks": {}}', /same key twice/],
    ['{"env": {"CLAW_TOKEN": "mine"}}', /CLAW_TOKEN is set already/],
    [`{"a": ${'['.repeat(200)}${']'.repeat(200)}}`, /nested deeper/],
  ];
  for (const [text, message] of bad) {
    test(`${text.slice(0, 40)} is refused: ${message.source}`, () => {
      assert.throws(
        () => install(text),
        (error) =>
          error instanceof Fault && error.code === 'usage.invalid' && message.test(error.message),
      );
    });
  }
});

test('uninstall takes back install, byte for byte, on any settings', () => {
  const space = fc.constantFrom('', ' ', '\n', '\n  ', '\r\n\t');
  const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
  const group = fc.record({
    matcher: fc.string(),
    hooks: fc.array(fc.record({ type: fc.string() })),
  });
  const settings = fc.record(
    {
      hooks: fc.dictionary(
        fc.constantFrom(...HTTP_EVENTS, ...COMMAND_EVENTS, 'X'),
        fc.array(group),
      ),
      env: fc.dictionary(fc.constantFrom('A', 'B', 'PATH'), fc.string()),
      model: scalar,
      other: fc.jsonValue({ maxDepth: 3 }),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(settings, fc.infiniteStream(space), space, (value, spaces, end) => {
      const text = written(value, () => spaces.next().value ?? '') + end;
      const after = install(text);
      assert.equal(uninstall(after), text);
      assert.equal(install(after), after);
      const kept = JSON.parse(after) as Record<string, unknown>;
      assert.deepEqual(kept['other'], JSON.parse(text).other);
    }),
    { numRuns: 60 },
  );
});

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
