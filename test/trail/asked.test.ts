/**
 * Recorded sessions of real runtimes, through adapter, door and index: the calls that the model
 * asked for against the rows that the timeline shows.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { rememberCalls } from '../../src/adapter/memory.ts';
import { adapterNamed } from '../../src/adapter/menu.ts';
import type { Row, Trail } from '../../src/trail/trail.ts';
import {
  type AskedCall,
  askedOfChat,
  askedOfGemini,
  askedOfParts,
  askedOfResponses,
} from '../adapter/asked.ts';
import { CAPTURES, recordsIn, skip } from '../adapter/captures.ts';
import { ACME, accepted, newPlace } from './place.ts';

const place = newPlace();
after(place.clear);

type Expected = {
  readonly runtime: string;
  readonly records: string;
  readonly requests: string;
  readonly asked: (path: string) => AskedCall[];
  /** Calls that the hooks never showed, and why. */
  readonly missing: Readonly<Record<string, string>>;
  /** Of each call's row: tool, status, and the error's code or who denied. */
  readonly rows: readonly string[];
};

const UNKNOWN_TOOL = 'Codex refuses a tool that it does not have before any hook fires';

const EXPECTED: readonly Expected[] = [
  {
    runtime: 'codex',
    records: 'codex-0.169.0/hooks-command.jsonl',
    requests: 'codex-0.169.0/model-requests.jsonl',
    asked: askedOfResponses,
    missing: { 'mcp__everything__echo (again)': UNKNOWN_TOOL, update_plan: UNKNOWN_TOOL },
    rows: [
      'Bash unknown',
      'apply_patch success',
      'apply_patch success',
      'Bash unknown',
      'Bash unknown',
      'Bash unknown',
      'Bash unknown',
      'tool_search unknown',
      'mcp__everything__echo success',
    ],
  },
  {
    runtime: 'gemini',
    records: 'gemini-cli-0.61.0/hooks-command.jsonl',
    requests: 'gemini-cli-0.61.0/model-requests.jsonl',
    asked: askedOfGemini,
    missing: {
      'read_file (again)': 'a path outside of the workspace is refused before any hook fires',
    },
    rows: [
      'run_shell_command success',
      'read_file success',
      'write_file success',
      'replace success',
      'run_shell_command error exit_1',
      'run_shell_command unknown',
      'glob success',
      'grep_search success',
      'mcp_everything_echo success',
      'web_fetch error web_fetch_processing_error',
      'write_todos success',
    ],
  },
  {
    runtime: 'opencode',
    records: 'opencode-1.18.33/plugin-run2.jsonl',
    requests: 'opencode-1.18.33/model-requests-run2.jsonl',
    asked: askedOfChat,
    missing: {},
    rows: [
      'read blocked config',
      'glob error ripgrep execution fa',
      'grep error ripgrep execution fa',
      'webfetch success',
      'everything_echo success',
      'task success',
      'bash success',
    ],
  },
  {
    runtime: 'opencode',
    records: 'opencode-1.18.33/plugin-run1-permission-reject.jsonl',
    requests: 'opencode-1.18.33/plugin-run1-permission-reject.jsonl',
    asked: askedOfParts,
    missing: {},
    rows: [
      'bash success',
      'read success',
      'write success',
      'edit success',
      'bash error exit_1',
      'bash error blocked by audit pol',
      'bash blocked deny',
    ],
  },
  {
    runtime: 'openclaw',
    records: 'openclaw-2026.9.6/plugin-hooks-agent-local.jsonl',
    requests: 'openclaw-2026.9.6/model-requests.jsonl',
    asked: askedOfChat,
    missing: {},
    rows: [
      'exec success',
      'read success',
      'write success',
      'edit success',
      'exec error exit_1',
      'exec blocked hook',
      'read error File not found: /non',
      'exec success',
      'web_fetch error Tool web_fetch not f',
      'tool_search success',
      'web_fetch error SECURITY NOTICE: The',
    ],
  },
];

suite('the calls that the model asked for', { skip }, () => {
  for (const expected of EXPECTED) {
    test(`${expected.records}: each is one row, or is named with the reason why not`, async () => {
      const trail = await place.open();
      const sessions = await record(trail, expected);
      const rows: Row[] = [];
      for (const session of sessions) rows.push(...(await whole(trail, session)));
      await trail.close();
      const calls = rows.filter(({ type }) => type === 'tool_call');
      const { missing, left } = paired(expected.asked(join(CAPTURES, expected.requests)), calls);
      assert.deepEqual(missing, Object.keys(expected.missing));
      assert.deepEqual(left, [], 'rows that nobody asked for');
      assert.deepEqual(calls.map(wordsOf), expected.rows);
    });
  }
});

/** Gives back the sessions in the order in which they came. */
async function record(trail: Trail, { runtime, records }: Expected): Promise<readonly string[]> {
  const calls = rememberCalls(1000);
  const adapter = adapterNamed(runtime);
  const sessions = new Set<string>();
  const lines = recordsIn(join(CAPTURES, records));
  let now_ms = Date.now() - lines.length * 1000;
  for (const line of lines) {
    now_ms += 1000;
    const adapted = adapter.adapt(line, { now_ms, calls: calls.of('acme') });
    if ('skipped' in adapted) continue;
    for (const draft of adapted.drafts) {
      calls.note('acme', draft);
      sessions.add(draft.session_id);
    }
    accepted(await trail.ingest(adapted.drafts, ACME));
  }
  return [...sessions];
}

async function whole(trail: Trail, session_id: string): Promise<readonly Row[]> {
  for (;;) {
    const request = { tenant: 'acme', session_id, limit: 1000 };
    const { events, read_to } = await trail.timeline(request);
    if (read_to.complete) return events;
  }
}

/**
 * By id where the runtime shows it, else by tool and arguments in order. OpenClaw takes the
 * underscore out of the ids that it sends to a model; a call that only carries another is told
 * as the one that it carries.
 */
function paired(asked: readonly AskedCall[], rows: readonly Row[]) {
  const left = new Set(rows);
  const seen = new Map<string, number>();
  const missing: string[] = [];
  for (const call of asked) {
    const times = (seen.get(call.name) ?? 0) + 1;
    seen.set(call.name, times);
    const row = [...left].find((one) => isOf(one, call));
    if (row) left.delete(row);
    else missing.push(times > 1 ? `${call.name} (again)` : call.name);
  }
  return { missing, left: [...left].map(wordsOf) };
}

function isOf({ call_id = '', tool, arguments: args }: Row, call: AskedCall): boolean {
  if (!call_id.startsWith('gemini-')) return call_id.replace('_', '') === call.id.replace('_', '');
  return tool === call.name && isDeepStrictEqual(args, call.args);
}

function wordsOf({ tool, status, error, decision }: Row): string {
  const why = error?.code ?? error?.message?.slice(0, 20) ?? decision?.by ?? decision?.outcome;
  return [tool, status, why].filter((word) => word !== undefined).join(' ');
}
