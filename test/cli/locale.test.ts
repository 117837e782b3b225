import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { en } from '../../src/cli/locale/en.ts';
import { ja } from '../../src/cli/locale/ja.ts';
import { chooseLanguage, speak } from '../../src/cli/screen/language.ts';

type Tree = { readonly [key: string]: string | Tree };

function sentences(tree: Tree, path = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    const here = path ? `${path}.${key}` : key;
    if (typeof value === 'string') found.set(here, value);
    else for (const [name, text] of sentences(value, here)) found.set(name, text);
  }
  return found;
}

const english = sentences(en as Tree);
const japanese = sentences(ja as Tree);
const holes = (text: string) => [...new Set(text.match(/\{\{\w+\}\}/g))].sort();

test('every English sentence has a Japanese one with the same blanks', () => {
  const wanted = [...english.keys()].filter((key) => !key.endsWith('_one'));
  assert.deepEqual([...japanese.keys()].sort(), wanted.sort());
  for (const key of wanted) {
    assert.deepEqual(holes(japanese.get(key) ?? ''), holes(english.get(key) ?? ''), key);
  }
});

test('Japanese sentences are Japanese', () => {
  const same = [...japanese].filter(([key, text]) => text === english.get(key)).map(([key]) => key);
  assert.deepEqual(same, ['problem.usage.message', 'label.index', 'label.id']);
});

test('every sentence is used, and commands print no literal of their own', () => {
  const root = join(import.meta.dirname, '..', '..', 'src', 'cli');
  const sources = globSync('**/*.ts', { cwd: root, exclude: ['locale/**'] })
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n');
  const coverage = ['column', 'doubt', 'shortfall', 'unseenBy', 'verdict', 'word'].map(
    (group) => `coverage.${group}`,
  );
  const plain = [
    ...['rollback.kind', 'rollback.status', 'rollback.why'],
    ...['approvals.state', 'approvals.scope', 'tasks.state', 'tasks.outcome', 'tasks.violation'],
    ...['validate.outcome', 'enforcement.mode'],
    'command.about',
    'fault',
    'problem',
    'group',
    'verify.erased',
    'doctor',
    'blind',
    'gate.hole',
    'why.kind',
  ];
  const groups = [...plain, ...coverage];
  const unused = [...english.keys()]
    .map((key) => key.replace(/_(one|other)$/, ''))
    .filter((key) => !groups.some((group) => key.startsWith(`${group}.`)))
    .filter((key) => !sources.includes(`'${key}'`));
  const kinds = ['verify.erased', 'verify.pending', 'verify.torn'];
  assert.deepEqual([...new Set(unused)].sort(), kinds);
  const literals = [...sources.matchAll(/(?:line|note)\((?:\{ text: )?['`]([^'`]*)/g)]
    .map(([, literal]) => literal?.replaceAll(/\$\{[^}]*\}/g, '') ?? '')
    .filter((literal) => /\p{L}{2}/u.test(literal));
  assert.deepEqual(literals, []);
});

test('the language is that of the flag, then of Claw, then of the locale, else English', () => {
  assert.equal(chooseLanguage(['--lang', 'ja'], { CLAW_LANG: 'en' }), 'ja');
  assert.equal(chooseLanguage(['logs', '--lang=en'], { LANG: 'ja_JP.UTF-8' }), 'en');
  assert.equal(chooseLanguage([], { CLAW_LANG: 'ja', LANG: 'en_US' }), 'ja');
  assert.equal(chooseLanguage([], { LC_ALL: '', LC_MESSAGES: 'ja_JP.UTF-8' }), 'ja');
  assert.equal(chooseLanguage([], { LANG: 'de_DE.UTF-8' }), 'en');
  assert.equal(chooseLanguage([], {}), 'en');
});

test('what is put into a sentence is made printable and never read as a sentence', async () => {
  const t = await speak('en');
  const said = t('search.next', { cursor: '\u001b[31m{{count}}$t(label.error)' });
  assert.equal(said, 'More: add --cursor \\x1b[31m{{count}}$t(label.error)');
});

test('one is one', async () => {
  const t = await speak('en');
  assert.equal(t('sessions.calls', { count: 1 }), '1 call');
  assert.equal(t('sessions.calls', { count: 0 }), '0 calls');
  assert.equal((await speak('ja'))('sessions.calls', { count: 1 }), '呼び出し 1 件');
});
