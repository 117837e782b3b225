/** What real SDKs reported, line by line: each is recorded, or named with the reason why not. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { aiSdkTelemetry } from '../../../src/sdk/integration/ai-sdk.ts';
import { claudeRecorder } from '../../../src/sdk/integration/claude-agent-sdk.ts';
import { langchainHandler } from '../../../src/sdk/integration/langchain.ts';
import { agentsRecorder } from '../../../src/sdk/integration/openai-agents.ts';
import type { Span } from '../../../src/sdk/integration/openai-agents-trace.ts';
import { openLifecycle } from '../../../src/sdk/lifecycle.ts';
import { settings } from '../../../src/sdk/option.ts';
import type { EventDraft } from '../../../src/sdk/sdk.ts';
import { openSession } from '../../../src/sdk/session.ts';
import { openWire } from '../../../src/sdk/wire.ts';

const captures = join(import.meta.dirname, '../../../../shared/captures');
const golden = join(import.meta.dirname, 'golden');
const options = { skip: existsSync(captures) ? false : 'the shared captures are not here' };

// biome-ignore lint/suspicious/noExplicitAny: lines of every shape.
type Line = any;
type Host = Parameters<typeof aiSdkTelemetry>[0];
type Feed = (line: Line) => unknown;

/** Feeds each line, and keeps what it made of it: facts in short, or the reason why none. */
async function replay(file: string, open: (host: Host) => Feed, reasons: Reasons) {
  const drafts: EventDraft[] = [];
  const record = (draft: EventDraft) => {
    drafts.push(structuredClone(draft));
    return '';
  };
  const lifecycle = openLifecycle(openWire(settings({ spool: false }, {})));
  const context = { record, report: assert.fail, value_chars: 100_000, lifecycle };
  const feed = open({ record, session: (given = {}) => openSession(context, given) });
  const lines = readFileSync(join(captures, file), 'utf8').trim().split('\n');
  const told: object[] = [];
  for (const [i, text] of lines.entries()) {
    drafts.length = 0;
    const line: Line = JSON.parse(text);
    const name = nameOf(line);
    await feed(line);
    const facts = drafts.map(short);
    if (facts.length > 0) told.push({ line: i + 1, name, facts });
    else {
      const reason = reasons(line);
      assert.ok(reason, `${file}:${i + 1} (${name}) made no event, for no reason given`);
      told.push({ line: i + 1, name, skipped: reason });
    }
    for (const draft of drafts) {
      assert.notEqual(draft.type, 'gap', JSON.stringify(draft));
      assert.equal(draft.source?.kind, 'sdk');
    }
  }
  check(file, told);
}

type Reasons = (line: Line) => string | undefined;

function nameOf(line: Line): string {
  const message = [line.o?.type, line.o?.subtype].filter(Boolean).join('.');
  return [line.src, line.n ?? line.k, line.o?.i?.hook_event_name ?? (line.k ? message : undefined)]
    .filter(Boolean)
    .join(' ');
}

/** The facts that an event tells, without what differs from run to run. */
function short(draft: EventDraft): object {
  const { id: _id, time: _time, duration_ms, source, agent: _agent, ...facts } = draft;
  const { runtime, version } = source ?? {};
  const timed = duration_ms === undefined ? {} : { timed: true };
  return { ...facts, ...timed, source: [runtime, version].filter(Boolean).join(' ') };
}

function check(file: string, told: readonly object[]): void {
  const path = join(golden, `${file.split('/')[0]}.json`);
  const text = `[\n${told.map((line) => JSON.stringify(line)).join(',\n')}\n]\n`;
  if (process.env['UPDATE_GOLDEN']) {
    mkdirSync(golden, { recursive: true });
    writeFileSync(path, text);
  }
  assert.equal(text, readFileSync(path, 'utf8'));
}

test('AI SDK 7: telemetry', options, () =>
  replay(
    'ai-sdk-7/telemetry.jsonl',
    (host) => {
      const telemetry: Readonly<Record<string, unknown>> = aiSdkTelemetry(host);
      return ({ src, n, e }) => {
        const hook = telemetry[n] as ((event: unknown) => void) | undefined;
        if (src === 'integration') hook?.(e);
      };
    },
    ({ src, n, e }) => {
      if (src.startsWith('channel:')) return 'the same fact comes by the telemetry integration';
      if (n === 'onStepStart') return 'its messages are those of the start and of earlier steps';
      if (n === 'onLanguageModelCallStart') return 'told with its end, which has the outcome';
      if (n === 'onStepFinish') return 'the former name of onStepEnd';
      if (n !== 'onStepEnd') return undefined;
      const executed = e.content.every(({ type }: Line) =>
        /^(text|tool-call|tool-result|tool-error)$/.test(type),
      );
      return executed ? 'its words and calls were told by events of their own' : undefined;
    },
  ),
);

