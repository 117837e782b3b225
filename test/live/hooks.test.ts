/** Real agents, recorded by what `clawctl install` puts into them: calls asked for against rows. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import type { Row } from '../../src/trail/trail.ts';
import { type Call, openStage, type Played } from './lab.ts';
import { missing, RUNTIMES } from './runtime.ts';

for (const runtime of RUNTIMES) {
  suite(`the real ${runtime.name}`, { skip: missing(runtime) }, () => {
    for (const script of runtime.scripts) {
      test(`${script}: every call that the model asks for and its hooks show is a row`, async (t) => {
        const stage = await openStage();
        try {
          const played = await stage.play({ runtime, script });
          const pairs = paired(played);
          t.diagnostic(told(pairs));
          assert.equal(played.code, 0, played.errors.slice(-2000));
          assert.ok(played.asked.length > 5);
          const lost = pairs.filter(({ call, row }) => call !== undefined && row === undefined);
          assert.deepEqual(
            lost.map(({ call }) => call?.tool),
            runtime.unseen,
          );
          assert.deepEqual(
            pairs.filter(({ call }) => call === undefined).map(({ row }) => row?.tool),
            [],
            'a row that nobody asked for',
          );
          const states = pairs.flatMap(({ row }) => (row ? [row.status] : []));
          assert.ok(!states.includes('pending') || runtime.name === 'gemini', told(pairs));
          const prompt = `[[script:${script}]]`;
          assert.ok(
            played.rows.some((row) => row.type === 'prompt' && row.content?.includes(prompt)),
          );
          const doctor = await stage.clawctl(played.lab, ['doctor', runtime.name, '--json']);
          assert.equal(doctor.code, 0, doctor.out);
          await takenBack(stage, played);
        } finally {
          await stage.close();
        }
      });
    }
  });

  /** What is installed is private where it holds a token, and goes without a trace. */
  const takenBack = async (stage: Awaited<ReturnType<typeof openStage>>, { lab }: Played) => {
    const tokens = join(lab.home, '.config/claw/tokens.json');
    if (existsSync(tokens)) assert.equal(statSync(tokens).mode & 0o777, 0o600);
    const words = ['uninstall', runtime.name, '--yes'];
    assert.equal((await stage.clawctl(lab, words)).code, 0);
    for (const [name, text] of Object.entries(runtime.settings(lab))) {
      if (!name.startsWith('~/')) continue;
      const left = readFileSync(join(lab.home, name.slice(2)), 'utf8');
      assert.equal(left, text, name);
    }
  };
}

type Pair = { readonly call?: Call; readonly row?: Row };

/** Each call with its row: by id, where the runtime has ids, else by tool, arguments and order. */
function paired({ asked, rows }: Played): readonly Pair[] {
  const left = rows.filter(({ type }) => type === 'tool_call');
  const take = (same: (row: Row) => boolean) => {
    const at = left.findIndex(same);
    return at < 0 ? undefined : left.splice(at, 1)[0];
  };
  const known = asked.map((call) => {
    const { id } = call;
    const row = id && take(({ call_id }) => call_id !== undefined && plain(call_id) === plain(id));
    return row ? { call, row } : { call };
  });
  const pairs = known.map((pair) => {
    if ('row' in pair || pair.call.id !== undefined) return pair;
    const row = take((one) => one.tool === pair.call.tool && alike(one.arguments, pair.call.args));
    return row ? { call: pair.call, row } : pair;
  });
  return [...pairs, ...left.map((row) => ({ row }))];
}

/** OpenClaw hands ids on to its model without what not every model's API takes. */
function plain(id: string): string {
  return id.replaceAll(/[^A-Za-z0-9]/g, '');
}

function alike(one: unknown, other: unknown): boolean {
  try {
    assert.deepEqual(one, other);
    return true;
  } catch {
    return false;
  }
}

/** A line for each call: who asked for it, and what became of it. */
function told(pairs: readonly Pair[]): string {
  const asked = pairs.filter(({ call }) => call).length;
  const rows = pairs.filter(({ row }) => row).length;
  const lines = pairs.map(({ call, row }) => {
    const words = call ? `${call.tool} ${JSON.stringify(call.args).slice(0, 60)}` : 'nobody';
    return `${words}: ${row ? `${row.tool} ${row.status}` : 'no row'}`;
  });
  return [`asked ${asked}, rows ${rows}`, ...lines].join('\n');
}
