/** Every snippet of docs/reference/sdk.md runs, and what it does is in the trail. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import { brief, type Ground, openGround } from './ground.ts';
import { speech, startResponses } from './responses.ts';

const root = join(import.meta.dirname, '../../..');
const run = promisify(execFile);
const page = readFileSync(join(root, 'docs/reference/sdk.md'), 'utf8');
const snippets = [...page.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code ?? '');

/** What a snippet leaves to its reader, by what it imports. */
const GIVEN: Readonly<Record<string, string>> = {
  'claw/ai-sdk': `
    import { MockLanguageModelV4 } from 'ai/test';
    const usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } };
    const model = new MockLanguageModelV4({ doGenerate: {
      content: [{ type: 'text', text: 'Warm.' }],
      finishReason: { unified: 'stop', raw: 'stop' }, usage, warnings: [],
    } });`,
  'claw/langchain': `
    import { RunnableLambda } from '@langchain/core/runnables';
    const chain = RunnableLambda.from(({ input }) => input);`,
  'claw/mcp': 'const plainClient = { callTool: async () => ({ content: [] }) };',
  'claw/fetch': "const api = process.env['API'];",
  'claw/fs': "const path = process.env['FILE'];",
};

/** The Claude Agent SDK is not installed here: this stands where the snippet imports it. */
const QUERY = `export async function* query({ prompt, options }) {
  const base = { session_id: 'claude-1' };
  const fire = (name, more) =>
    options.hooks[name][0].hooks[0]({ ...base, hook_event_name: name, ...more }, 't1', {});
  await fire('UserPromptSubmit', { prompt });
  await fire('PreToolUse', { tool_name: 'Bash', tool_input: { command: 'ls' }, tool_use_id: 't1' });
  await options.canUseTool('Bash', { command: 'ls' }, { toolUseID: 't1' });
  await fire('PostToolUse', { tool_name: 'Bash', tool_response: 'a', tool_use_id: 't1' });
  yield { ...base, type: 'result', subtype: 'success' };
}`;

const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  claw: ['prompt Write to the vendor', 'tool_call send_email success', 'output Done.'],
  'claw/ai-sdk': ['prompt How is the weather?', 'api_call success', 'output Warm.'],
  'claw/openai-agents': ['prompt Hello', 'api_call success', 'output Hi.'],
  'claw/langchain': ['prompt Hello', 'session end success'],
  'claw/claude-agent-sdk': ['prompt Go', 'tool_call Bash success permit by human'],
  'claw/mcp': ['tool_call mcp__files__echo success'],
  'claw/fetch': ['api_call success'],
  'claw/fs': ['file_operation write success'],
};

suite('the reference of the SDK', () => {
  let ground: Ground;
  let model: Awaited<ReturnType<typeof startResponses>>;
  const api = createServer((_request, response) => response.end('{}'));
  // Inside of the repository, so that the libraries are found.
  const folder = mkdtempSync(join(root, 'test/sdk/.snippet-'));
  before(async () => {
    model = await startResponses([[speech('Hi.')]]);
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  });
  after(async () => {
    await model.close();
    api.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('has a snippet for every entry of the package', () => {
    const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const entries = Object.keys(exports).filter((entry) => entry !== './package.json');
    const named = entries.map((entry) => entry.replace('.', 'claw'));
    assert.deepEqual(named.sort(), Object.keys(EXPECTED).sort());
    assert.deepEqual(snippets.map(entryOf).sort(), named.sort());
  });

  for (const code of snippets) {
    const entry = entryOf(code);
    test(`${entry}: the snippet runs`, async () => {
      ground = await openGround();
      const file = join(folder, `${entry.replace('/', '-')}.ts`);
      writeFileSync(join(folder, 'query.ts'), QUERY);
      writeFileSync(file, `${GIVEN[entry] ?? ''}\n${resolved(code)}`);
      const { port } = api.address() as AddressInfo;
      await run(process.execPath, [file], {
        env: {
          PATH: process.env['PATH'],
          HOME: ground.spool,
          CLAW_URL: ground.url,
          CLAW_TOKEN: ground.token,
          OPENAI_BASE_URL: model.url,
          OPENAI_API_KEY: 'sk-test',
          OPENAI_AGENTS_DISABLE_TRACING: '0',
          API: `http://127.0.0.1:${port}`,
          FILE: join(ground.spool, 'hello.txt'),
        },
        timeout: 50_000,
      });
      const { events } = await ground.claw.search({ limit: 1000, order: 'oldest' });
      const told = events.map((row) => brief({ ...row, call_id: undefined }));
      for (const line of EXPECTED[entry] ?? []) assert.ok(told.includes(line), told.join('\n'));
      await ground.close();
    });
  }
});

function entryOf(code: string): string {
  return /'(claw\/[\w-]+)'/.exec(code)?.[1] ?? 'claw';
}

/** The package's names as the files that they are built from. */
function resolved(code: string): string {
  return (
    code
      .replace("'@anthropic-ai/claude-agent-sdk'", "'./query.ts'")
      .replaceAll(/'claw\/([\w-]+)'/g, `'${root}/src/sdk/integration/$1.ts'`)
      .replaceAll("'claw'", `'${root}/src/sdk/sdk.ts'`)
      // Its own exporter would look for OpenAI's servers, which are not here.
      .replaceAll('addTraceProcessor(recorder', 'setTraceProcessors([recorder')
      .replaceAll('.processor);', '.processor]);')
      .replaceAll('addTraceProcessor', 'setTraceProcessors')
  );
}
