/** Every witness at once on a real agent: one row a call, and coverage names what each missed. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { CoverageResult } from '../../src/trail/trail.ts';
import { openStage, type Play, type Played, type Stage } from './lab.ts';
import { missing, RUNTIMES, type Runtime } from './runtime.ts';

/** Runtimes that export telemetry of their own. */
const OTLP = new Set(['claude-code', 'codex', 'gemini']);

/** Of calls in the agent's own session, and with what verdict. */
type Expected = {
  /** Calls that the model asked for, and rows of its session. */
  readonly asked: number;
  readonly rows: number;
  readonly verdict: CoverageResult['verdict'];
  readonly doubts: CoverageResult['doubts'];
  /** Kinds of shortfalls with their tools. */
  readonly short?: readonly string[];
};

const EXPECTED: Readonly<Record<string, Expected>> = {
  'claude-code': { asked: 17, rows: 17, verdict: 'complete', doubts: [] },
  codex: { asked: 11, rows: 11, verdict: 'complete', doubts: [] },
  // Its traffic with the model names no session, so it stands in one of its own. The read outside
  // of the workspace is shown by telemetry alone, when it is over.
  gemini: {
    ...{ asked: 12, rows: 12, verdict: 'incomplete', doubts: ['one_witness'] },
    short: ['no_request read_file'],
  },
  // No runtime says when these end.
  opencode: { asked: 7, rows: 7, verdict: 'unknown', doubts: ['open'] },
  openclaw: { asked: 11, rows: 11, verdict: 'unknown', doubts: ['open'] },
};

for (const runtime of RUNTIMES) {
  test(`every witness of the real ${runtime.name}: one row a call, and a verdict`, {
    skip: missing(runtime),
  }, async (t) => {
    await played({ runtime }, async (run) => {
      const { asked, rows, verdict, doubts, short = [] } = EXPECTED[runtime.name] ?? assert.fail();
      t.diagnostic(run.told);
      assert.equal(run.asked.length, asked);
      assert.equal(run.calls.length, rows, run.told);
      assert.deepEqual([run.coverage.verdict, run.coverage.doubts], [verdict, doubts], run.told);
      assert.deepEqual(
        run.coverage.shortfalls.map(({ kind, tool }) => `${kind} ${tool}`),
        short,
      );
    });
  });
}

const claude = RUNTIMES.find(({ name }) => name === 'claude-code') ?? assert.fail();

/** Calls that one witness or another of Claude Code 2.1.330 cannot see. */
const INVISIBLE = [
  [{ text: 'Looking.' }, { tool: 'Bash', input: { command: 'ls -la', description: 'List' } }],
  [{ tool: 'NoSuchTool', input: { a: 1 } }],
  [{ tool: 'Bash', input: { command: 'echo DENYME', description: 'Denied by a hook' } }],
  [
    {
      tool: 'Edit',
      input: { file_path: '@LAB@/proj/mcp.json', old_string: 'everything', new_string: 'nothing' },
    },
  ],
  [{ tool: 'Bash', input: { command: 'cat README.md', description: 'Read' } }],
  [{ text: 'Done.' }],
];

suite('calls that are invisible to a witness of the real Claude Code', {
  skip: missing(claude),
}, () => {
  test('an unknown tool, a denied call and an edit of an unread file, and nothing else', async (t) => {
    const scripts = { invisible: INVISIBLE };
    await played({ runtime: claude, script: 'invisible', scripts }, async (run) => {
      t.diagnostic(run.told);
      assert.equal(run.asked.length, 5);
      assert.equal(run.calls.length, 5);
      const { unseen, shortfalls, verdict } = run.coverage;
      const id = (tool: string, command?: string) =>
        run.asked.find((call) => {
          const args = call.args as { command?: string };
          return call.tool === tool && (command === undefined || args.command === command);
        })?.id;
      assert.deepEqual(
        new Set(unseen.map(({ by, what, call_id }) => `${by} ${what} ${call_id}`)),
        new Set([
          `hook request ${id('NoSuchTool')}`,
          `otel call ${id('NoSuchTool')}`,
          `otel request ${id('Bash', 'echo DENYME')}`,
          `hook request ${id('Edit')}`,
          `otel call ${id('Edit')}`,
        ]),
        run.told,
      );
      assert.deepEqual([verdict, shortfalls], ['complete', []]);
    });
  });
});

type Run = Played & {
  readonly coverage: CoverageResult;
  /** Rows of calls in the agent's own session and its sub-agents'. */
  readonly calls: Played['rows'];
  readonly told: string;
};

async function played(play: Play, check: (run: Run) => Promise<void>): Promise<void> {
  const stage = await openStage();
  try {
    const install = OTLP.has(play.runtime.name) ? ['--otlp'] : [];
    const run = await stage.play({ ...play, install, proxies: true });
    assert.equal(run.code, 0, run.errors.slice(-2000));
    await check(await judged(stage, play.runtime, run));
  } finally {
    await stage.close();
  }
}

async function judged(stage: Stage, { name }: Runtime, run: Played): Promise<Run> {
  // The session that the runtime's own hooks or plugin named.
  const own = run.rows.find(
    ({ type, agent, source, parent_session_id }) =>
      type === 'prompt' &&
      agent?.runtime === name &&
      (source?.kind === 'hook' || source?.kind === 'plugin') &&
      parent_session_id === undefined,
  )?.session_id;
  const words = ['coverage', own ?? '', '--json'];
  const coverage = (await stage.clawctl(run.lab, words)).json as CoverageResult;
  const calls = run.rows.filter(
    ({ type, session_id, parent_session_id }) =>
      type === 'tool_call' && (session_id === own || parent_session_id === own),
  );
  const lines = calls.map(({ call_id, tool, status, decision, witnesses, facts }) => {
    const seen = witnesses ?? [...new Set(facts.map(({ source }) => source?.kind))];
    return `${call_id} ${tool} ${status}${decision?.reason ? `: ${decision.reason.slice(0, 60)}` : ''} (${seen.join(', ')})`;
  });
  const missed = coverage.unseen.map(
    ({ by, what, tool, call_id }) => `${by}: no ${what} of ${tool} ${call_id}`,
  );
  const head = `asked ${run.asked.length}, rows ${calls.length}, ${coverage.verdict}`;
  return { ...run, coverage, calls, told: [head, ...lines, ...missed].join('\n') };
}
