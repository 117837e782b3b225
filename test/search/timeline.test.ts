import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lines, NESTING, type TimelineRow, timeline } from '../../src/search/timeline.ts';

type Draft = Partial<Omit<TimelineRow, 'time'>> & { readonly at: number; readonly name: string };
type Named = TimelineRow & { readonly name: string };

function row({ at, ...fields }: Draft): Named {
  const time = new Date(Date.UTC(2026, 0, 1) + at).toISOString();
  return { type: 'tool_call', session_id: 'main', index: at, ...fields, time };
}

function drawn(rows: readonly Named[]): string[] {
  return lines(timeline(rows)).map((line) => `${'  '.repeat(line.depth)}${line.row.name}`);
}

const agent = { session_id: 'main:a1', parent_session_id: 'main', agent: { id: 'a1' } };
const delegate = { action: 'delegate', call_id: 'c1', tool: 'Agent' } as const;

test('rows stand by time, then by index, however they came', () => {
  const rows = [
    row({ at: 3, name: 'c' }),
    row({ at: 1, name: 'b', index: 9 }),
    row({ at: 1, name: 'a' }),
  ];
  assert.deepEqual(drawn(rows), ['a', 'b', 'c']);
});

test('turns are a prompt and everything done to answer it', () => {
  const rows = [
    row({ at: 0, name: 'start', type: 'session' }),
    row({ at: 1, name: 'p1', type: 'prompt', turn_id: 't1' }),
    row({ at: 2, name: 'c1', turn_id: 't1' }),
    row({ at: 3, name: 'note', type: 'gap' }),
    row({ at: 4, name: 'p2', type: 'prompt', turn_id: 't2' }),
    row({ at: 5, name: 'end', type: 'session' }),
  ];
  const turns = timeline(rows).map((turn) => [
    turn.turn_id,
    turn.steps.map((step) => step.row.name),
  ]);
  assert.deepEqual(turns, [
    [undefined, ['start']],
    ['t1', ['p1', 'c1', 'note']],
    ['t2', ['p2']],
    [undefined, ['end']],
  ]);
});

test('without turn ids a prompt begins a turn', () => {
  const types = ['prompt', 'tool_call', 'output', 'prompt', 'output'] as const;
  const rows = types.map((type, at) => row({ at, name: type, type }));
  assert.deepEqual(
    timeline(rows).map((turn) => turn.steps.length),
    [3, 2],
  );
});

test('a sub-agent stands below the call whose result names it, not the one nearest in time', () => {
  const rows = [
    row({
      at: 1,
      name: 'other',
      ...delegate,
      call_id: 'c0',
      result: { agentId: 'a0' },
      duration_ms: 50,
    }),
    row({ at: 2, name: 'agent', ...delegate, result: { agentId: 'a1' }, duration_ms: 50 }),
    row({ at: 3, name: 'sub', ...agent }),
    row({ at: 4, name: 'main', duration_ms: 1 }),
  ];
  assert.deepEqual(drawn(rows), ['other', 'agent', '  sub', 'main']);
});

test('a sub-agent of a call that still runs stands below it, if it is the only one', () => {
  const one = row({ at: 1, name: 'agent', ...delegate, status: 'pending' });
  const two = row({ at: 2, name: 'agent2', ...delegate, call_id: 'c2', status: 'pending' });
  const sub = row({ at: 3, name: 'sub', ...agent });
  assert.deepEqual(drawn([one, sub]), ['agent', '  sub']);
  assert.deepEqual(drawn([one, two, sub]), ['agent', 'agent2', 'sub']);
});

test('a sub-agent whose start was not seen stands among its parent by time', () => {
  const rows = [
    row({ at: 1, name: 'a' }),
    row({ at: 2, name: 'sub', ...agent }),
    row({ at: 3, name: 'b' }),
  ];
  assert.deepEqual(drawn(rows), ['a', 'sub', 'b']);
});

test('sessions that name each other, or themselves, as parent lose no row', () => {
  const call = { action: 'delegate', call_id: 'c', status: 'pending' } as const;
  const rows = [
    row({
      at: 1,
      name: 'x',
      session_id: 'x',
      parent_session_id: 'y',
      ...call,
      result: { agentId: 'y' },
    }),
    row({
      at: 2,
      name: 'y',
      session_id: 'y',
      parent_session_id: 'x',
      ...call,
      result: { agentId: 'x' },
    }),
    row({ at: 3, name: 'z', session_id: 'z', parent_session_id: 'z', ...call }),
  ];
  assert.deepEqual(drawn(rows), ['x', 'y', 'z']);
});

test('a chain of ten thousand sub-agents is drawn, nested up to the limit', () => {
  const rows = Array.from({ length: 10_000 }, (_, at) =>
    row({
      at,
      name: `${at}`,
      session_id: `s${at}`,
      ...(at === 0 ? {} : { parent_session_id: `s${at - 1}` }),
      action: 'delegate',
      call_id: 'c',
      result: { session_id: `s${at + 1}` },
    }),
  );
  const drawing = lines(timeline(rows));
  assert.equal(drawing.length, rows.length);
  assert.equal(Math.max(...drawing.map((line) => line.depth)), NESTING);
});

const session = fc.constantFrom('main', 'b', 'c', 'd');
const anyRow = fc.record({
  at: fc.nat({ max: 50 }),
  session_id: session,
  parent: fc.option(session, { nil: undefined }),
  delegates: fc.option(session, { nil: undefined }),
  turn: fc.option(fc.constantFrom('t1', 't2'), { nil: undefined }),
});

test('every row is in the timeline once, and siblings are in order of time', () => {
  fc.assert(
    fc.property(fc.array(anyRow, { maxLength: 30 }), (drafts) => {
      const rows = drafts.map(({ at, session_id, parent, delegates, turn }, index) =>
        row({
          at,
          name: `${index}`,
          index,
          session_id,
          ...(parent === undefined ? {} : { parent_session_id: parent }),
          ...(turn === undefined ? {} : { turn_id: turn }),
          ...(delegates === undefined
            ? {}
            : { action: 'delegate' as const, call_id: 'c', result: { session_id: delegates } }),
        }),
      );
      const turns = timeline(rows);
      const names = lines(turns).map((line) => line.row.name);
      assert.deepEqual(names.toSorted(), rows.map((one) => one.name).toSorted());
      const top = turns.flatMap((turn) => turn.steps.map((step) => step.row.time));
      assert.deepEqual(top, top.toSorted());
    }),
  );
});
