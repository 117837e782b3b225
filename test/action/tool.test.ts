import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe as suite, test } from 'node:test';
import { classify, describe } from '../../src/action/action.ts';
import { toolOf } from '../../src/action/tool/menu.ts';
import { isObject } from '../../src/event/name.ts';

const CAPTURES = new URL('../../../shared/captures/', import.meta.url);
const absent = existsSync(CAPTURES) ? false : 'the captures are not here';

const PATCH =
  '*** Begin Patch\n*** Add File: a.txt\n+*** Delete File: no.txt\n*** Update File: b.txt\n' +
  '*** Move to: /c.txt\n@@\n-x\n+y\n*** Delete File: d.txt\n*** End Patch\n*** Add File: no.txt\n';
const PATCHED = [
  'file /work/a.txt write',
  'file /work/b.txt delete',
  'file /c.txt write',
  'file /work/d.txt delete',
];
const LINE = ['command cat x > y execute', 'file /work/y write', 'file /work/x read'];

type Row = readonly [runtime: string, tool: string, args: unknown, action: string, string[]];

const ROWS: readonly Row[] = [
  ['codex', 'Bash', { command: 'cat x > y' }, 'execute', LINE],
  ['codex', 'exec_command', { cmd: 'cat x > y' }, 'execute', LINE],
  ['codex', 'shell', { command: ['bash', '-lc', 'cat x > y'] }, 'execute', LINE],
  [
    'codex',
    'shell',
    { command: ['rm', 'a b'], workdir: 'sub' },
    'execute',
    ["command rm 'a b' execute", 'file /work/sub/a b delete'],
  ],
  ['codex', 'apply_patch', { command: PATCH }, 'write', PATCHED],
  ['codex', 'apply_patch', { input: PATCH }, 'write', PATCHED],
  ['codex', 'apply_patch', PATCH, 'write', PATCHED],
  ['codex', 'view_image', { path: 'a.png' }, 'read', ['file /work/a.png read']],
  ['codex', 'update_plan', { plan: [] }, 'plan', []],
  ['codex', 'web_search', {}, 'network', []],
  ['codex', 'spawn_agent', { message: 'x' }, 'delegate', ['agent default execute']],
  ['gemini', 'read_file', { file_path: 'a' }, 'read', ['file /work/a read']],
  ['gemini', 'list_directory', {}, 'read', ['directory /work read']],
  ['gemini', 'replace', { file_path: '/a' }, 'write', ['file /a write']],
  ['gemini', 'run_shell_command', { command: 'cat x > y' }, 'execute', LINE],
  [
    'gemini',
    'run_shell_command',
    { command: 'rm a', dir_path: '/d' },
    'execute',
    ['command rm a execute', 'file /d/a delete'],
  ],
  [
    'gemini',
    'web_fetch',
    { prompt: 'sum up http://a.test/x, and (https://b.test).' },
    'network',
    [
      'url http://a.test/x network',
      'host a.test network',
      'url https://b.test network',
      'host b.test network',
    ],
  ],
  ['gemini', 'invoke_agent', { agent_name: 'a' }, 'delegate', ['agent a execute']],
  ['gemini', 'write_todos', { todos: [] }, 'plan', []],
  ['opencode', 'bash', { command: 'cat x > y' }, 'execute', LINE],
  ['opencode', 'edit', { filePath: '/a' }, 'write', ['file /a write']],
  ['opencode', 'apply_patch', { patchText: PATCH }, 'write', PATCHED],
  ['opencode', 'grep', { pattern: 'x' }, 'read', ['directory /work read']],
  ['opencode', 'task', { subagent_type: 'general' }, 'delegate', ['agent general execute']],
  ['openclaw', 'exec', { command: 'cat x > y', workdir: '/work/' }, 'execute', LINE],
  ['openclaw', 'apply_patch', { input: PATCH }, 'write', PATCHED],
  ['openclaw', 'message', { target: '+81', message: 'x' }, 'communicate', ['other +81 write']],
  ['openclaw', 'tool_call', { id: 'web_fetch', args: {} }, 'execute', ['tool web_fetch execute']],
  ['openclaw', 'tool_search', { query: 'x' }, 'query', []],
  ['openclaw', 'sessions_spawn', { task: 'x' }, 'delegate', ['agent subagent execute']],
];

