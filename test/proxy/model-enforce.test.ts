import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { after, before, suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import type { Gate } from '../../src/proxy/gate.ts';
import { startModelProxy } from '../../src/proxy/model.ts';
import { readUpstreams } from '../../src/proxy/upstream.ts';
import { type Governed, openGoverned } from './govern-rig.ts';
import {
  anthropicStream,
  anthropicWhole,
  chatStream,
  chatWhole,
  geminiStream,
  geminiWhole,
  responsesStream,
  responsesWhole,
  type Said,
} from './strip-rig.ts';
import { type Play, startUpstream } from './upstream.ts';

let governed: Governed;
const closing: (() => Promise<unknown>)[] = [];
before(async () => {
  governed = await openGoverned();
});
after(async () => {
  for (const close of closing.reverse()) await close();
  await governed.close();
});

async function through(play: Play, gate: Gate | undefined, session_id?: string) {
  const upstream = await startUpstream(play);
  const { url } = upstream;
  const proxy = await startModelProxy({
    port: 0,
    upstreams: readUpstreams({ anthropic: url, openai: url, gemini: url }),
    record: governed.claw.record,
    session_id,
    gate,
  });
  closing.push(upstream.close, () => proxy.close(0));
  return { upstream, proxy };
}

/** What the model says: something, one call that may be, and one that may not. */
const saying = (name: string): readonly Said[] => [
  { text: 'I will look.' },
  { id: `${name}_ok`, tool: 'read_file', input: { path: '/work/a' } },
  { id: `${name}_bad`, tool: 'run', input: { command: 'forbidden' } },
];

const JSON_TYPE = { 'content-type': 'application/json' };
const SSE_TYPE = { 'content-type': 'text/event-stream' };
const answers =
  (whole: object, stream: string): Play =>
  (_, response, { body, url }) => {
    const streamed = body.includes('"stream":true') || url.includes('streamGenerate');
    response.writeHead(200, streamed ? SSE_TYPE : JSON_TYPE);
    response.end(streamed ? stream : JSON.stringify(whole));
  };

const REFUSED = /Claw refused this call of run.*It says forbidden/s;

suite("the vendors' own clients, enforced", () => {
  for (const streamed of [true, false]) {
    const how = streamed ? 'streamed' : 'whole';
    test(`Anthropic's gets what is permitted, and reads what was refused: ${how}`, async () => {
      const said = saying(`a${how}`);
      const play = answers(anthropicWhole(said), anthropicStream(said));
      const { proxy } = await through(play, governed.gate(), `claude-${how}`);
      const client = new Anthropic({ baseURL: proxy.url, apiKey: 'sk-ant-x', maxRetries: 0 });
      const asked = {
        model: 'm',
        max_tokens: 9,
        messages: [{ role: 'user' as const, content: 'hi' }],
      };
      const message = streamed
        ? await client.messages.stream(asked).finalMessage()
        : await client.messages.create(asked);
      const [first, call, refused] = message.content;
      assert.equal(first?.type === 'text' && first.text, 'I will look.');
      assert.equal(call?.type === 'tool_use' && call.id, `a${how}_ok`);
      assert.match(refused?.type === 'text' ? refused.text : '', REFUSED);
      assert.equal(message.stop_reason, 'tool_use');
      await told(`claude-${how}`, `a${how}`);
    });

    test(`OpenAI's chat gets what is permitted, and reads what was refused: ${how}`, async () => {
      const said = saying(`c${how}`);
      const { proxy } = await through(
        answers(chatWhole(said), chatStream(said)),
        governed.gate(),
        `chat-${how}`,
      );
      const { chat } = new OpenAI({
        baseURL: `${proxy.url}/v1`,
        apiKey: 'sk-proj-x',
        maxRetries: 0,
      });
      const asked = { model: 'm', messages: [{ role: 'user' as const, content: 'hi' }] };
      const done = streamed
        ? await chat.completions.stream(asked).finalChatCompletion()
        : await chat.completions.create(asked);
      const [choice] = done.choices;
      assert.deepEqual(
        choice?.message.tool_calls?.map(({ id }) => id),
        [`c${how}_ok`],
      );
      assert.match(choice?.message.content ?? '', REFUSED);
      assert.equal(choice?.finish_reason, 'tool_calls');
      await told(`chat-${how}`, `c${how}`);
    });

    test(`OpenAI's responses get what is permitted: ${how}`, async () => {
      const said = saying(`r${how}`);
      const { proxy } = await through(
        answers(responsesWhole(said), responsesStream(said)),
        governed.gate(),
        `responses-${how}`,
      );
      const { responses } = new OpenAI({ baseURL: `${proxy.url}/v1`, apiKey: 'sk-proj-x' });
      const asked = { model: 'm', input: 'hi' };
      const done = streamed
        ? await responses.stream(asked).finalResponse()
        : await responses.create(asked);
      assert.deepEqual(
        done.output.map(({ type }) => type),
        ['message', 'function_call', 'message'],
      );
      assert.match(done.output_text, REFUSED);
      await told(`responses-${how}`, `r${how}`);
    });

    test(`Gemini's gets what is permitted: ${how}`, async () => {
      const said = saying(`g${how}`);
      const { proxy } = await through(
        answers(geminiWhole(said), geminiStream(said)),
        governed.gate(),
        `gemini-${how}`,
      );
      const method = streamed ? 'streamGenerateContent?alt=sse' : 'generateContent';
      const url = `${proxy.url}/v1beta/models/gemini-x:${method}`;
      const body = JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'hi' }] }] });
      const headers = { 'x-goog-api-key': 'AIza' };
      const text = await (await fetch(url, { method: 'POST', headers, body })).text();
      assert.match(text, REFUSED);
      assert.ok(text.includes(`g${how}_ok`) && !text.includes(`g${how}_bad`));
      await told(`gemini-${how}`, `g${how}`);
    });
  }

  /** Both calls are in the trail as the model asked for them, and one as blocked. */
  async function told(session: string, name: string): Promise<void> {
    const rows = await governed.rows(`session:${session} type:tool_call`, 2);
    const states = rows.map(({ call_id, status }) => `${call_id} ${status}`).sort();
    assert.deepEqual(states, [`${name}_bad blocked`, `${name}_ok pending`]);
    const blocked = rows.find(({ status }) => status === 'blocked');
    assert.deepEqual(blocked?.arguments, { command: 'forbidden' });
    assert.equal(blocked?.decision?.policy_ids?.[0], 'no-forbidden');
    const decisions = await governed.rows(`session:${session} type:decision`, 2);
    assert.deepEqual(decisions.map(({ decision }) => decision?.outcome).sort(), ['deny', 'permit']);
  }
});

