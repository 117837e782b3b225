/** The AI SDK integration with the real package `ai`, its mock models, and a real server. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { embed, generateText, isStepCount, type ModelMessage, streamText, tool } from 'ai';
import { MockEmbeddingModelV4, MockLanguageModelV4, simulateReadableStream } from 'ai/test';
import { z } from 'zod';
import { aiSdkTelemetry } from '../../../src/sdk/integration/ai-sdk.ts';
import { brief, type Ground, openGround } from './ground.ts';

let ground: Ground;
before(async () => {
  ground = await openGround();
});
after(() => ground.close());

type Answer = Awaited<ReturnType<MockLanguageModelV4['doGenerate']>>;
type Streamed = Awaited<ReturnType<MockLanguageModelV4['doStream']>>;
type Part = Streamed['stream'] extends ReadableStream<infer P> ? P : never;
const usage = {
  inputTokens: { total: 10, noCache: 10, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 5, text: 5, reasoning: 0 },
};

function says(text: string): Answer {
  const finishReason = { unified: 'stop', raw: 'stop' } as const;
  return { content: [{ type: 'text', text }], finishReason, usage, warnings: [] };
}

function calls(...asked: readonly (readonly [string, string, unknown])[]): Answer {
  return {
    content: asked.map(([toolCallId, toolName, input]) => ({
      type: 'tool-call',
      toolCallId,
      toolName,
      input: JSON.stringify(input),
    })),
    finishReason: { unified: 'tool-calls', raw: 'tool_calls' },
    usage,
    warnings: [],
  };
}

const model = (...doGenerate: Answer[]) =>
  new MockLanguageModelV4({ modelId: 'mock-1', doGenerate });
const weather = tool({
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => ({ city, t: 20 }),
});
const boom = tool({
  inputSchema: z.object({}),
  execute: async (): Promise<string> => {
    throw new Error('kaput');
  },
});

test('steps, parallel tools, one that throws and one that is unknown: each a row', async () => {
  const telemetry = { integrations: aiSdkTelemetry(ground.claw, { session: 'ai-1' }) };
  const result = await generateText({
    model: model(
      calls(['c1', 'weather', { city: 'Paris' }], ['c2', 'weather', { city: 'Rome' }]),
      calls(['c3', 'boom', {}]),
      calls(['c4', 'nope', {}]),
      says('It is warm.'),
    ),
    tools: { weather, boom },
    stopWhen: isStepCount(9),
    prompt: 'How is the weather?',
    telemetry,
  });
  assert.equal(result.text, 'It is warm.');
  const rows = await ground.rows('ai-1');
  assert.deepEqual(rows.filter(({ type }) => type !== 'api_call').map(brief), [
    'prompt How is the weather?',
    'tool_call weather success #c1',
    'tool_call weather success #c2',
    'tool_call boom error #c3',
    'tool_call nope error #c4',
    'output It is warm.',
  ]);
  const [first] = rows.filter(({ tool }) => tool === 'weather');
  assert.deepEqual(first?.arguments, { city: 'Paris' });
  assert.deepEqual(first?.result, { city: 'Paris', t: 20 });
  assert.equal(first?.facts.length, 2);
  assert.equal(rows.find(({ tool }) => tool === 'boom')?.error?.message, 'kaput');
  const models = rows.filter(({ type }) => type === 'api_call');
  assert.equal(models.length, 4);
  assert.deepEqual(
    rows.map(({ tokens }) => tokens).filter(Boolean),
    Array.from({ length: 4 }, () => ({ input: 10, output: 5 })),
    'the tokens of each call of the model stand once',
  );
  for (const row of rows) {
    assert.equal(row.source?.kind, 'sdk');
    assert.equal(row.agent?.runtime, 'ai-sdk');
    assert.match(row.source?.version ?? '', /^7\./);
  }
  assert.equal(new Set(rows.map(({ turn_id }) => turn_id)).size, 1);
});

test('a stream gives the same rows, and its chunks pass unchanged', async () => {
  const chunks: Part[] = [
    { type: 'stream-start', warnings: [] },
    { type: 'text-start', id: '1' },
    { type: 'text-delta', id: '1', delta: 'Hello, ' },
    { type: 'text-delta', id: '1', delta: 'world' },
    { type: 'text-end', id: '1' },
    { type: 'finish', finishReason: { unified: 'stop', raw: 'stop' }, usage },
  ];
  const streamed = streamText({
    model: new MockLanguageModelV4({
      modelId: 'mock-1',
      doStream: async () => ({ stream: simulateReadableStream({ chunks }) }),
    }),
    prompt: 'Greet',
    telemetry: { integrations: aiSdkTelemetry(ground.claw, { session: 'ai-2' }) },
  });
  const seen: string[] = [];
  for await (const text of streamed.textStream) seen.push(text);
  assert.deepEqual(seen, ['Hello, ', 'world']);
  assert.deepEqual((await ground.rows('ai-2')).map(brief), [
    'prompt Greet',
    'api_call success',
    'output Hello, world',
  ]);
});

test('a run without a session has its own: it begins, it ends, and a failure says why', async () => {
  const telemetry = { functionId: 'demo', integrations: aiSdkTelemetry(ground.claw) };
  const before = await ground.sessions();
  await generateText({ model: model(says('ok')), prompt: 'one', telemetry });
  const failing = new MockLanguageModelV4({
    modelId: 'mock-1',
    doGenerate: async () => {
      throw new TypeError('no route');
    },
  });
  await assert.rejects(
    generateText({ model: failing, prompt: 'two', maxRetries: 0, telemetry }),
    /no route/,
  );
  const [first, second] = (await ground.sessions()).filter((id) => !before.includes(id));
  const rows = await ground.rows(first ?? '');
  assert.deepEqual(rows.map(brief), [
    'session start pending',
    'prompt one',
    'api_call success',
    'output ok',
    'session end success',
  ]);
  assert.equal(rows[0]?.agent?.name, 'demo');
  assert.deepEqual((await ground.rows(second ?? '')).map(brief), [
    'session start pending',
    'prompt two',
    'api_call error',
    'session end error',
  ]);
});

test('an approval is asked for, given or refused, and joins the call in its session', async () => {
  const danger = tool({
    inputSchema: z.object({ x: z.string() }),
    needsApproval: true,
    execute: async ({ x }) => `did ${x}`,
  });
  const telemetry = { integrations: aiSdkTelemetry(ground.claw) };
  const before = await ground.sessions();
  const messages: ModelMessage[] = [{ role: 'user', content: 'do both' }];
  const asked = await generateText({
    model: model(calls(['a1', 'danger', { x: '1' }], ['a2', 'danger', { x: '2' }])),
    tools: { danger },
    messages,
    telemetry,
  });
  messages.push(...asked.responseMessages);
  const requests = asked.content.filter((part) => part.type === 'tool-approval-request');
  assert.equal(requests.length, 2);
  messages.push({
    role: 'tool',
    content: requests.map(({ approvalId, toolCall }) => ({
      type: 'tool-approval-response',
      approvalId,
      approved: toolCall.toolCallId === 'a1',
      reason: 'as the user said',
    })),
  });
  const done = await generateText({
    model: model(says('did one')),
    tools: { danger },
    messages,
    telemetry,
  });
  assert.equal(done.text, 'did one');
  const [session_id] = (await ground.sessions()).filter((id) => !before.includes(id));
  const rows = await ground.rows(session_id ?? '');
  const told = rows.filter(({ type }) => type !== 'api_call').map(brief);
  assert.deepEqual(
    told.filter((line) => line.includes('#a')),
    ['tool_call danger success #a1 permit by human', 'tool_call danger blocked #a2 deny by human'],
  );
});

test('what a tool generates itself is a sub-agent, below the call that started it', async () => {
  const telemetry = { integrations: aiSdkTelemetry(ground.claw, { session: 'ai-5' }) };
  const research = tool({
    inputSchema: z.object({ about: z.string() }),
    execute: async ({ about }) => {
      const inner = await generateText({
        model: model(calls(['i1', 'weather', { city: about }]), says('warm')),
        tools: { weather },
        stopWhen: isStepCount(3),
        prompt: `Find ${about}`,
        telemetry,
      });
      return inner.text;
    },
  });
  await generateText({
    model: model(calls(['o1', 'research', { about: 'Paris' }]), says('done')),
    tools: { research },
    stopWhen: isStepCount(3),
    prompt: 'Go',
    telemetry,
  });
  const rows = await ground.rows('ai-5');
  const inner = rows.filter(({ session_id }) => session_id !== 'ai-5');
  assert.ok(inner.every(({ session_id }) => session_id.startsWith('ai-5:call-')));
  assert.ok(inner.every(({ parent_session_id }) => parent_session_id === 'ai-5'));
  assert.deepEqual(inner.filter(({ type }) => type !== 'api_call').map(brief), [
    'session start pending',
    'prompt Find Paris',
    'tool_call weather success #i1',
    'output warm',
    'session end success',
  ]);
});

test('an aborted run leaves its call unknown', async () => {
  const abort = new AbortController();
  const slow = tool({
    inputSchema: z.object({}),
    execute: (_input, { abortSignal }) =>
      new Promise<string>((_, reject) => {
        abortSignal?.addEventListener('abort', () => reject(new Error('aborted')));
        setTimeout(() => abort.abort(), 10);
      }),
  });
  const run = generateText({
    model: model(calls(['s1', 'slow', {}]), says('never')),
    tools: { slow },
    stopWhen: isStepCount(3),
    prompt: 'Wait',
    abortSignal: abort.signal,
    telemetry: { integrations: aiSdkTelemetry(ground.claw, { session: 'ai-6' }) },
  });
  await assert.rejects(run);
  const rows = await ground.rows('ai-6');
  const call = rows.find(({ call_id }) => call_id === 's1');
  assert.ok(call?.status === 'error' || call?.status === 'unknown', brief(call ?? {}));
  assert.equal(rows.at(-1)?.type, 'session');
  assert.equal(rows.at(-1)?.status, 'error');
});

test('an embedding is one call of a model, and no prompt', async () => {
  await embed({
    model: new MockEmbeddingModelV4({
      modelId: 'embed-1',
      doEmbed: async () => ({ embeddings: [[1, 2]], usage: { tokens: 7 }, warnings: [] }),
    }),
    value: 'text',
    telemetry: { integrations: aiSdkTelemetry(ground.claw, { session: 'ai-7' }) },
  });
  const rows = await ground.rows('ai-7');
  assert.deepEqual(rows.map(brief), ['api_call success']);
  assert.deepEqual([rows[0]?.model, rows[0]?.tokens], ['embed-1', { total: 7 }]);
});

test('records that cannot be read never reach the agent; they become gaps', async () => {
  const telemetry = aiSdkTelemetry(ground.claw, { session: 'ai-8' });
  const hostile = new Proxy({}, { get: () => assert.fail('unreadable') });
  telemetry.onStart(hostile);
  telemetry.onStart({ callId: 'x', operationId: 'ai.generateText', messages: [hostile] });
  telemetry.onStart({ callId: 'y', operationId: 'ai.generateText' });
  telemetry.onToolExecutionEnd({ callId: 'y', toolOutput: hostile });
  await ground.claw.flush();
  const { events } = await ground.claw.search({ query: 'type:gap' });
  assert.equal(events.length, 3);
  assert.ok(events.every(({ detail }) => detail?.includes('ai-sdk')));
});
