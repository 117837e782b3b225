/** Recorded sessions of the real Claude Code, through adapter, door and index, as a timeline. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { claudeCode } from '../../src/adapter/claude-code/claude-code.ts';
import { rememberCalls } from '../../src/adapter/memory.ts';
import type { Row, Trail } from '../../src/trail/trail.ts';
import { ACME, accepted, newPlace } from './place.ts';

const captures = join(import.meta.dirname, '../../../shared/captures/claude-code-2.1.330');
const runs = existsSync(captures)
  ? readdirSync(captures).filter((name) => existsSync(join(captures, name, 'hooks-command.jsonl')))
  : [];
const skip = runs.length > 0 ? false : '../shared/captures is not here';

const place = newPlace();
after(place.clear);

type Hook = { readonly session_id: string; readonly hook_event_name: string };
type Block = { readonly type: string; readonly id?: string };
type Message = { readonly role: string; readonly content: string | readonly Block[] };

suite('the recorded captures', { skip }, () => {
  for (const run of runs) {
    test(`${run}: the timeline holds every prompt, call, result, denial and output`, async () => {
      const trail = await place.open();
      const hooks = lines<Hook>(run, 'hooks-command.jsonl');
      const session_id = hooks[0]?.session_id ?? '';
      await replay(trail, hooks);
      const rows = await whole(trail, session_id);
      const calls = rows.filter(({ type }) => type === 'tool_call');
      assert.deepEqual(new Set(calls.map(({ call_id }) => call_id)), askedByModel(run));
      assert.equal(calls.length, new Set(calls.map(({ call_id }) => call_id)).size);
      assert.ok(calls.every(({ status }) => status !== 'pending'));
      assert.ok(calls.some(({ status }) => status === 'blocked'));
      assert.ok(calls.some(({ status, error }) => status === 'error' && error?.message));
      const count = (name: string) => hooks.filter((hook) => hook.hook_event_name === name).length;
      const of = (type: Row['type']) => rows.filter((row) => row.type === type).length;
      assert.equal(of('prompt'), count('UserPromptSubmit'));
      assert.equal(of('output'), count('Stop') + count('SubagentStop'));
      assert.equal(rows[0]?.type, 'session');
      assert.deepEqual(
        rows.map(({ time }) => time),
        rows.map(({ time }) => time).toSorted(),
      );
      const below = rows.filter(({ parent_session_id }) => parent_session_id === session_id);
      assert.ok(below.some(({ type }) => type === 'tool_call'));
      await trail.close();
    });
  }
});

function lines<T>(run: string, name: string): T[] {
  const text = readFileSync(join(captures, run, name), 'utf8').trim();
  return text.split('\n').map((line) => JSON.parse(line));
}

/** The captures carry no times: each hook a second after the one before it. */
async function replay(trail: Trail, hooks: readonly Hook[]): Promise<void> {
  const calls = rememberCalls(1000);
  let now_ms = Date.now() - hooks.length * 1000;
  for (const hook of hooks) {
    now_ms += 1000;
    const adapted = claudeCode.adapt(hook, { now_ms, calls: calls.of('acme') });
    if ('skipped' in adapted) continue;
    for (const draft of adapted.drafts) calls.note('acme', draft);
    accepted(await trail.ingest(adapted.drafts, ACME));
  }
}

async function whole(trail: Trail, session_id: string): Promise<readonly Row[]> {
  for (;;) {
    const request = { tenant: 'acme', session_id, limit: 1000 };
    const { events, read_to } = await trail.timeline(request);
    if (read_to.complete) return events;
  }
}

function askedByModel(run: string): Set<string> {
  const requests = lines<{ body: { messages?: Message[] } }>(run, 'model-requests.jsonl');
  const blocks = requests
    .flatMap(({ body }) => body.messages ?? [])
    .filter(({ role }) => role === 'assistant')
    .flatMap(({ content }) => (typeof content === 'string' ? [] : content));
  return new Set(blocks.flatMap(({ type, id }) => (type === 'tool_use' && id ? [id] : [])));
}
