/** Records of every runtime as nobody would send them who means well. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { Adapter } from '../../src/adapter/adapter.ts';
import { claudeCode, HOOK_EVENTS } from '../../src/adapter/claude-code/claude-code.ts';
import { CODEX_HOOKS, codex } from '../../src/adapter/codex/codex.ts';
import { GEMINI_HOOKS, gemini } from '../../src/adapter/gemini/gemini.ts';
import { OPENCLAW_HOOKS, openclaw } from '../../src/adapter/openclaw/openclaw.ts';
import { OPENCODE_KINDS, opencode } from '../../src/adapter/opencode/opencode.ts';
import { canonicalBytes } from '../../src/event/canonical.ts';
import type { Event } from '../../src/event/event.ts';
import { Fault } from '../../src/fault/fault.ts';
import { EVERY_HOOK } from './every-hook.ts';
import { adaptOne, bash, hook } from './replay.ts';
import { busEvent, clawHook, codexHook, geminiHook, openHook } from './runtimes.ts';

type Runtime = {
  readonly adapter: Adapter;
  readonly kinds: readonly string[];
  /** A record of one kind with these fields, named by dotted paths. */
  readonly record: (kind: string, fields: Readonly<Record<string, unknown>>) => object;
  readonly paths: readonly string[];
  /** A call that is announced under this id, with these arguments and this tool. */
  readonly call: (call_id: string, args: unknown, tool?: string) => object;
};

const HOOK_PATHS = [
  ...new Set([
    ...EVERY_HOOK.flatMap((one) => Object.keys(one)),
    'turn_id',
    'model',
    'prompt_response',
    'details',
    'details.command',
    'details.filePath',
    'mcp_context',
    'mcp_context.server_name',
    'notification_type',
    'llm_response',
    'llm_response.usageMetadata',
  ]),
].filter((path) => path !== 'hook_event_name' && path !== 'session_id');

const RUNTIMES: readonly Runtime[] = [
  {
    adapter: claudeCode,
    kinds: [...HOOK_EVENTS, 'Other'],
    record: (kind, fields) => placed(hook(kind), fields),
    paths: HOOK_PATHS,
    call: (tool_use_id, tool_input, tool_name = 'Bash') =>
      hook('PreToolUse', { tool_name, tool_use_id, tool_input }),
  },
  {
    adapter: codex,
    kinds: [...CODEX_HOOKS, 'Other'],
    record: (kind, fields) => placed(codexHook(kind), fields),
    paths: HOOK_PATHS,
    call: (tool_use_id, tool_input, tool_name = 'Bash') =>
      codexHook('PreToolUse', { tool_name, tool_use_id, tool_input }),
  },
  {
    adapter: gemini,
    kinds: [...GEMINI_HOOKS, 'Other'],
    record: (kind, fields) => placed(geminiHook(kind), fields),
    paths: HOOK_PATHS.filter((path) => path !== 'prompt'),
    call: (_, tool_input, tool_name = 'run_shell_command') =>
      geminiHook('BeforeTool', { tool_name, tool_input }),
  },
  {
    adapter: opencode,
    kinds: [...OPENCODE_KINDS, 'other'],
    record: (kind, fields) =>
      placed(/^(tool|chat|command)\./.test(kind) ? openHook(kind, {}) : busEvent(kind, {}), fields),
    paths: [
      ...['input.tool', 'input.callID', 'input.args', 'input.command', 'input.arguments'],
      ...['output.args', 'output.metadata', 'output.output', 'output.parts', 'output.message.id'],
      ...['output.message.agent', 'output.message.model.modelID', 'at', 'event.id'],
      ...[
        ...['part', 'part.type', 'part.state', 'part.state.status', 'part.state.error'],
        ...['part.callID', 'part.tool', 'part.text', 'part.time.end', 'part.id', 'info'],
        ...['info.error', 'info.error.name', 'info.tokens', 'info.tokens.input', 'info.parentID'],
        ...['info.cost', 'info.time.completed', 'info.role', 'status.type', 'error', 'reply'],
        ...['requestID', 'id', 'permission', 'patterns', 'tool.callID', 'x'],
      ].map((path) => `event.properties.${path}`),
    ],
    call: (callID, args, tool = 'bash') =>
      openHook('tool.execute.before', { tool, callID }, { args }),
  },
  {
    adapter: openclaw,
    kinds: [...OPENCLAW_HOOKS.filter((kind) => kind !== 'channel_pairing_requested'), 'other'],
    record: (kind, fields) => placed(clawHook(kind), fields),
    paths: [
      ...['event.prompt', 'event.content', 'event.from', 'event.model', 'event.usage', 'at'],
      ...['event.usage.input', 'event.assistantTexts', 'event.toolName', 'event.toolCallId'],
      ...['event.params', 'event.result', 'event.result.details', 'event.error', 'event.success'],
      ...['event.durationMs', 'event.outcome', 'event.callId', 'event.reason', 'event.label'],
      ...['event.metadata', 'event.metadata.senderName', 'event.childSessionKey', 'event.decision'],
      ...['event.action', 'event.jobId', 'event.to', 'event.messageId', 'event.derivedPaths'],
      ...['event.message', 'event.message.isError', 'ctx.requester', 'ctx.requester.channel'],
      ...['ctx.requester.senderId', 'ctx.trace', 'ctx.trace.traceId', 'ctx.trace.spanId'],
      ...['ctx.runId', 'ctx.agentId', 'ctx.sessionKey', 'ctx.workspaceDir', 'ctx.x'],
    ],
    call: (toolCallId, params, toolName = 'exec') =>
      clawHook('before_tool_call', { toolName, toolCallId, params }),
  },
];

