/** LangChain.js, the real core package with its own fake models, and a real server. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AIMessage, HumanMessage, ToolMessage } from '@langchain/core/messages';
import { BaseRetriever } from '@langchain/core/retrievers';
import { RunnableLambda, RunnableSequence } from '@langchain/core/runnables';
import { tool } from '@langchain/core/tools';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import { z } from 'zod';
import { langchainHandler } from '../../../src/sdk/integration/langchain.ts';
import { brief, type Ground, openGround } from './ground.ts';

let ground: Ground;
before(async () => {
  ground = await openGround();
});
after(() => ground.close());

const weather = tool(async ({ city }) => `${city} 20C`, {
  name: 'weather',
  description: 'w',
  schema: z.object({ city: z.string() }),
});
const boom = tool(
  async () => {
    throw new TypeError('kaput');
  },
  { name: 'boom', description: 'b', schema: z.object({}) },
);

/** A model that asks for these calls, as a chat model of a provider would. */
function asking(message: AIMessage) {
  const model = new FakeListChatModel({ responses: [''] });
  model._generate = async () => ({ generations: [{ text: '', message }] });
  return model;
}

const told = async (session: string) => (await ground.rows(session)).map(brief);

test('a sequence: the prompt, the model with its words, tools in parallel, and one that throws', async () => {
  const message = new AIMessage({
    content: '',
    tool_calls: [
      { id: 'c1', name: 'weather', args: { city: 'Paris' }, type: 'tool_call' },
      { id: 'c2', name: 'weather', args: { city: 'Rome' }, type: 'tool_call' },
    ],
    response_metadata: { model_name: 'fake-1' },
  });
  Object.assign(message, {
    usage_metadata: { input_tokens: 10, output_tokens: 5, total_tokens: 15 },
  });
  const act = RunnableLambda.from(async (asked: AIMessage, config) => {
    const calls = asked.tool_calls ?? [];
    const answers = await Promise.all(
      calls.map((call) => weather.invoke({ ...call, type: 'tool_call' }, config)),
    );
    await assert.rejects(
      boom.invoke({ id: 'c3', name: 'boom', args: {}, type: 'tool_call' }, config),
    );
    return answers;
  });
  const model = new FakeListChatModel({ responses: ['It is warm.'] });
  const chain = RunnableSequence.from([
    (input: { input: string }) => [new HumanMessage(input.input)],
    asking(message),
    act,
    (answers: ToolMessage[]) => answers.map(({ content }) => String(content)).join(),
    model,
  ]);
  const handler = langchainHandler(ground.claw, { session: 'lc-1' });
  const result = await chain.invoke({ input: 'How is the weather?' }, { callbacks: [handler] });
  assert.equal(result.content, 'It is warm.');
  assert.deepEqual(await told('lc-1'), [
    'prompt How is the weather?',
    'api_call success',
    'tool_call weather success #c1',
    'tool_call weather success #c2',
    'tool_call boom error #c3',
    'api_call success',
    'output It is warm.',
  ]);
  const rows = await ground.rows('lc-1');
  const first = rows.find(({ call_id }) => call_id === 'c1');
  assert.deepEqual([first?.arguments, first?.result], [{ city: 'Paris' }, 'Paris 20C']);
  assert.equal(rows.find(({ tool }) => tool === 'boom')?.error?.message, 'kaput');
  const [asked] = rows.filter(({ type }) => type === 'api_call');
  assert.deepEqual([asked?.model, asked?.tokens], ['fake-1', { input: 10, output: 5 }]);
  for (const row of rows) {
    assert.deepEqual(row.agent?.runtime, 'langchain');
    assert.equal(row.source?.kind, 'sdk');
  }
});

test('a run is recorded in the thread of its metadata, begins, ends, and a failure says why', async () => {
  const callbacks = [langchainHandler(ground.claw)];
  const ok = RunnableLambda.from((text: string) => text.length);
  assert.equal(await ok.invoke('four', { callbacks, metadata: { thread_id: 'lc-t1' } }), 4);
  assert.deepEqual(await told('lc-t1'), [
    'session start pending',
    'prompt four',
    'session end success',
  ]);
  const bad = RunnableLambda.from(() => {
    throw new RangeError('too far');
  });
  await assert.rejects(bad.invoke('x', { callbacks, metadata: { thread_id: 'lc-t2' } }), /too far/);
  const rows = await ground.rows('lc-t2');
  assert.equal(rows.at(-1)?.status, 'error');
  assert.deepEqual(rows.at(-1)?.error, { code: 'RangeError', message: 'too far' });
});

