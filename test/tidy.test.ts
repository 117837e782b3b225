/** Style as executable law: layers, sizes, purity; ARCHITECTURE.md's table is the source of order. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';

const root = resolve(import.meta.dirname, '..');
const source = join(root, 'src');

const FILE_LINES = 300;
const FUNCTION_LINES = 50;
const LINE_CHARS = 100;
const PARAMETERS = 3;
/** Parts whose files take time, randomness, files and network as arguments. */
const PURE = ['fault', 'event', 'action', 'policy', 'search', 'format'];
const IMPURE =
  /\b(Date\.now\(|new Date\(\)|Math\.random\(|process\.env\b)|from 'node:(fs|net|http)/;
const VAGUE = /(^|\/)(utils?|helpers?|common|types|misc|shared|index)(\.ts|\/)/;

type Source = { readonly path: string; readonly part: string; readonly text: string };

const files: readonly Source[] = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({
    path: name,
    part: name.split('/')[0] ?? '',
    text: readFileSync(join(source, name), 'utf8'),
  }));

function partsInOrder(): string[] {
  const page = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
  return [...page.matchAll(/^\| `([a-z]+)` \|/gm)].map((match) => match[1] ?? '');
}

function importsOf({ path, text }: Source): string[] {
  const still = /^(?:import|export)\s[^;]*?from\s+'(\.[^']+)'/gms;
  const dynamic = /\bimport\('(\.[^']+)'\)/g;
  return [...text.matchAll(still), ...text.matchAll(dynamic)].map(([, to]) =>
    relative(source, resolve(source, dirname(path), to ?? '')),
  );
}

function report(found: readonly string[]): void {
  assert.deepEqual(found, [], `\n${found.join('\n')}\n`);
}

test('every part is a row of the table in ARCHITECTURE.md, and every row is a folder', () => {
  const folders = readdirSync(source).sort();
  assert.deepEqual([...partsInOrder()].sort(), folders);
});

test('imports run one way: a part imports itself and the parts above it in the table', () => {
  const order = partsInOrder();
  const rank = (part: string) => order.indexOf(part);
  const wrong = files.flatMap((file) =>
    importsOf(file)
      .filter((to) => rank(to.split('/')[0] ?? '') > rank(file.part))
      .map((to) => `${file.path} imports ${to}`),
  );
  report(wrong);
});

test('no import leaves src, and files import each other in no circle, not even for types', () => {
  const graph = new Map(files.map((file) => [file.path, importsOf(file)]));
  const outside = files.flatMap((file) =>
    importsOf(file)
      .filter((to) => to.startsWith('..') && !to.endsWith('package.json'))
      .map((to) => `${file.path} imports ${to}`),
  );
  report([...outside, ...circles(graph)]);
});

function circles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const state = new Map<string, 'open' | 'done'>();
  const found: string[] = [];
  const visit = (node: string, path: readonly string[]): void => {
    if (state.get(node) === 'done') return;
    if (state.get(node) === 'open') {
      found.push([...path.slice(path.indexOf(node)), node].join(' → '));
      return;
    }
    state.set(node, 'open');
    for (const next of graph.get(node) ?? []) visit(next, [...path, node]);
    state.set(node, 'done');
  };
  for (const node of graph.keys()) visit(node, []);
  return found;
}

test(`a file has at most ${FILE_LINES} lines and says on top what it is for`, () => {
  const wrong = files.flatMap(({ path, text }) => [
    ...(text.split('\n').length - 1 > FILE_LINES ? [`${path} has too many lines`] : []),
    ...(/^(#!.*\n)?\/\*\*/.test(text) ? [] : [`${path} does not begin with a doc comment`]),
  ]);
  report(wrong);
});

test(`a line has at most ${LINE_CHARS} characters`, () => {
  const wrong = files.flatMap(({ path, text }) =>
    text
      .split('\n')
      .map((line, i) => ({ line, place: `${path}:${i + 1}` }))
      .filter(({ line }) => [...line].length > LINE_CHARS && !/https?:\/\//.test(line))
      .map(({ place }) => place),
  );
  report(wrong);
});

test(`a function has at most ${FUNCTION_LINES} lines and ${PARAMETERS} parameters`, () => {
  const wrong = files.flatMap(({ path, text }) => {
    const lines = text.split('\n');
    return lines.flatMap((line, i) => {
      const match = /^(?:export )?(?:async )?function\*? (\w+)/.exec(line);
      if (!match) return [];
      const length = lines.indexOf('}', i) - i + 1;
      const signature = text.slice(text.indexOf(line)).split(/\)(?::|\s\{)/)[0] ?? '';
      const many = parameters(signature) > PARAMETERS;
      return [
        ...(length > FUNCTION_LINES ? [`${path}:${i + 1} ${match[1]} has ${length} lines`] : []),
        ...(many ? [`${path}:${i + 1} ${match[1]} has too many parameters`] : []),
      ];
    });
  });
  report(wrong);
});

/** Commas at the signature's own level of nesting, plus one. */
function parameters(signature: string): number {
  const inside = signature.slice(signature.indexOf('(') + 1).replace(/,\s*$/, '');
  let level = 0;
  let count = inside.trim() === '' ? 0 : 1;
  for (const char of inside.replaceAll('=>', '')) {
    if ('({[<'.includes(char)) level++;
    if (')}]>'.includes(char)) level--;
    if (char === ',' && level === 0) count++;
  }
  return count;
}

test('the core is pure: time, randomness, environment and files come in as arguments', () => {
  const wrong = files
    .filter(({ part, text }) => PURE.includes(part) && IMPURE.test(text))
    .map(({ path, text }) => `${path}: ${IMPURE.exec(text)?.[0]}`);
  report(wrong);
});

test('a contract bears the name of its folder', () => {
  const contracts = ['adapter', 'engine', 'format', 'journal', 'ledger', 'seal', 'store', 'trail'];
  const wrong = contracts.filter(
    (part) => !files.some(({ path }) => path === `${part}/${part}.ts`),
  );
  report(wrong.map((part) => `src/${part}/${part}.ts is missing`));
});

test('names say what a thing is: no utils, helpers, common, types, no barrels', () => {
  const vague = files.filter(({ path }) => VAGUE.test(path)).map(({ path }) => path);
  const barrels = files
    .filter(({ text }) => /^export \* from/m.test(text))
    .map(({ path }) => `${path} is a barrel`);
  report([...vague, ...barrels]);
});

test('no classes beside Fault, no enums, no any, no default exports', () => {
  const banned =
    /^(export )?(abstract )?class (?!Fault\b)|^(export )?(const )?enum |: any\b|^export default/m;
  report(files.filter(({ text }) => banned.test(text)).map(({ path }) => path));
});

test('the SDK and the hook shim load nothing heavy: node modules and light files alone', () => {
  const light = new Set(['sdk', 'fault', 'event']);
  // It loads nothing itself (test/adapter/hook.test.ts).
  const alone = 'adapter/gate.ts';
  const heavy = files
    .filter(({ part, path }) => part === 'sdk' || path.startsWith('cli/hook/'))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/^import\s+(type\s)?[^;]*?from\s+'([^']+)'/gms)]
        .filter(([, type, to]) => {
          if (type !== undefined || to?.startsWith('node:')) return false;
          const target = relative(source, resolve(source, dirname(path), to ?? ''));
          const beside = dirname(target) === 'cli/hook' || target === alone;
          return !to?.startsWith('.') || !(light.has(target.split('/')[0] ?? '') || beside);
        })
        .map(([, , to]) => `${path} loads ${to}`),
    );
  report(heavy);
});
