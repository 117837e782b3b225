import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ECHO_MS, type EchoRow, openEchoes, type Told } from '../../src/search/echo.ts';

const START = Date.UTC(2026, 0, 1);

function row(fields: Partial<EchoRow> & { at?: number; kind?: string } = {}): EchoRow {
  const { at = 0, kind = 'hook', ...rest } = fields;
  return {
    type: 'output',
    session_id: 's',
    content: 'done',
    time: new Date(START + at).toISOString(),
    source: { kind: kind as 'hook' },
    ...rest,
  };
}

function tell(rows: readonly EchoRow[]): readonly Told<EchoRow>[] {
  const echoes = openEchoes<EchoRow>();
  return [...rows.flatMap((one) => echoes.take(one)), ...echoes.end()];
}

const witnesses = (rows: readonly EchoRow[]) => tell(rows).map((told) => told.witnesses.join('+'));

test('two witnesses of the same words make one row', () => {
  const rows = [row(), row({ kind: 'transcript', at: 50, content: ' done\n' })];
  assert.deepEqual(witnesses(rows), ['hook+transcript']);
});

test('what one witness tells twice was said twice, and each is echoed once', () => {
  const twice = [row(), row({ at: 10 })];
  assert.deepEqual(witnesses(twice), ['hook', 'hook']);
  const both = [...twice, row({ kind: 'otel', at: 20 }), row({ kind: 'otel', at: 30 })];
  assert.deepEqual(witnesses(both), ['hook+otel', 'hook+otel']);
});

test('other words, another session, another kind of row or a later time is no echo', () => {
  const others = [
    row({ content: 'other' }),
    row({ session_id: 't' }),
    row({ type: 'prompt' }),
    row({ type: 'tool_call' }),
    row({ channel: 'reasoning' }),
    row({ at: ECHO_MS + 1 }),
    row({ content: '' }),
  ];
  for (const other of others) {
    const apart = { ...other, source: { kind: 'transcript' as const } };
    assert.equal(tell([row(), apart]).length, 2);
  }
});

test('a witness that knows the whole session alone echoes what a sub-agent said', () => {
  const part = row({ session_id: 's:a', parent_session_id: 's' });
  assert.deepEqual(witnesses([part, row({ kind: 'otel' })]), ['hook+otel']);
});

test('a session begins once, however its witnesses word it', () => {
  const start = { type: 'session', operation: 'start' } as const;
  const rows = [row({ ...start, content: 'a' }), row({ ...start, kind: 'transcript' })];
  assert.deepEqual(witnesses(rows), ['hook+transcript']);
  assert.equal(
    tell([row({ ...start }), row({ ...start, session_id: 't', kind: 'otel' })]).length,
    2,
  );
});

test('rows without a source echo nothing, and calls tell who saw their facts', () => {
  const { source: _, ...bare } = row();
  assert.equal(tell([bare, row({ kind: 'otel' })]).length, 2);
  const facts = [{ source: { kind: 'hook' } }, { source: { kind: 'otel' } }] as const;
  const [call] = tell([row({ type: 'tool_call', call_id: 'c', facts })]);
  assert.deepEqual(call?.witnesses, ['hook', 'otel']);
});

test('no row is lost, the order stays, and no kind counts twice', () => {
  const any = fc.record({
    at: fc.nat({ max: 3 * ECHO_MS }),
    kind: fc.constantFrom('hook', 'otel', 'transcript'),
    content: fc.constantFrom('a', 'b', ''),
    type: fc.constantFrom('prompt' as const, 'output' as const, 'session' as const),
    operation: fc.constantFrom('start', 'note'),
  });
  fc.assert(
    fc.property(fc.array(any, { maxLength: 40 }), (list) => {
      const rows = list.toSorted((a, b) => a.at - b.at).map((fields) => row(fields));
      const told = tell(rows);
      assert.deepEqual(
        told.map((one) => one.row),
        rows.filter((one) => told.some((other) => other.row === one)),
      );
      const all = told.flatMap((one) => [one.row, ...one.echoes]);
      assert.deepEqual(new Set(all), new Set(rows));
      assert.equal(all.length, rows.length);
      for (const one of told) {
        const kinds = [one.row, ...one.echoes].map(({ source }) => source?.kind);
        assert.equal(new Set(kinds).size, kinds.length);
      }
    }),
  );
});
