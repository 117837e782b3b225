/** Real agents, recorded by what `clawctl install` puts into them: calls asked for against rows. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { openStage, type Played } from './lab.ts';
import { missing, RUNTIMES, type Runtime } from './runtime.ts';

for (const runtime of RUNTIMES) {
  suite(`the real ${runtime.name}`, { skip: missing(runtime) }, () => {
    test('every call that the model asked for is a row, under its id', async (t) => {
      const played = await playHooks(runtime);
      const rows = played.rows.filter(({ type }) => type === 'tool_call');
      t.diagnostic(table(played));
      assert.equal(played.code, 0, played.errors.slice(-2000));
      assert.ok(played.asked.length > 5);
      assert.ok(rows.length > 0);
    });
  });
}

async function playHooks(runtime: Runtime): Promise<Played> {
  const stage = await openStage();
  try {
    return await stage.play({ runtime });
  } finally {
    await stage.close();
  }
}

/** A line for each call: who asked for it, and what became of it. */
function table({ asked, rows }: Played): string {
  const calls = rows.filter(({ type }) => type === 'tool_call');
  const lines = asked.map(({ id, tool, args }) => {
    const row = calls.find(({ call_id }) => id !== undefined && call_id === id);
    const short = JSON.stringify(args).slice(0, 60);
    return `${tool} ${short}: ${row ? `${row.tool} ${row.status}` : 'no row'}`;
  });
  return [`asked ${asked.length}, rows ${calls.length}`, ...lines].join('\n');
}
