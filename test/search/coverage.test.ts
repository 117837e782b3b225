/** What coverage says of sessions whose witnesses disagree. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Event } from '../../src/event/event.ts';
import { type CoveredRow, openCoverage, type SessionCoverage } from '../../src/search/coverage.ts';

type Kind = NonNullable<Event['source']>['kind'];
const T0_MS = Date.UTC(2026, 0, 1);

type Fact = readonly [Kind, Event['status']?];

const call = (call_id: string, facts: readonly Fact[], more: Partial<CoveredRow> = {}) => {
  const told = facts.map(([kind, status]) => ({
    source: { kind },
    ...(status === undefined ? {} : { status }),
  }));
  const base = { type: 'tool_call', session_id: 's', time: '2026-01-01T00:00:00.000Z' } as const;
  const status = told.findLast((fact) => fact.status !== 'pending')?.status ?? 'pending';
  return { ...base, call_id, tool: 'Bash', status, facts: told, ...more } as CoveredRow;
};

const BOTH: readonly Fact[] = [
  ['model_proxy', 'pending'],
  ['hook', 'pending'],
  ['hook', 'success'],
];

function report(rows: readonly CoveredRow[], more: object = {}): SessionCoverage {
  const fold = openCoverage();
  for (const row of rows) fold.add(row);
  const times = { now_ms: T0_MS, silent_ms: 1000 };
  const known = { session_id: 's', ended: true, complete: true, partial: false, lost: false };
  return fold.report({ ...known, ...times, ...more });
}

describe('coverage of a session', () => {
  it('is complete where the model’s side and the runtime’s saw every call and its outcome', () => {
    const { verdict, doubts, shortfalls, unseen } = report([call('c1', BOTH), call('c2', BOTH)]);
    assert.deepEqual([verdict, doubts, shortfalls, unseen], ['complete', [], [], []]);
  });

  it('is unknown with one witness alone, while it goes on, and where not all could be read', () => {
    const hooks: readonly Fact[] = [
      ['hook', 'pending'],
      ['hook', 'success'],
    ];
    const doubtsOf = (rows: readonly CoveredRow[], more: object = {}) => {
      const { verdict, doubts } = report(rows, more);
      return [verdict, ...doubts];
    };
    assert.deepEqual(doubtsOf([call('c', hooks)]), ['unknown', 'one_witness']);
    assert.deepEqual(doubtsOf([call('c', BOTH)], { ended: false }), ['unknown', 'open']);
    assert.deepEqual(doubtsOf([call('c', BOTH)], { complete: false }), ['unknown', 'behind']);
    assert.deepEqual(doubtsOf([call('c', BOTH)], { partial: true }), ['unknown', 'partial']);
    assert.deepEqual(doubtsOf([call('c', BOTH)], { lost: true }), ['unknown', 'lost']);
    const erased = call('c', BOTH, { erased: true });
    assert.deepEqual(doubtsOf([erased]), ['unknown', 'erased']);
    assert.deepEqual(doubtsOf([]), ['unknown', 'one_witness']);
  });

  it('is unknown where the model’s side missed a call that the runtime recorded', () => {
    const { verdict, doubts } = report([call('c', BOTH), call('d', BOTH.slice(1))]);
    assert.deepEqual([verdict, doubts], ['unknown', ['one_witness']]);
  });

  it('takes no proxy before others for the runtime’s own side', () => {
    const facts: readonly Fact[] = [
      ['model_proxy', 'pending'],
      ['mcp_proxy', 'success'],
    ];
    const mcp = call('m', facts, { tool: 'mcp__fs__read' });
    assert.deepEqual(report([mcp]).doubts, ['one_witness']);
    const own = call('b', [['model_proxy', 'pending']]);
    const found = report([mcp, own], { ended: false }).shortfalls;
    assert.deepEqual(found, [], 'nobody was there to record the runtime’s own tool');
    const said = [['model_proxy'], ['egress_proxy']] as readonly Fact[];
    const prompt = call('', said, { type: 'prompt' });
    assert.deepEqual(report([prompt]).doubts, ['one_witness']);
  });

  it('does not take leave to run for a result, nor a call that only its approval told', () => {
    const permit = { source: { kind: 'sdk' as const }, type: 'approval' as const };
    const row = call('c', BOTH.slice(0, 2));
    const allowed = { ...row, facts: [...row.facts, permit] };
    const kinds = (rows: readonly CoveredRow[], more: object = {}) =>
      report(rows, more).shortfalls.map(({ kind }) => kind);
    assert.deepEqual(kinds([allowed]), ['no_result']);
    const asked = call('d', [['hook', 'escalated']], { type: 'approval', status: 'escalated' });
    assert.deepEqual(kinds([call('c', BOTH), asked]), ['no_result']);
    assert.deepEqual(kinds([call('c', BOTH), asked], { ended: false }), [], 'it may be given yet');
  });

  it('does not hold a session for ended that was resumed', () => {
    const end = call('', [['hook']], { type: 'session', operation: 'end' });
    const { call_id: _, status: __, ...ended } = end;
    const later = call('open', BOTH.slice(0, 2), { time: '2026-01-01T00:00:01.000Z' });
    const found = report([call('c', BOTH), ended, later]);
    assert.deepEqual([found.verdict, found.doubts], ['unknown', ['open']]);
    assert.equal(report([call('c', BOTH), ended]).verdict, 'complete');
  });

  it('knows an MCP server’s tools by the names that runtimes give them', () => {
    const seen = (tool: string, runtime: string) => {
      const about = { tool, agent: { runtime } };
      const facts: readonly Fact[] = [...BOTH, ['mcp_proxy', 'success']];
      const attributes = { mcp_server: 'my.fs' };
      const first = call('first', facts, { ...about, attributes });
      return report([first, call('other', BOTH, about)]).unseen.map(({ by }) => by);
    };
    assert.deepEqual(seen('mcp_my_fs_read', 'gemini'), ['mcp_proxy']);
    assert.deepEqual(seen('my_fs_read', 'opencode'), ['mcp_proxy']);
    assert.deepEqual(seen('my_fs__read', 'openclaw'), ['mcp_proxy']);
    assert.deepEqual(seen('mcp__my_fs__read', 'codex'), ['mcp_proxy']);
    assert.deepEqual(seen('my_fs_read', 'codex'), []);
  });

  it('counts calls without an id one by one', () => {
    const { call_id: _, ...nameless } = call('', BOTH);
    const { call_id: __, ...missed } = call('', BOTH.slice(1));
    const found = report([nameless, missed, call('c', BOTH)]);
    assert.deepEqual([found.calls, found.seen_by_all], [3, 2]);
  });

  it('stays silent after coverage recorded that it is', () => {
    const quiet = { ended: false, now_ms: T0_MS + 2000 };
    const prompt = call('', [['hook']], { type: 'prompt' });
    const gap = { type: 'gap', attributes: { coverage: {} } } as const;
    const recorded = call('', [['api']], { ...gap, time: '2026-01-01T00:00:01.900Z' });
    const found = report([prompt, recorded], quiet).shortfalls.map(({ kind }) => kind);
    assert.deepEqual(found, ['silent']);
  });

  it('names a call that the model asked for and the runtime never recorded', () => {
    const told: Fact = ['model_proxy'];
    const lost = call('lost', [['model_proxy', 'pending'], told]);
    const found = report([call('c', [...BOTH, told]), lost]);
    assert.equal(found.verdict, 'incomplete');
    assert.deepEqual(
      found.shortfalls.map(({ kind, call_id }) => [kind, call_id]),
      [['not_recorded', 'lost']],
    );
    assert.deepEqual(
      found.unseen.map(({ by, what, call_id, seen_by }) => [by, what, call_id, ...seen_by]),
      [['hook', 'call', 'lost', 'model_proxy']],
    );
  });

  it('names requests without a result once none can come, and results without a request', () => {
    const open = call('open', BOTH.slice(0, 2));
    const orphan = call('orphan', [['hook', 'error']]);
    const kinds = (more: object) =>
      report([call('c', BOTH), open, orphan], more).shortfalls.map(
        ({ kind, call_id }) => `${kind} ${call_id}`,
      );
    assert.deepEqual(kinds({ ended: false }), ['no_request orphan']);
    assert.deepEqual(kinds({}), ['no_result open', 'no_request orphan']);
  });

  it('does not expect of a witness what it never shows', () => {
    const telemetry = call('t', [['otel', 'success']]);
    assert.deepEqual(report([telemetry]).shortfalls, [], 'telemetry announces nothing');
    const mcp = call('m', [...BOTH, ['mcp_proxy', 'success']], { tool: 'mcp__fs__read' });
    const other = call('o', BOTH, { tool: 'mcp__web__get' });
    const missed = call('n', BOTH, { tool: 'mcp__fs__write' });
    const { unseen } = report([mcp, other, missed, call('c', BOTH)]);
    assert.deepEqual(
      unseen.map(({ by, call_id }) => `${by} ${call_id}`),
      ['mcp_proxy n'],
    );
  });

  it('names the half of a call that a witness did not show, where it shows that half of others', () => {
    const refused = call('refused', [
      ['model_proxy', 'pending'],
      ['hook', 'error'],
    ]);
    const denied = call('denied', [
      ['model_proxy', 'pending'],
      ['hook', 'pending'],
      ['otel', 'blocked'],
    ]);
    const { unseen, verdict } = report([
      call('c', [...BOTH, ['otel', 'success']]),
      refused,
      denied,
    ]);
    assert.equal(verdict, 'complete');
    assert.deepEqual(
      unseen.map(({ by, what, call_id, seen_by }) => `${by} ${what} ${call_id}: ${seen_by}`),
      [
        'hook request refused: model_proxy',
        'otel call refused: hook,model_proxy',
        'hook result denied: otel',
      ],
    );
  });

  it('takes over what producers say that they lost, but not what coverage itself recorded', () => {
    const gap = (attributes: object) =>
      call('', [['hook']], {
        type: 'gap',
        detail: '3 records were dropped.',
        attributes,
      } as object);
    const told = report([call('c', BOTH), gap({ dropped: 3 })]);
    assert.equal(told.verdict, 'incomplete');
    assert.equal(told.shortfalls[0]?.detail, '3 records were dropped.');
    assert.equal(report([call('c', BOTH), gap({ coverage: {} })]).verdict, 'complete');
  });

  it('calls an agent silent that stopped in the middle, not one that had answered', () => {
    const quiet = { ended: false, now_ms: T0_MS + 2000 };
    const said = (type: Event['type']) => call('', [['hook']], { type } as object);
    const kinds = (type: Event['type'], more: object) =>
      report([call('c', BOTH), said(type)], more).shortfalls.map(({ kind }) => kind);
    assert.deepEqual(kinds('prompt', quiet), ['silent']);
    assert.deepEqual(kinds('output', quiet), []);
    assert.deepEqual(kinds('prompt', { ...quiet, now_ms: T0_MS + 500 }), []);
    assert.deepEqual(kinds('prompt', { ...quiet, ended: true }), []);
  });

  it('lists at most two hundred shortfalls and counts the others', () => {
    const rows = Array.from({ length: 250 }, (_, i) => call(`c${i}`, [['model_proxy', 'pending']]));
    const { shortfalls, unseen, more } = report([call('c', BOTH), ...rows]);
    assert.deepEqual([shortfalls.length, unseen.length, more], [200, 200, 100]);
  });
});
