import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import fc from 'fast-check';
import OpenAI from 'openai';
import type { Fields, ModelApi } from '../../src/adapter/model/api.ts';
import { apiOf } from '../../src/adapter/model/menu.ts';
import { openSseReader } from '../../src/proxy/sse.ts';
import { stripOf } from '../../src/proxy/strip/menu.ts';
import {
  anthropicStream,
  anthropicWhole,
  type Call,
  chatStream,
  chatWhole,
  cut,
  geminiStream,
  geminiWhole,
  held,
  isCall,
  responsesStream,
  responsesWhole,
  type Said,
} from './strip-rig.ts';

type Form = {
  readonly path: string;
  readonly whole: (said: readonly Said[]) => object;
  readonly stream: (said: readonly Said[], end?: string) => string;
  /** What the vendor's own client makes of these bytes. */
  readonly client?: (body: Buffer, streamed: boolean) => Promise<readonly Call[]>;
};

const answering = (body: Buffer, streamed: boolean) => {
  const type = streamed ? 'text/event-stream' : 'application/json';
  const answer = new Response(new Uint8Array(body), { headers: { 'content-type': type } });
  return { apiKey: 'none', maxRetries: 0, fetch: async () => answer };
};
const inputOf = (text: string) => JSON.parse(text) as Fields;

const FORMS: readonly Form[] = [
  {
    path: '/v1/messages',
    whole: anthropicWhole,
    stream: anthropicStream,
    client: async (body, streamed) => {
      const client = new Anthropic(answering(body, streamed));
      const asked = { model: 'm', max_tokens: 9, messages: [] };
      const message = streamed
        ? await client.messages.stream(asked).finalMessage()
        : await client.messages.create(asked);
      const calls = message.content.filter((block) => block.type === 'tool_use');
      assert.equal(message.stop_reason, calls.length > 0 ? 'tool_use' : 'end_turn');
      return calls.map(({ id, name, input }) => ({ id, tool: name, input: input as Fields }));
    },
  },
  {
    path: '/v1/chat/completions',
    whole: chatWhole,
    stream: chatStream,
    client: async (body, streamed) => {
      const { chat } = new OpenAI(answering(body, streamed));
      const asked = { model: 'm', messages: [] };
      const completion = streamed
        ? await chat.completions.stream(asked).finalChatCompletion()
        : await chat.completions.create(asked);
      const [choice] = completion.choices;
      const calls = choice?.message.tool_calls ?? [];
      assert.equal(choice?.finish_reason, calls.length > 0 ? 'tool_calls' : 'stop');
      return calls.map((call) => {
        assert.ok(call.type === 'function');
        const { name, arguments: text } = call.function;
        return { id: call.id, tool: name, input: inputOf(text) };
      });
    },
  },
  {
    path: '/v1/responses',
    whole: responsesWhole,
    stream: responsesStream,
    client: async (body, streamed) => {
      const { responses } = new OpenAI(answering(body, streamed));
      const answer = streamed
        ? await responses.stream({ model: 'm', input: '' }).finalResponse()
        : await responses.create({ model: 'm', input: '' });
      return answer.output.flatMap((item) =>
        item.type === 'function_call'
          ? [{ id: item.call_id, tool: item.name, input: inputOf(item.arguments) }]
          : [],
      );
    },
  },
  {
    path: '/v1beta/models/gemini-x:streamGenerateContent',
    whole: geminiWhole,
    stream: geminiStream,
  },
];

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
const said = fc.array(
  fc.oneof(
    fc.record({ text }),
    fc.record({
      tool: fc.constantFrom('Bash', 'Write', 'mcp__fs__read'),
      input: fc.dictionary(fc.constantFrom('command', 'path', 'ä'), fc.oneof(text, fc.integer()), {
        noNullPrototype: true,
      }),
      refused: fc.boolean(),
    }),
  ),
  { minLength: 1, maxLength: 6 },
);
const answer = fc.record({
  said,
  places: fc.array(fc.nat(), { maxLength: 30 }),
  end: fc.constantFrom('\n', '\r\n', '\r'),
  streamed: fc.boolean(),
});

const REFUSAL = 'Claw refused this call of';

function apiAt(path: string): ModelApi {
  const api = apiOf('POST', path);
  assert.ok(api);
  return api;
}

/** As the recorder reads it. */
function readBy(api: ModelApi, body: Buffer, streamed: boolean) {
  if (!streamed) return api.answer(JSON.parse(body.toString()));
  const sse = openSseReader(1 << 20);
  const reader = api.stream();
  for (const { data } of [...sse.push(body), ...sse.end()]) {
    if (data !== '[DONE]') reader.push(JSON.parse(data), 0);
  }
  return reader.answer();
}

