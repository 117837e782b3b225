import assert from 'node:assert/strict';
import { describe as suite, test } from 'node:test';
import fc from 'fast-check';
import { classify, describe } from '../../src/action/action.ts';
import { ACCESSES, ACTIONS, RESOURCE_CHARS, RESOURCES } from '../../src/event/event.ts';

const claude = (tool: string, args: unknown, cwd = '/work') =>
  classify({ runtime: 'claude-code', tool, arguments: args, cwd });

suite('a tool of Claude Code', () => {
  const rows: readonly (readonly [string, object, string, readonly string[]])[] = [
    ['Read', { file_path: '/etc/passwd' }, 'read', ['file /etc/passwd read']],
    ['Write', { file_path: 'src/a.ts', content: 'x' }, 'write', ['file /work/src/a.ts write']],
    ['Edit', { file_path: '../b.ts' }, 'write', ['file /b.ts write']],
    ['NotebookEdit', { notebook_path: '/n.ipynb' }, 'write', ['file /n.ipynb write']],
    ['Grep', { pattern: 'x' }, 'read', ['directory /work read']],
    ['Glob', { pattern: '*', path: 'src' }, 'read', ['directory /work/src read']],
    ['Bash', { command: 'ls -la' }, 'execute', ['command ls -la execute', 'directory /work read']],
    [
      'Monitor',
      { command: 'tail -f a' },
      'execute',
      ['command tail -f a execute', 'file /work/a read'],
    ],
    [
      'Monitor',
      { ws: { url: 'wss://x.test/s' } },
      'execute',
      ['url wss://x.test/s network', 'host x.test network'],
    ],
    [
      'WebFetch',
      { url: 'https://a.test:8443/p?q=1' },
      'network',
      ['url https://a.test:8443/p?q=1 network', 'host a.test:8443 network'],
    ],
    ['WebSearch', { query: 'x' }, 'network', []],
    ['Agent', { prompt: 'x' }, 'delegate', ['agent general-purpose execute']],
    ['Agent', { subagent_type: 'Explore' }, 'delegate', ['agent Explore execute']],
    ['TodoWrite', { todos: [] }, 'plan', []],
    ['TaskCreate', { subject: 'a' }, 'plan', []],
    ['SendMessage', { to: 'a1', summary: 's' }, 'communicate', ['agent a1 write']],
  ];
  for (const [tool, args, action, resources] of rows) {
    test(`${tool} ${JSON.stringify(args)} is ${action}`, () => {
      const seen = claude(tool, args);
      assert.equal(seen.action, action);
      assert.equal(seen.confidence, 1);
      assert.deepEqual(seen.resources.map(shown), resources);
    });
  }
});

suite('an unknown tool', () => {
  const rows: readonly (readonly [string, object, string | undefined, readonly string[]])[] = [
    ['send_email', { to: 'a@b.test', body: 'hi' }, 'communicate', ['other a@b.test write']],
    ['send_money', { recipient: 'GB1', amount: 3 }, 'write', ['other GB1 write']],
    ['get_user', { user_id: '7' }, 'read', []],
    ['delete_file', { path: '/a' }, 'delete', ['file /a delete']],
    ['deleteFile', { filePath: '/a' }, 'delete', ['file /a delete']],
    ['search-flights', { from: 'A' }, 'query', []],
    ['issue_create', { title: 'x' }, 'write', []],
    ['read_and_delete_inbox', {}, 'delete', []],
    [
      'sparkle',
      { command: 'rm -rf /' },
      'execute',
      ['command rm -rf / execute', 'directory / delete'],
    ],
    [
      'sparkle',
      { url: 'https://a.test/' },
      'network',
      ['url https://a.test/ network', 'host a.test network'],
    ],
    ['sparkle', { x: 1 }, undefined, []],
    ['constructor', {}, undefined, []],
    ['__proto__', {}, undefined, []],
    [
      'mcp__fs__read_text_file',
      { path: 'a' },
      'read',
      ['mcp_server fs execute', 'file /work/a read'],
    ],
    ['mcp__everything__echo', { message: 'x' }, undefined, ['mcp_server everything execute']],
  ];
  for (const [tool, args, action, resources] of rows) {
    test(`${tool} ${JSON.stringify(args)} is ${action ?? 'not guessed'}`, () => {
      const seen = claude(tool, args);
      assert.equal(seen.action, action);
      assert.ok(seen.confidence < 1 && seen.reason.length > 0);
      assert.equal(seen.confidence > 0, action !== undefined);
      assert.deepEqual(seen.resources.map(shown), resources);
    });
  }

  test('of another runtime does not take the meaning that Claude Code gives the name', () => {
    assert.equal(classify({ runtime: 'other', tool: 'Skill' }).action, undefined);
    assert.equal(classify({ tool: 'Glob' }).action, undefined);
  });
});