suite("a runtime's own tool", () => {
  for (const [runtime, tool, args, action, resources] of ROWS) {
    test(`${runtime} ${tool} ${JSON.stringify(args).slice(0, 60)} is ${action}`, () => {
      const seen = classify({ runtime, tool, arguments: args, cwd: '/work' });
      assert.equal(seen.action, action);
      assert.equal(seen.confidence, 1);
      assert.deepEqual(shown(seen.resources), resources);
    });
  }

  const captured = { codex: 'codex-', gemini: 'gemini-', opencode: 'opencode-' } as const;
  for (const [runtime, folder] of Object.entries({ ...captured, openclaw: 'openclaw-' })) {
    test(`of ${runtime} is in the table when a capture offers it`, { skip: absent }, () => {
      const names = offered(folder).filter((name) => !/^(mcp_|everything_)|__/.test(name));
      assert.ok(names.length >= 10, `${names.length} tools`);
      assert.deepEqual(
        names.filter((name) => !toolOf(runtime, name)),
        [],
      );
    });
  }

  test('that ran a command which could not be followed to the end says so', () => {
    const event = { type: 'tool_call', agent: { runtime: 'codex' }, tool: 'Bash' } as const;
    const make = describe({ ...event, arguments: { command: 'make all' } });
    assert.equal(make.action, 'execute');
    assert.deepEqual(make.attributes, {
      effects_inferred: { confidence: 0.5, reason: 'what make does is not known' },
    });
    const list = describe({ ...event, arguments: { command: 'ls /a' } });
    assert.equal(list.attributes, undefined);
  });
});

suite('a tool of an MCP server', () => {
  const rows = [
    ['claude-code', 'mcp__fs__read_text_file', undefined, 'fs'],
    ['codex', 'mcp__a_b__read_text_file', undefined, 'a_b'],
    ['gemini', 'mcp_fs_read_text_file', undefined, 'fs'],
    ['gemini', 'mcp_my_fs_read_text_file', 'my_fs', 'my_fs'],
    ['opencode', 'my_fs_read_text_file', 'my_fs', 'my_fs'],
    ['openclaw', 'fs__read_text_file', undefined, 'fs'],
    ['sdk', 'read_text_file', 'fs', 'fs'],
  ] as const;
  for (const [runtime, tool, server, expected] of rows) {
    test(`${tool} of ${runtime} is read by its own name`, () => {
      const seen = classify({ runtime, tool, server, arguments: { path: '/a' } });
      assert.equal(seen.action, 'read');
      assert.equal(seen.confidence, 0.8);
      assert.deepEqual(shown(seen.resources), [`mcp_server ${expected} execute`, 'file /a read']);
    });
  }

  test('moves files from one place to the other', () => {
    const seen = classify({
      tool: 'mcp__fs__move_file',
      arguments: { source: '/a', destination: '/b' },
    });
    assert.deepEqual(shown(seen.resources).slice(1), ['file /a delete', 'file /b write']);
  });

  test('is taken for graver where its server says so, and never for more harmless', () => {
    const action = (tool: string, annotations: object) => classify({ tool, annotations }).action;
    assert.equal(action('get_thing', { destructiveHint: true }), 'write');
    assert.equal(action('get_thing', { readOnlyHint: false }), 'write');
    assert.equal(action('get_thing', { openWorldHint: true }), 'network');
    assert.equal(action('sparkle', { destructiveHint: true, openWorldHint: true }), 'write');
    for (const hint of [
      { readOnlyHint: true },
      { destructiveHint: false },
      { openWorldHint: false },
    ]) {
      assert.equal(action('delete_thing', hint), 'delete');
      assert.equal(action('run_thing', hint), 'execute');
      assert.equal(action('sparkle', hint), undefined);
    }
    assert.equal(action('delete_thing', { destructiveHint: true }), 'delete');
    assert.equal(action('get_thing', { destructiveHint: 'yes', readOnlyHint: 0 }), 'read');
  });
});

suite('a tool that only its name tells of', () => {
  const rows = [
    ['transfer_to_human_agents', { summary: 'x' }, 'delegate'],
    ['send_certificate', { amount: 3 }, 'write'],
    ['update_password', { password: 'x' }, 'admin'],
    ['get_webpage', { url: 'https://a.test/' }, 'network'],
    ['calculate', { expression: '1' }, 'none'],
    ['directory_tree', { path: '/a' }, 'query'],
  ] as const;
  for (const [tool, args, action] of rows) {
    test(`${tool} is ${action}`, () => {
      assert.equal(classify({ tool, arguments: args }).action, action);
    });
  }
});

function shown(resources: ReturnType<typeof classify>['resources']): string[] {
  return resources.map(({ kind, id, access }) => `${kind} ${id} ${access}`);
}

/** Names of the tools that a runtime offered to the model, as captured. */
function offered(folder: string): string[] {
  const names = new Set<string>();
  for (const entry of readdirSync(CAPTURES, { recursive: true, withFileTypes: true })) {
    const path = `${entry.parentPath}/${entry.name}`;
    if (!entry.isFile() || !path.includes(`/${folder}`) || !path.endsWith('.jsonl')) continue;
    for (const line of readFileSync(path, 'utf8').split('\n')) {
      collect(parsed(line), names);
    }
  }
  return [...names];
}

/** One capture is cut off in the middle of a line. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function collect(value: unknown, names: Set<string>): void {
  if (Array.isArray(value)) for (const item of value) collect(item, names);
  if (!isObject(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    if (/^(tools|functionDeclarations)$/.test(key) && Array.isArray(inner)) {
      for (const tool of inner) {
        const declared = isObject(tool) && isObject(tool['function']) ? tool['function'] : tool;
        if (isObject(declared) && typeof declared['name'] === 'string') names.add(declared['name']);
      }
    }
    collect(inner, names);
  }
}
