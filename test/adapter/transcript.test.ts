import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { TRANSCRIPT_FORMATS } from '../../src/adapter/transcript/menu.ts';
import type { Event } from '../../src/event/event.ts';
import { wholeOf } from '../../src/event/part.ts';
import { Fault } from '../../src/fault/fault.ts';
import { openEchoes } from '../../src/search/echo.ts';
import { readLines, replayAt, rowsOf } from './replay.ts';
import { eventOf, readAll, readerOf, readFile } from './transcript.ts';

const CAPTURES = new URL('../../../shared/captures/', import.meta.url);
const CLAUDE = 'claude-code-2.1.330/run2-trusted/';
const FULL = `${CLAUDE}transcript/ac41b80b-801c-4e63-8fe7-6d91a4539732`;
const BASIC = `${CLAUDE}transcript/18756d2e-5727-4cad-84de-97a22d75ba2c`;
const ROLLOUT =
  'codex-0.169.0/rollout/rollout-2026-11-21T19-25-36-01a1ff92-3d8c-7bb1-90d3-155b60fcbfac';
const FILES = [
  ['claude-code', `${FULL}.jsonl`],
  ['claude-code', `${FULL}/subagents/agent-aa22bbd4ed8d6b5a7.jsonl`],
  ['claude-code', `${BASIC}.jsonl`],
  ['claude-code', `${BASIC}/subagents/agent-aeacb687d90f35425.jsonl`],
  ['codex', `${ROLLOUT}.jsonl`],
  ['gemini', 'gemini-cli-0.61.0/session/session-2026-11-21T19-27-1adf61ae.jsonl'],
] as const;
const skip = existsSync(CAPTURES) ? false : '../shared/captures is not here';

suite('each captured transcript', { skip }, () => {
  for (const [format, path] of FILES) {
    const name = path.split('/').at(-1) ?? '';
    const file = new URL(path, CAPTURES);

    test(`${name}: every line is mapped or says why not, as its golden file says`, () => {
      const { lines } = readFile(format, file);
      const golden = new URL(`golden/transcript-${name}`, import.meta.url);
      const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
      if (process.env['UPDATE']) writeFileSync(golden, text);
      assert.equal(text, readFileSync(golden, 'utf8'));
      for (const [, what] of lines) assert.ok(what.length > 0);
    });

    test(`${name}: read again, or grown, it has the same ids and only new ones besides`, () => {
      const ids = (count?: number) => {
        const records = readLines(file).slice(0, count);
        const stem = name.replace(/\.jsonl$/, '');
        return readAll(format, records, { stem, from_ms: count ?? 7 }).events.map(({ id }) => id);
      };
      const all = ids();
      assert.equal(new Set(all).size, all.length);
      assert.deepEqual(all, ids());
      for (const count of [3, 30, 60])
        assert.deepEqual(ids(count), all.slice(0, ids(count).length));
    });

    test(`${name}: every event is marked as a transcript's and of one runtime`, () => {
      for (const { source, agent } of readFile(format, file).events) {
        assert.equal(source?.kind, 'transcript');
        assert.equal(source?.runtime, format);
        assert.equal(agent?.runtime, format);
      }
    });
  }
});

suite('hooks and transcript of one session', { skip }, () => {
  const hooks = () => {
    const lines = readLines(new URL(`${CLAUDE}hooks-http.jsonl`, CAPTURES)) as readonly {
      readonly t: string;
      readonly body: unknown;
    }[];
    return replayAt(lines.map(({ t, body }) => ({ record: body, now_ms: Date.parse(t) }))).events;
  };
  const transcript = () => [
    ...readFile('claude-code', new URL(`${FULL}.jsonl`, CAPTURES)).events,
    ...readFile('claude-code', new URL(FILES[1][1], CAPTURES)).events,
  ];
  const calls = (events: readonly Event[]) =>
    rowsOf(events).filter(({ type }) => type === 'tool_call');
  const outcomes = (rows: readonly Event[]) =>
    rows.map(({ call_id, status, error, decision }) => [
      ...[call_id, status, error?.code],
      status === 'blocked' ? decision?.by : undefined,
    ]);

  test('make one row a call, and agree on how each ended', () => {
    const both = calls([...hooks(), ...transcript()]);
    const sorted = (rows: readonly Event[]) => outcomes(rows).sort();
    assert.deepEqual(sorted(both), sorted(calls(transcript())));
    assert.deepEqual(sorted(both), sorted(calls(hooks())));
    assert.equal(both.length, 17);
    const statuses = Object.entries(Object.groupBy(both, ({ status }) => status ?? ''));
    const counts = Object.fromEntries(statuses.map(([status, rows]) => [status, rows?.length]));
    assert.deepEqual(counts, { success: 10, error: 5, blocked: 2 });
  });

  test('tell each prompt and each output once, with both witnesses', () => {
    const rows = rowsOf([...hooks(), ...transcript()]).toSorted((a, b) =>
      a.time < b.time ? -1 : 1,
    );
    const echoes = openEchoes<Event>();
    const told = [...rows.flatMap((row) => echoes.take(row)), ...echoes.end()];
    const said = told.filter(({ row }) => row.type === 'prompt' || row.type === 'output');
    const seen = said.map(({ row, witnesses }) => [row.content?.slice(0, 26), witnesses.join()]);
    assert.deepEqual(seen, [
      ['Please do the full run [[s', 'transcript,hook'],
      ['I should list files first.', 'transcript'],
      ['Looking at the files.', 'transcript'],
      ['Do sub work [[script:sub]]', 'transcript'],
      ['<task-notification>\n<task-', 'transcript,hook'],
      ['sub finished', 'transcript,hook'],
      ['All done. Final answer: 42', 'transcript,hook'],
    ]);
  });

  test('meet in the same sessions, the sub-agent below its parent', () => {
    const names = (events: readonly Event[]) => new Set(events.map(({ session_id }) => session_id));
    assert.deepEqual(names(transcript()), names(hooks()));
    assert.equal(new Set(transcript().map(wholeOf)).size, 1);
  });
});