for (const { adapter, kinds, record, paths, call } of RUNTIMES) {
  const one = (value: unknown) => adaptOne(value, { adapter });

  suite(`hostile records of ${adapter.runtime}`, () => {
    for (const bad of [undefined, null, 7, 'x', [], {}, { session_id: '' }, { hook: 7 }]) {
      test(`${JSON.stringify(bad)} is refused by name`, () => {
        assert.throws(
          () => adapter.adapt(bad, { now_ms: 0 }),
          (error) => error instanceof Fault && error.code === 'event.invalid',
        );
      });
    }

    test('fields of any type become events that can be sealed, and none of them is lost', () => {
      const values = fc.dictionary(fc.constantFrom(...paths), valueWithLeaves());
      fc.assert(
        fc.property(fc.constantFrom(...kinds), values, (kind, fields) => {
          const given = record(kind, fields);
          const events = one(given);
          for (const event of events) canonicalBytes(event);
          if (events.length === 0) return;
          const kept = JSON.stringify(events);
          for (const leaf of leavesOf(given))
            assert.ok(kept.includes(leaf), `${kind} lost ${leaf}`);
        }),
        { numRuns: 1000 },
      );
    });

    test('one record makes the same ids whenever it is delivered', () => {
      const values = fc.dictionary(fc.constantFrom(...paths), fc.jsonValue());
      fc.assert(
        fc.property(fc.constantFrom(...kinds), values, (kind, fields) => {
          const given = record(kind, fields);
          const ids = (now_ms: number) =>
            adaptOne(given, { adapter, now_ms, nonce: 'n' }).map(({ id }) => id);
          assert.deepEqual(ids(1), ids(2));
        }),
      );
    });

    test('arguments nested beyond the limit are kept as text', () => {
      let deep: unknown = 'bottom';
      for (let i = 0; i < 200; i++) deep = { deep };
      const [event] = one(call('t', deep));
      assert.equal(event?.arguments, JSON.stringify(deep));
      canonicalBytes(event);
    });

    test('nesting that exhausts the stack is refused by name', () => {
      let deep: unknown = 'bottom';
      for (let i = 0; i < 100_000; i++) deep = [deep];
      assert.throws(
        () => one(call('t', deep)),
        (error) => error instanceof Fault && error.code === 'event.invalid',
      );
    });

    test('names longer than an event takes stay distinct', () => {
      const [a, b] = ['a', 'b'].map((end) => one(call(`x${end}`, {}, 'x'.repeat(600) + end))[0]);
      assert.equal(a?.tool?.length, 512);
      assert.notEqual(a?.tool, b?.tool);
    });

    test('no prototype answers for a field, and a key named __proto__ is data', () => {
      for (const kind of kinds) {
        const given = JSON.parse(JSON.stringify(record(kind, {})).replace(/}$/, PLANTED));
        const events = one(given);
        if (events.length === 0) continue;
        assert.match(JSON.stringify(events), /"__proto__":\{"tool_name":"planted"/);
        assert.ok(events.every(({ tool }) => tool !== 'planted'));
      }
      assert.equal(({} as Record<string, unknown>)['planted'], undefined);
    });
  });
}

test('a hook of a runtime named like a prototype member is unknown, not called', () => {
  for (const { adapter, record } of RUNTIMES) {
    for (const name of ['constructor', 'toString', '__proto__']) {
      const [event] = adaptOne(record(name, {}), { adapter });
      assert.equal(event?.type, 'session', adapter.runtime);
    }
  }
});

test('names of claude-code stay distinct in calls too', () => {
  const idOf = (event: Event | undefined) => event?.call_id;
  const [a, b] = ['a', 'b'].map((end) => adaptOne(hook('PreToolUse', bash('x'.repeat(600) + end))));
  assert.equal(idOf(a?.[0])?.length, 512);
  assert.notEqual(idOf(a?.[0]), idOf(b?.[0]));
});

const PLANTED = ',"__proto__":{"tool_name":"planted","hook":"planted"}}';

function placed(record: object, fields: Readonly<Record<string, unknown>>): object {
  const copy = structuredClone(record) as Record<string, unknown>;
  for (const [path, value] of Object.entries(fields)) {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    let at = copy;
    for (const key of keys) {
      const inner = at[key];
      if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) at[key] = {};
      at = at[key] as Record<string, unknown>;
    }
    at[last] = value;
  }
  return copy;
}

/** Text leaves that are found again in JSON, in values of any shape. */
function valueWithLeaves(): fc.Arbitrary<unknown> {
  const leaf = fc.integer({ min: 100_000, max: 999_999 }).map((n) => `leaf${n}`);
  const word = fc.constantFrom('tool', 'text', 'error', 'completed', 'finished', 'ToolPermission');
  const scalar = fc.oneof(leaf, word, fc.integer(), fc.boolean(), fc.constant(null));
  return fc.oneof(
    { weight: 3, arbitrary: scalar },
    fc.array(scalar, { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'status', 'type', 'error', 'text'), scalar),
  );
}

function leavesOf(value: unknown): string[] {
  if (typeof value === 'string') return value.startsWith('leaf') ? [value] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leavesOf) : [];
}
