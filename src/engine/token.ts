/** Cuts text into the tokens that are indexed and searched: words, and bigrams of CJK text. */

/** Characters (code points) of one token; a longer run is cut into tokens of this length. */
export const TOKEN_CHARS = 64;

/** What a searched text asks for: these tokens next to each other. */
export type Phrase = {
  readonly tokens: readonly string[];
  /** The last token is only the beginning of one. */
  readonly prefix: boolean;
};

/**
 * Tokens of an indexed text, in order. A run of Han, kana or Hangul becomes overlapping bigrams
 * and, last, its final character alone, so that any part of the run is a phrase of bigrams.
 * Han is what Unicode calls so, radicals as `⺀` too.
 * Everything else that is no letter, digit or mark separates: `send_email` is `send`, `email`.
 */
export function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  if (ASCII.test(text)) {
    for (const run of text.toLowerCase().match(ASCII_WORDS) ?? []) pushWord(tokens, run);
    return tokens;
  }
  for (const run of folded(text).match(RUNS) ?? []) {
    if (isCjk(run)) pushBigrams(tokens, run);
    else pushWord(tokens, run);
  }
  return tokens;
}

/** The text with the same tokens for FTS5's `ascii` tokenizer; plain text is that as it is. */
export function tokenText(text: string): string {
  // SQLite may take NUL for the end.
  const plain = ASCII.test(text) && !text.includes('\0') && !hasLongRun(text);
  return plain ? text : tokensOf(text).join(' ');
}

/** The phrase that finds `text`; undefined where it holds nothing that can be searched. */
export function phraseOf(text: string, form: 'whole' | 'prefix'): Phrase | undefined {
  const tokens = tokensOf(text);
  const last = tokens.at(-1);
  if (last === undefined) return undefined;
  if (!isCjk(last)) return { tokens, prefix: form === 'prefix' };
  // The searched run may go on in the text: its final character must not have to stand alone.
  const before = tokens.at(-2);
  const inRun = before !== undefined && isBigram(before) && before.endsWith(last);
  if (inRun) return { tokens: tokens.slice(0, -1), prefix: false };
  return { tokens, prefix: true };
}

/** Whether the phrase occurs in an indexed text's tokens. */
export function holdsPhrase(tokens: readonly string[], phrase: Phrase): boolean {
  const last = phrase.tokens.length - 1;
  for (let at = 0; at + last < tokens.length; at++) {
    if (holdsAt(tokens, at, phrase)) return true;
  }
  return false;
}

const ASCII = /^[\0-\x7f]*$/;
const ASCII_WORDS = /[a-z0-9]+/g;
const MARKS = /[\u0300-\u036f]+/g;
const CJK = '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\u30fc';
const RUNS = new RegExp(`[${CJK}]+|[[\\p{L}\\p{N}\\p{M}]--[${CJK}]]+`, 'gv');
const BEGINS_CJK = new RegExp(`^[${CJK}]`, 'v');

/** Whether an ASCII text has more letters and digits in a row than a token has characters. */
function hasLongRun(text: string): boolean {
  // A long run covers every place that is a token's length after a character that ends one.
  for (let from = 0; from + TOKEN_CHARS < text.length; ) {
    let at = from + TOKEN_CHARS;
    while (at >= from && isWord(text.charCodeAt(at))) at--;
    if (at < from) return true;
    from = at + 1;
  }
  return false;
}

function isWord(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x41 && code <= 0x5a)
  );
}

function folded(text: string): string {
  const lower = text.toWellFormed().normalize('NFKC').toLowerCase().replaceAll('ς', 'σ');
  return lower.normalize('NFD').replace(MARKS, '').normalize('NFKC');
}

function isCjk(run: string): boolean {
  return run.charCodeAt(0) > 0x7f && BEGINS_CJK.test(run);
}

function isBigram(token: string): boolean {
  return isCjk(token) && [...token].length === 2;
}

function pushBigrams(tokens: string[], run: string): void {
  const characters = [...run];
  for (let i = 0; i < characters.length; i++) {
    tokens.push((characters[i] ?? '') + (characters[i + 1] ?? ''));
  }
}

function pushWord(tokens: string[], run: string): void {
  if (run.length <= TOKEN_CHARS) {
    tokens.push(run);
    return;
  }
  const characters = [...run];
  for (let i = 0; i < characters.length; i += TOKEN_CHARS) {
    tokens.push(characters.slice(i, i + TOKEN_CHARS).join(''));
  }
}

function holdsAt(tokens: readonly string[], at: number, phrase: Phrase): boolean {
  const last = phrase.tokens.length - 1;
  return phrase.tokens.every((wanted, i) => {
    const token = tokens[at + i] ?? '';
    return i === last && phrase.prefix ? token.startsWith(wanted) : token === wanted;
  });
}