test('a stream gives the same rows, and its chunks pass unchanged', async () => {
  const model = new FakeListChatModel({ responses: ['abc'] });
  const callbacks = [langchainHandler(ground.claw, { session: 'lc-3' })];
  const chunks: string[] = [];
  for await (const chunk of await model.stream('Spell', { callbacks }))
    chunks.push(String(chunk.content));
  assert.deepEqual(chunks.filter(Boolean), ['a', 'b', 'c']);
  assert.deepEqual(await told('lc-3'), ['prompt Spell', 'api_call success', 'output abc']);
});

test('a model that fails is an api_call that failed', async () => {
  const model = new FakeListChatModel({ responses: ['x'] });
  model._generate = async () => {
    throw new Error('quota');
  };
  const callbacks = [langchainHandler(ground.claw, { session: 'lc-4' })];
  await assert.rejects(model.invoke('Hello', { callbacks }), /quota/);
  const rows = await ground.rows('lc-4');
  assert.equal(rows.find(({ type }) => type === 'api_call')?.status, 'error');
});

test('a tool that runs a model itself is a sub-agent', async () => {
  const inner = new FakeListChatModel({ responses: ['inner words'] });
  const expert = tool(
    async ({ about }, config) => (await inner.invoke(about, config)).content as string,
    { name: 'expert', description: 'e', schema: z.object({ about: z.string() }) },
  );
  const callbacks = [langchainHandler(ground.claw, { session: 'lc-5' })];
  const call = { id: 'e1', name: 'expert', args: { about: 'rain' }, type: 'tool_call' } as const;
  const answer = await expert.invoke(call, { callbacks });
  assert.ok(answer instanceof ToolMessage);
  const rows = await ground.rows('lc-5');
  const own = rows.filter(({ session_id }) => session_id === 'lc-5');
  const part = rows.filter(({ session_id }) => session_id === 'lc-5:e1');
  assert.deepEqual(own.map(brief), ['tool_call expert success #e1']);
  assert.deepEqual(part.map(brief), [
    'session start pending',
    'api_call success',
    'output inner words',
    'session end success',
  ]);
});

test('a tool message that says it failed, and a retriever', async () => {
  const polite = tool(
    async (_input, config) =>
      new ToolMessage({ status: 'error', content: 'sorry', tool_call_id: config.toolCall.id }),
    { name: 'polite', description: 'p', schema: z.object({}) },
  );
  const callbacks = [langchainHandler(ground.claw, { session: 'lc-6' })];
  await polite.invoke({ id: 'p1', name: 'polite', args: {}, type: 'tool_call' }, { callbacks });
  const retriever = new (class extends BaseRetriever {
    lc_namespace = ['test'];
    override async _getRelevantDocuments(query: string) {
      return [{ pageContent: `about ${query}`, metadata: {} }];
    }
  })();
  await retriever.invoke('rain', { callbacks });
  const rows = await ground.rows('lc-6');
  assert.equal(rows[0]?.status, 'error');
  assert.deepEqual(
    [rows[1]?.action, rows[1]?.arguments, rows[1]?.status],
    ['query', { query: 'rain' }, 'success'],
  );
});

test('a graph that stops to ask is an approval asked for, and the call stays open', async () => {
  const handler = langchainHandler(ground.claw, { session: 'lc-7' });
  handler.handleToolStart({}, '{"x":1}', 'r1', undefined, [], {}, 'pay', 'g1');
  const interrupt = Object.assign(new Error('[]'), {
    is_bubble_up: true,
    interrupts: [{ value: 'Pay?' }],
  });
  handler.handleToolError(interrupt, 'r1');
  assert.deepEqual(await told('lc-7'), ['tool_call pay escalated #g1 escalate by config']);
});

test('records that cannot be read never reach the agent; they become gaps', async () => {
  const handler = langchainHandler(ground.claw, { session: 'lc-8' });
  const hostile = new Proxy({}, { get: () => assert.fail('unreadable') });
  handler.handleChainStart(hostile, hostile, 'r', undefined, hostile, hostile);
  handler.handleLLMEnd(hostile, hostile);
  await ground.claw.flush();
  const { events } = await ground.claw.search({ query: 'type:gap' });
  assert.equal(events.length, 2);
});