for (const form of FORMS) {
  const api = apiAt(form.path);
  suite(api.name, () => {
    test('loses what was refused and nothing else, however its bytes are cut', async () => {
      const property = fc.asyncProperty(answer, async ({ said, places, end, streamed }) => {
        const forbidden = new Set<string>();
        const wanted = said.map((one, i): Said => {
          if ('text' in one) return one;
          const id = `call_${i}`;
          if (one.refused) forbidden.add(id);
          return { id, tool: one.tool, input: one.input };
        });
        const bytes = Buffer.from(
          streamed ? form.stream(wanted, end) : JSON.stringify(form.whole(wanted)),
        );
        const got = await held({
          strip: stripOf(api.name),
          chunks: cut(bytes, places),
          streamed,
          decide: async ({ call_id = '' }) => {
            await new Promise(setImmediate);
            return forbidden.has(call_id) ? `${REFUSAL} ${call_id}.` : undefined;
          },
        });
        assert.equal(got.refused, undefined);
        const calls = wanted.filter(isCall);
        assert.deepEqual(
          got.decided.map(({ call_id, tool, arguments: input }) => ({ id: call_id, tool, input })),
          calls,
        );
        if (forbidden.size === 0) assert.deepEqual(got.body, bytes);
        const left = calls.filter(({ id }) => !forbidden.has(id));
        const read = readBy(api, got.body, streamed);
        const seen = read.asked.map((one) => ({
          id: one.call_id,
          tool: one.tool,
          input: one.arguments,
        }));
        assert.deepEqual(seen, left);
        for (const one of wanted) {
          if (!isCall(one)) assert.ok(read.text.includes(one.text));
          else assert.equal(read.text.includes(`${REFUSAL} ${one.id}.`), forbidden.has(one.id));
        }
        assert.equal(read.finished, true);
        if (form.client) assert.deepEqual(await form.client(got.body, streamed), left);
      });
      await fc.assert(property, { numRuns: 150 });
    });

    test('never lets a byte of a request for a tool pass before it is decided', async () => {
      const property = fc.asyncProperty(answer, async ({ said, places, end }) => {
        const wanted = said.map(
          (one, i): Said =>
            'text' in one ? one : { id: `call_${i}`, tool: 'SecretTool', input: one.input },
        );
        let waiting = () => {};
        const asked = new Promise<void>((resolve) => {
          waiting = resolve;
        });
        const bytes = Buffer.from(form.stream(wanted, end));
        const done = held({
          strip: stripOf(api.name),
          chunks: cut(bytes, places),
          streamed: true,
          decide: async () => {
            await asked;
            return 'no';
          },
        });
        waiting();
        const { body } = await done;
        assert.ok(!body.includes('SecretTool'));
      });
      await fc.assert(property, { numRuns: 50 });
    });

    test('that cannot be read is refused in the words of its API, whole and streamed', async () => {
      for (const broken of ['{"a', '[1]', 'data: {"a\n\n', '"text"', 'data: 7\n\n', 'x\0']) {
        for (const streamed of [true, false]) {
          if (streamed && !broken.startsWith('data')) continue;
          const got = await held({
            strip: stripOf(api.name),
            chunks: [Buffer.from(broken)],
            streamed,
            decide: () => undefined,
          });
          assert.match(got.refused ?? '', /nobody could decide/);
          assert.equal(got.status, streamed ? 200 : 502);
          assert.match(got.body.toString(), /"error"/);
          assert.ok(!got.body.includes(broken));
        }
      }
    });

    test('that is cut off within a request for a tool gives none of it', async () => {
      const whole = form.stream([{ text: 'hi' }, { id: 'call_1', tool: 'Bash', input: { a: 1 } }]);
      for (let length = 0; length < whole.length; length++) {
        const chunks = [Buffer.from(whole.slice(0, length))];
        const decided: unknown[] = [];
        const decide = (call: unknown) => {
          decided.push(call);
          return 'no';
        };
        const got = await held({ strip: stripOf(api.name), chunks, streamed: true, decide });
        assert.ok(!got.body.includes('Bash'), got.body.toString());
      }
    });

    test('that holds back more than the limit is refused', async () => {
      const input = { a: 'x'.repeat(5000) };
      const bytes = form.stream([{ id: 'call_1', tool: 'Bash', input }]);
      const got = await held({
        strip: stripOf(api.name),
        chunks: cut(Buffer.from(bytes), [100, 500, 1000, 2000, 4000]),
        streamed: true,
        decide: () => undefined,
        limit_bytes: 3000,
      });
      assert.match(got.refused ?? '', /too long/);
      assert.ok(!got.body.includes('Bash'));
    });
  });
}