test('OpenAI Agents 0.20: traces, events of the agent, interruptions', options, () =>
  replay(
    'openai-agents-js-0.20.0/tracing.jsonl',
    (host) => {
      const stack: Span[] = [];
      const recorder = agentsRecorder(host, { getCurrentSpan: () => stack.at(-1) ?? null });
      const listeners = new Map<string, (...args: unknown[]) => void>();
      const emitter = {
        on: (event: string, listener: (...args: unknown[]) => void) =>
          listeners.set(event, listener),
      };
      recorder.watch(emitter as never);
      const { processor } = recorder;
      return ({ n, o }) => {
        const span = {
          ...o,
          spanId: o.id,
          traceId: o.trace_id,
          parentId: o.parent_id,
          spanData: o.span_data,
        };
        if (n === 'onTraceStart')
          return processor.onTraceStart({ traceId: o.id, groupId: o.group_id });
        if (n === 'onTraceEnd') return processor.onTraceEnd({ traceId: o.id });
        if (n === 'onSpanStart') {
          stack.push(span);
          return processor.onSpanStart(span);
        }
        if (n === 'onSpanEnd') {
          stack.splice(
            stack.findLastIndex(({ spanId }) => spanId === o.id),
            1,
          );
          return processor.onSpanEnd(span);
        }
        if (n === 'interruption') return recorder.seen({ interruptions: [o] });
        return listeners.get(n.replace('hook:', ''))?.({ context: true }, ...o.args);
      };
    },
    ({ n, o }) => {
      const kind = o.span_data?.data?.sdk_span_type ?? o.span_data?.type;
      if (n === 'onSpanStart') return 'a span is told when it ends; a call by its event';
      if (n === 'onSpanEnd' && kind === 'task') return 'the sum of its turns';
      if (n === 'onSpanEnd' && kind === 'turn') return 'its calls were told by spans of their own';
      if (n === 'onSpanEnd' && kind === 'agent')
        return "the session's own agent ends with its trace";
      if (n === 'onSpanEnd' && kind === 'response')
        return 'told when its turn ends, which has its tokens';
      if (n === 'hook:agent_tool_end') return 'told by its span, which says whether it failed';
      if (n === 'onTraceEnd') return 'a call waits for an approval: the session goes on';
      return undefined;
    },
  ),
);

test('LangChain 1.5: callbacks', options, () =>
  replay(
    'langchain-js-1.5/callbacks.jsonl',
    (host) => {
      const handler: Readonly<Record<string, unknown>> = langchainHandler(host);
      return ({ n, a }) => (handler[n] as (...args: unknown[]) => void)(...a);
    },
    ({ n, a }) => {
      if (n === 'handleChainStart' && a[3])
        return 'a step inside of a run: what it does is told by its parts';
      if (n === 'handleChainEnd' && a[2])
        return 'a step inside of a run: what it did is told by its parts';
      if (n === 'handleChatModelStart') return 'told with its end, which has the outcome';
      return undefined;
    },
  ),
);

test('Claude Agent SDK 0.3.330: hooks, approvals, messages', options, () =>
  replay(
    'claude-agent-sdk-0.3.330/hooks-and-messages.jsonl',
    (host) => {
      const recorder = claudeRecorder(host);
      const hooks = recorder.hooks();
      const signal = new AbortController().signal;
      return async ({ k, o }) => {
        if (k === 'message') return recorder.seen(o);
        if (k === 'hook') {
          const [matcher] = hooks[o.i.hook_event_name as keyof typeof hooks] ?? [];
          assert.deepEqual(await matcher?.hooks[0]?.(o.i, o.id, { signal }), {});
          return;
        }
        const denied = { behavior: 'deny', message: 'user said no' };
        const allowed = { behavior: 'allow', updatedInput: o.i };
        const answer = o.n === 'Bash' ? denied : allowed;
        const decide = recorder.canUseTool(async () => answer);
        assert.equal(await decide(o.n, o.i, o.o as never), answer);
      };
    },
    ({ k, o }) => {
      if (k === 'message' && o.type === 'user') return 'the result of a tool, which its hooks tell';
      if (k === 'message' && o.type === 'assistant')
        return 'a further part of a message that was told';
      if (o.i?.hook_event_name === 'PostToolBatch')
        return 'each of its calls had an outcome before';
      if (o.i?.hook_event_name === 'Stop') return 'its words came with the messages';
      return undefined;
    },
  ),
);