suite('any record', () => {
  const words = fc.oneof(
    fc.string(),
    fc.constantFrom('user', 'assistant', 'system', 'tool', '__proto__', 'x'.repeat(1000)),
  );
  const json = fc.jsonValue({ maxDepth: 4 }).map((value) => value as unknown);
  const block = fc.record(
    {
      type: fc.constantFrom('text', 'tool_use', 'tool_result', 'thinking', 'image', 'x'),
      ...{ text: json, thinking: json, id: json, tool_use_id: json, name: json, input: json },
      ...{ content: json, is_error: fc.boolean() },
    },
    { requiredKeys: ['type'] },
  );
  const content = fc.oneof(json, fc.array(fc.oneof(block, json), { maxLength: 4 }));
  const inner = fc.dictionary(
    fc.constantFrom(
      ...['type', 'id', 'role', 'name', 'call_id', 'arguments', 'output', 'input', 'item'],
      ...['status', 'exit_code', 'result', 'duration', 'message', 'usage', 'reason', 'action'],
      ...['turn_id', 'session_id', 'source', 'cwd', 'sandbox_policy', '__proto__'],
    ),
    fc.oneof(json, words, fc.dictionary(words, json), content),
  );
  const record = fc.dictionary(
    fc.constantFrom(
      ...['type', 'uuid', 'sessionId', 'session_id', 'agentId', 'timestamp', 'message', 'payload'],
      ...['content', 'toolUseResult', 'permissionDecision', 'attachment', 'subtype', 'ordinal'],
      ...['$set', 'messages', 'traj', 'toolCalls', 'thoughts', 'tokens', 'id', 'role', 'error'],
      ...['tool_calls', 'metadata', 'task_id', 'reward', 'info', 'time', 'export', 'events'],
      ...['isMeta', 'origin', 'cwd', 'version', 'promptId', 'tool_call_id', '__proto__'],
    ),
    fc.oneof(
      ...[json, words, content, inner],
      fc.constantFrom('response_item', 'event_msg', 'session_meta', 'turn_context', 'summary'),
      fc.constantFrom('attachment', 'gemini', 'error', 'message', 'function_call'),
      fc.array(fc.oneof(inner, json), { maxLength: 3 }),
      fc.constantFrom('2026-11-21T19:22:47.231Z', '2026-13-41T99:00:00Z'),
    ),
  );

  test('of openai-chat whose calls are none is the message that it was, with what stood there', () => {
    for (const tool_calls of [[null], ['x', 7], 'x']) {
      const adapted = readerOf('openai-chat')({ role: 'assistant', tool_calls }, 1);
      const [draft, ...more] = 'drafts' in adapted ? adapted.drafts : [];
      assert.equal(more.length, 0);
      assert.equal(draft?.['type'], 'output');
      assert.match(JSON.stringify(draft), /"tool_calls":/);
    }
  });

  for (const format of TRANSCRIPT_FORMATS) {
    test(`of ${format} becomes events, says why not, or is refused by name`, () => {
      fc.assert(
        fc.property(fc.array(fc.oneof(record, json), { maxLength: 6 }), (records) => {
          const read = readerOf(format, { stem: '01a1ff92-3d8c-7bb1-90d3-155b60fcbfac' });
          for (const [i, one] of records.entries()) {
            try {
              const adapted = read(one, i + 1);
              if ('skipped' in adapted) assert.ok(adapted.skipped.length > 0);
              // The front door judges what others wrote as events.
              else if (format !== 'jsonl') for (const draft of adapted.drafts) eventOf(draft);
              if ('drafts' in adapted)
                assert.ok(adapted.drafts.length + (format === 'jsonl' ? 1 : 0));
            } catch (error) {
              assert.ok(error instanceof Fault && error.code === 'event.invalid', String(error));
            }
          }
          assert.equal(({} as { polluted?: unknown }).polluted, undefined);
        }),
        { numRuns: 1500 },
      );
    });
  }
});