const SENT = JSON.stringify({ stream: true, messages: [{ role: 'user', content: 'hi' }] });
const HEADERS = { 'x-api-key': 'sk-ant-x', 'content-type': 'application/json' };
const ask = (url: string, more: RequestInit = {}) =>
  fetch(`${url}/v1/messages`, { method: 'POST', headers: HEADERS, body: SENT, ...more });

suite('the model proxy, enforced', () => {
  test('lets text flow while a call waits for its approval, and then lets it pass', async () => {
    const said: Said[] = [
      { text: 'Words.' },
      { id: 'toolu_wait', tool: 'run', input: { command: 'risky 1' } },
    ];
    const stream = anthropicStream(said);
    const { proxy } = await through(
      (_, response) => response.writeHead(200, SSE_TYPE).end(stream),
      governed.gate('enforce', 60),
      's-wait',
    );
    const { body } = await ask(proxy.url);
    const reader = body?.getReader();
    let got = '';
    while (!got.includes('Words.')) {
      got += Buffer.from((await reader?.read())?.value ?? []).toString();
    }
    assert.ok(!got.includes('toolu_wait'));
    await governed.vote('approve');
    for (;;) {
      const { value, done } = (await reader?.read()) ?? { done: true };
      if (done) break;
      got += Buffer.from(value ?? []).toString();
    }
    assert.equal(got, stream);
  });

  test('asks once for the call that a hook asks for: the decision is the same', async () => {
    const said: Said[] = [{ id: 'toolu_same', tool: 'Bash', input: { command: 'ls' } }];
    const { proxy } = await through(
      (_, response) => response.end(JSON.stringify(anthropicWhole(said))),
      governed.gate(),
      's-same',
    );
    const agent = 'claude-cli/2.1.330 (external, cli)';
    const more = { headers: { ...HEADERS, 'user-agent': agent } };
    await (await ask(proxy.url, more)).text();
    const body = {
      ...{ session_id: 's-same', call_id: 'toolu_same', tool: 'Bash' },
      ...{ arguments: { command: 'ls' }, agent: { runtime: 'claude-code' } },
    };
    await governed.send('/v1/actions/validate', { token: governed.recorder, body });
    const decisions = await governed.rows('session:s-same type:decision');
    assert.equal(decisions.length, 1);
  });

  test('asks for plain bytes, unpacks what comes packed all the same, and passes no WebSocket', async () => {
    const said = saying('packed');
    const { proxy, upstream } = await through((_, response) => {
      response.writeHead(200, { ...SSE_TYPE, 'content-encoding': 'gzip' });
      response.end(gzipSync(anthropicStream(said)));
    }, governed.gate());
    const text = await (await ask(proxy.url)).text();
    assert.match(text, REFUSED);
    assert.ok(text.includes('packed_ok') && !text.includes('packed_bad'));
    const sent = upstream.asked[0]?.headers ?? [];
    assert.equal(sent[sent.indexOf('Accept-Encoding') + 1], 'identity');
    const { hostname, port } = new URL(proxy.url);
    const headers = {
      upgrade: 'websocket',
      connection: 'upgrade',
      authorization: 'Bearer sk-proj-',
    };
    const status = await new Promise((resolve, reject) => {
      const request = httpRequest({ hostname, port, path: '/v1/responses', headers });
      request.on('response', (response) => resolve(response.statusCode));
      request.on('error', reject).end();
    });
    assert.equal(status, 426);
    const slash = await fetch(`${proxy.url}/v1/messages//`, {
      ...{ method: 'POST', headers: HEADERS, body: SENT },
    });
    assert.ok(!(await slash.text()).includes('packed_bad'));
    const later = await fetch(`${proxy.url}/v1/responses/resp_1`, {
      headers: { authorization: 'Bearer sk-proj-1' },
    });
    assert.equal(later.status, 403);
    assert.equal(upstream.asked.length, 2);
  });

  test('gives no call away when Claw is away, and all of it when it only observes', async () => {
    const said = saying('away');
    const stream = anthropicStream(said);
    const play: Play = (_, response) => response.writeHead(200, SSE_TYPE).end(stream);
    const away = 'http://127.0.0.1:1';
    const enforced = await through(play, governed.gate('enforce', 0, away));
    const text = await (await ask(enforced.proxy.url)).text();
    assert.ok(!text.includes('tool_use'));
    assert.match(text, /nothing passes without a decision/);
    assert.match(text, /"stop_reason":"end_turn"/);
    const observed = await through(play, governed.gate('observe', 0, away));
    assert.equal(await (await ask(observed.proxy.url)).text(), stream);
  });

  test('observing passes every byte, and records what would have been decided', async () => {
    const said = saying('observed');
    const body = JSON.stringify(anthropicWhole(said));
    const play: Play = (_, response) => response.writeHead(200, JSON_TYPE).end(body);
    const { proxy } = await through(play, governed.gate('observe'), 's-observed');
    assert.equal(await (await ask(proxy.url)).text(), body);
    const decisions = await governed.rows('session:s-observed type:decision', 2);
    const deny = decisions.find(({ decision }) => decision?.outcome === 'deny');
    assert.equal(deny?.status, 'unknown');
  });

  test('passes errors and other answers of the vendor as they are', async () => {
    const error = '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}';
    const { proxy } = await through(
      (_, response) => response.writeHead(529, JSON_TYPE).end(error),
      governed.gate(),
    );
    const answer = await ask(proxy.url);
    assert.deepEqual([answer.status, await answer.text()], [529, error]);
  });

  test('ends a stream that it cannot read with an error that the client throws', async () => {
    const { proxy } = await through((_, response) => {
      response.writeHead(200, SSE_TYPE);
      response.write(anthropicStream(saying('torn')).slice(0, 700));
      response.end('\n\ndata: {"torn\n\n');
    }, governed.gate());
    const client = new Anthropic({ baseURL: proxy.url, apiKey: 'sk-ant-x', maxRetries: 0 });
    const asked = { model: 'm', max_tokens: 9, messages: [] };
    await assert.rejects(client.messages.stream(asked).finalMessage(), /nobody could decide/);
  });

  test('a client that leaves while a call waits is waited for no more', async () => {
    const said: Said[] = [{ id: 'toolu_left', tool: 'run', input: { command: 'risky 2' } }];
    const { proxy } = await through(
      (_, response) => response.writeHead(200, SSE_TYPE).end(anthropicStream(said)),
      governed.gate('enforce', 600),
      's-left',
    );
    const gone = new AbortController();
    const { body } = await ask(proxy.url, { signal: gone.signal });
    const reading = body?.getReader().read();
    await governed.rows('session:s-left type:approval');
    gone.abort();
    await reading?.catch(() => {});
    await proxy.close(1000);
    const [call] = await governed.rows('session:s-left type:api_call');
    assert.equal(call?.error?.code, 'client_aborted');
    await governed.vote('deny');
  });
});
