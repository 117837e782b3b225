/** How text is cut, and that FTS5 sees exactly these tokens. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import Database from 'better-sqlite3-multiple-ciphers';
import fc from 'fast-check';
import { holdsPhrase, phraseOf, TOKEN_CHARS, tokensOf } from '../../src/engine/token.ts';

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({
    unit: fc.constantFrom(
      'a',
      'É',
      '東',
      '京',
      'ア',
      'ｱ',
      '한',
      ' ',
      '_',
      '\u0301',
      'ς',
      '\ue000',
      '\ud800',
      '𠮷',
    ),
    maxLength: 30,
  }),
);

describe('tokens', () => {
  it('finds names and paths by part and as a phrase', () => {
    assert.deepEqual(tokensOf('send_email /etc/config.json a-b'), [
      'send',
      'email',
      'etc',
      'config',
      'json',
      'a',
      'b',
    ]);
    for (const text of ['send_email', 'email', 'config.json', 'etc/config', '/etc/config.json']) {
      assert.ok(holds('send_email /etc/config.json', text), text);
    }
    assert.ok(!holds('send_email', 'email_send'));
  });

  it('pays no heed to case, diacritics, width or ligatures', () => {
    assert.deepEqual(tokensOf('RÉSUMÉ ﬁle Ａ１ ΟΔΟΣ İ'), ['resume', 'file', 'a1', 'οδοσ', 'i']);
    assert.deepEqual(tokensOf('がギ'), ['がギ', 'ギ']);
  });

  it('finds any part of a CJK run, also one character and its last', () => {
    const text = '東京都の天気 パスワード漏えい ok';
    for (const part of ['東', '京都', '都の天', '気', 'パスワード', 'ド', 'い ok', '漏えい ok']) {
      assert.ok(holds(text, part), part);
    }
    for (const part of ['京東', '東都', '天気パ', '気 ok']) assert.ok(!holds(text, part), part);
  });

  it('finds every part of every CJK text', () => {
    const run = fc.string({
      unit: fc.constantFrom('東', '京', 'あ', 'ー', '한', '𠮷'),
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(run, fc.nat(), fc.nat(), (text, a, b) => {
        const characters = [...text];
        const from = a % characters.length;
        const part = characters.slice(from, from + 1 + (b % (characters.length - from))).join('');
        assert.ok(holds(text, part), `${part} in ${text}`);
      }),
    );
  });

  it('cuts the same tokens from a text and from its tokens', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const words = tokensOf(text).filter(
          (token) => !/[^\p{L}\p{N}\p{M}\p{Script=Han}]/u.test(token),
        );
        assert.deepEqual(words, tokensOf(text), 'nothing but letters, digits, marks and Han');
        for (const token of words) assert.ok([...token].length <= TOKEN_CHARS);
      }),
    );
  });

  it('finds a text by the whole of it, and a word by its beginning', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const phrase = phraseOf(text, 'whole');
        if (phrase !== undefined) assert.ok(holdsPhrase(tokensOf(text), phrase));
      }),
    );
    const long = 'x'.repeat(3 * TOKEN_CHARS + 7);
    for (const size of [1, TOKEN_CHARS - 1, TOKEN_CHARS, TOKEN_CHARS + 1, 3 * TOKEN_CHARS + 7]) {
      const phrase = phraseOf(long.slice(0, size), 'prefix');
      assert.ok(phrase !== undefined && holdsPhrase(tokensOf(long), phrase), String(size));
    }
  });

  it('gives FTS5 tokens that it does not cut, fold or drop', () => {
    const db = new Database(':memory:');
    db.exec("CREATE VIRTUAL TABLE word USING fts5(t, tokenize = 'ascii')");
    db.exec("CREATE VIRTUAL TABLE term USING fts5vocab(word, 'instance')");
    const insert = db.prepare('INSERT INTO word(t) VALUES (?)');
    const terms = db.prepare<string>('SELECT term FROM term ORDER BY offset').pluck();
    fc.assert(
      fc.property(hostile, (text) => {
        db.exec('DELETE FROM word');
        const tokens = tokensOf(text);
        insert.run(tokens.join(' '));
        assert.deepEqual(terms.all(), tokens);
      }),
    );
    db.close();
  });
});

function holds(text: string, part: string): boolean {
  const phrase = phraseOf(part, 'whole');
  return phrase !== undefined && holdsPhrase(tokensOf(text), phrase);
}
