/** Every witness at once on a real agent: one row a call, and coverage names what each missed. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { CoverageResult } from '../../src/trail/trail.ts';
import { openStage } from './lab.ts';
import { missing, RUNTIMES } from './runtime.ts';

/** Runtimes that export telemetry of their own. */
const OTLP = new Set(['claude-code', 'codex', 'gemini']);

for (const runtime of RUNTIMES) {
  suite(`every witness of the real ${runtime.name}`, { skip: missing(runtime) }, () => {
    test('one row a call, whoever saw it, and a verdict', async (t) => {
      const stage = await openStage();
      try {
        const install = OTLP.has(runtime.name) ? ['--otlp'] : [];
        const played = await stage.play({ runtime, install, proxies: true });
        assert.equal(played.code, 0, played.errors.slice(-2000));
        const rows = played.rows.filter(({ type }) => type === 'tool_call');
        const session = rows.find(({ parent_session_id }) => parent_session_id === undefined);
        const words = ['coverage', session?.session_id ?? '', '--json'];
        const found = (await stage.clawctl(played.lab, words)).json as CoverageResult;
        t.diagnostic(
          JSON.stringify(
            {
              asked: played.asked,
              rows: rows.map(({ call_id, session_id, tool, status, witnesses, facts }) => ({
                call_id,
                session_id,
                tool,
                status,
                witnesses: witnesses ?? facts.map(({ source }) => source?.kind),
              })),
            },
            null,
            1,
          ),
        );
        t.diagnostic(JSON.stringify(found, null, 1));
        t.diagnostic(
          (await stage.clawctl(played.lab, ['timeline', session?.session_id ?? ''])).out,
        );
        t.diagnostic(`asked ${played.asked.length}, rows ${rows.length}, ${found.verdict}`);
      } finally {
        await stage.close();
      }
    });
  });
}