test('any call is classified within the limits of an event, and never throws', () => {
  const tool = fc.oneof(fc.string(), fc.constantFrom('Read', 'Bash', 'WebFetch', 'mcp__a__b'));
  const keys = fc.oneof(fc.constantFrom('path', 'url', 'command', 'to', 'file_path'), fc.string());
  const args = fc.oneof(fc.jsonValue(), fc.dictionary(keys, fc.jsonValue()));
  fc.assert(
    fc.property(tool, args, fc.option(fc.string()), (name, value, cwd) => {
      const call = { runtime: 'claude-code', tool: name, arguments: value, cwd: cwd ?? undefined };
      const { action, resources, confidence } = classify(call);
      assert.ok(action === undefined || ACTIONS.includes(action));
      assert.ok(confidence >= 0 && confidence <= 1);
      assert.ok(resources.length <= RESOURCES);
      for (const { kind, id, access } of resources) {
        assert.ok(kind !== '' && id !== '' && id.length <= RESOURCE_CHARS);
        assert.ok(ACCESSES.includes(access));
      }
    }),
  );
});

test('a command longer than a resource may be is cut, not refused', () => {
  const { resources } = claude('Bash', { command: 'x'.repeat(RESOURCE_CHARS + 1) });
  assert.equal(resources[0]?.id.length, RESOURCE_CHARS);
});

suite('describe', () => {
  const base = { type: 'tool_call', session_id: 's' } as const;

  test('fills in what the producer left out and says that it guessed', () => {
    const seen = describe({ ...base, tool: 'send_email', arguments: { to: 'a@b.test' } });
    assert.equal(seen.action, 'communicate');
    assert.deepEqual(seen.resources, [{ kind: 'other', id: 'a@b.test', access: 'write' }]);
    assert.deepEqual(seen.attributes, {
      action_inferred: { confidence: 0.8, reason: 'verb "send"' },
    });
  });

  test('never overrides what the producer said', () => {
    const said = { ...base, tool: 'send_email', action: 'plan', resources: [] } as const;
    const mutable = { ...said, resources: [] };
    assert.equal(describe(mutable), mutable);
    assert.equal(describe({ ...base, tool: 'send_email', action: 'plan' }).action, 'plan');
  });

  test('knows the tools of the runtime that the event names', () => {
    const agent = { runtime: 'claude-code' };
    assert.equal(describe({ ...base, tool: 'Agent', agent }).action, 'delegate');
    assert.equal(describe({ ...base, tool: 'Agent', agent }).attributes, undefined);
  });

  test('reads an API call without inventing a scheme', () => {
    const call = { type: 'api_call', destination: 'api.x.test', endpoint: '/v1/a' } as const;
    const seen = describe(call);
    assert.equal(seen.action, 'network');
    assert.deepEqual(seen.resources?.map(shown), [
      'url api.x.test/v1/a network',
      'host api.x.test network',
    ]);
    const whole = { ...call, destination: 'https://u:p@api.x.test/base', endpoint: 'v1' };
    assert.deepEqual(describe(whole).resources?.map(shown), [
      'url https://u:p@api.x.test/base/v1 network',
      'host api.x.test network',
    ]);
  });

  test('reads a file operation; an unknown word is not guessed', () => {
    const file = { type: 'file_operation', operation: 'Rename', path: '/a' } as const;
    const seen = describe(file);
    assert.equal(seen.action, 'write');
    assert.deepEqual(seen.resources?.map(shown), ['file /a write']);
    const odd = describe({ ...file, operation: 'frobnicate' });
    assert.equal(odd.action, undefined);
  });

  test('leaves a prompt as it is', () => {
    const prompt = { type: 'prompt', session_id: 's', content: 'delete all' } as const;
    assert.equal(describe(prompt), prompt);
  });
});

function shown({ kind, id, access }: { kind: string; id: string; access: string }): string {
  return `${kind} ${id} ${access}`;
}
