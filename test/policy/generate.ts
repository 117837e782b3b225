/** Random policies and requests: valid by the schema, of every form that matters for slicing. */
import fc from 'fast-check';
import type { PolicyRequest } from '../../src/policy/policy.ts';

const ACTIONS = ['read', 'write', 'delete', 'execute', 'network', 'communicate', 'unknown'];
const ACCESSES = ['read', 'write', 'delete', 'execute', 'network'] as const;
const TEXTS = [
  '',
  'a',
  'ab',
  'aab',
  'prod',
  'git',
  '/a/b.ts',
  '/a/.env',
  'x.example.com',
  '日本',
  '*',
];
const IDS: Readonly<Record<string, readonly string[]>> = {
  file: ['/a/b.ts', '/a/../a/.env', 'a', '~/.ssh/id_rsa', 'C:\\x\\y.PEM', '日本/\ud800'],
  directory: ['/a', '/'],
  url: ['https://x.example.com/a?b', 'http://127.0.0.1:8080/', 'no url', 'ab'],
  host: ['x.example.com', 'X.Example.com:8443', '[::1]:80', 'localhost'],
  command: ['git push --force', 'rm -rf /a', 'ls "$(cat a)"', 'ab', 'psql -c "drop table x"'],
  process: ['1'],
  tool: ['a'],
  agent: ['a'],
  mcp_server: ['ab'],
  'pkg thing': ['ab'],
};
const TYPES: Readonly<Record<string, readonly string[]>> = {
  File: ['path', 'name', 'extension'],
  Directory: ['path'],
  Url: ['scheme', 'host', 'path'],
  Host: ['host'],
  Command: ['line', 'program'],
  Tool: ['name', 'server'],
  Process: [],
  Other: [],
};

const text = fc.constantFrom(...TEXTS);
const literal = text.map((value) => JSON.stringify(value));
const pattern = fc
  .array(fc.constantFrom('*', 'a', 'b', '/', 'x', '.', '日', '\\*'), { maxLength: 5 })
  .map((parts) => `"${parts.join('')}"`);
const number = fc.constantFrom('0', '1', '5', '9', '12', '22');

/** Sometimes overflows, so that the policy fails. */
const long: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('context.hour', 'context.minute', 'context.weekday'),
  fc.tuple(number, fc.constantFrom('+', '-', '*'), number).map(([a, b, c]) => `(${a} ${b} ${c})`),
  fc.constant('(context.hour * 9007199254740991 * 9007199254740991)'),
);

function strings(type: string | undefined): fc.Arbitrary<string> {
  const own = (type === undefined ? [] : (TYPES[type] ?? [])).map((name) => `resource.${name}`);
  return fc.constantFrom(
    ...['context.tool', 'context.environment', 'context.action', 'context.cwd', 'context.input'],
    ...['principal.runtime', 'principal.id', 'resource.kind', 'resource.id'],
    ...own,
    ...own,
  );
}

const sets = fc.oneof(
  fc.constantFrom('context.dangers', 'context.programs', 'context.hosts'),
  fc.array(literal, { minLength: 1, maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
);
const action = fc.constantFrom(...ACTIONS).map((name) => `Action::"${name}"`);

function leaf(type: string | undefined): fc.Arbitrary<string> {
  const string = strings(type);
  return fc.oneof(
    fc.tuple(string, pattern).map(([a, b]) => `${a} like ${b}`),
    fc
      .tuple(string, fc.constantFrom('==', '!='), fc.oneof(literal, string))
      .map((it) => it.join(' ')),
    fc.tuple(sets, fc.oneof(string, literal)).map(([a, b]) => `${a}.contains(${b})`),
    fc
      .tuple(sets, fc.constantFrom('containsAny', 'containsAll'), sets)
      .map(([a, b, c]) => `${a}.${b}(${c})`),
    sets.map((a) => `${a}.isEmpty()`),
    fc
      .tuple(long, fc.constantFrom('<', '<=', '>', '>=', '==', '!='), long)
      .map((it) => it.join(' ')),
    fc.constantFrom(
      'context.leaves',
      'context.holds_secret',
      'context.uncertain',
      'context.secret_file',
    ),
    fc.constantFrom(
      'context.destructive',
      'principal has runtime',
      'context has tool',
      'true',
      'false',
    ),
    fc.array(action, { minLength: 1, maxLength: 3 }).map((all) => `action in [${all.join(', ')}]`),
    action.map((one) => `action == ${one}`),
    fc
      .array(action, { minLength: 1, maxLength: 2 })
      .map((all) => `[${all.join(', ')}].contains(action)`),
    fc.constantFrom('resource is Host', 'resource == File::"a"', 'principal == Agent::"a"'),
    fc.constantFrom(
      '{a: context}.a.tool == "a"',
      '(if context.leaves then principal else principal).id == "a"',
      'context.at < datetime("2026-11-23")',
      'resource is File && resource.secret',
      'resource is Url && resource.port > 100',
      'resource is Command && resource.words.contains("git")',
    ),
  );
}

function expression(type: string | undefined): fc.Arbitrary<string> {
  const { node } = fc.letrec<{ node: string }>((tie) => ({
    node: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf(type),
      fc
        .tuple(tie('node'), fc.constantFrom('&&', '||'), tie('node'))
        .map((it) => `(${it.join(' ')})`),
      tie('node').map((it) => `!(${it})`),
      fc
        .tuple(tie('node'), tie('node'), tie('node'))
        .map(([a, b, c]) => `(if ${a} then ${b} else ${c})`),
    ),
  }));
  return node;
}

/** One policy as text, of which the schema may still refuse some. */
export const policyText: fc.Arbitrary<string> = fc
  .option(fc.constantFrom(...Object.keys(TYPES)), { nil: undefined })
  .chain((type) =>
    fc.record({
      effect: fc.constantFrom('permit', 'permit', 'forbid'),
      escalate: fc.boolean(),
      principal: fc.constantFrom(
        'principal',
        'principal',
        'principal is Agent',
        'principal == Agent::"a"',
      ),
      action: fc.oneof(
        fc.constant('action'),
        action.map((one) => `action == ${one}`),
        fc
          .array(action, { minLength: 1, maxLength: 4 })
          .map((all) => `action in [${all.join(', ')}]`),
      ),
      resource:
        type === undefined
          ? fc.constant('resource')
          : fc.constantFrom(
              `resource is ${type}`,
              `resource is ${type}`,
              `resource == ${type}::"a"`,
            ),
      clauses: fc.array(fc.tuple(fc.constantFrom('when', 'unless'), expression(type)), {
        maxLength: 2,
      }),
    }),
  )
  .map(({ effect, escalate, principal, action, resource, clauses }) => {
    const lifts = effect === 'forbid' && escalate ? '@escalate("why") ' : '';
    const conditions = clauses.map(([kind, body]) => `${kind} { ${body} }`).join(' ');
    return `${lifts}${effect} (${principal}, ${action}, ${resource}) ${conditions};`;
  });

const resource = fc.constantFrom(...Object.keys(IDS)).chain((kind) =>
  fc.record({
    kind: fc.constant(kind),
    id: fc.constantFrom(...(IDS[kind] ?? ['a'])),
    access: fc.constantFrom(...ACCESSES),
  }),
);

export const policyRequest: fc.Arbitrary<PolicyRequest> = fc.record({
  principal: fc.record(
    { agent_id: text, runtime: text, user_id: text },
    { requiredKeys: [] },
  ) as fc.Arbitrary<PolicyRequest['principal']>,
  tool: text,
  action: fc.constantFrom(...ACTIONS) as fc.Arbitrary<PolicyRequest['action']>,
  resources: fc.array(resource, { maxLength: 4 }),
  context: fc.record({
    session_id: fc.constant('s'),
    environment: text,
    cwd: text,
    input: text,
    at: fc.constantFrom('2026-11-22T23:30:00.000Z', '2026-11-23T12:05:00.000Z'),
    holds_secret: fc.boolean(),
    uncertain: fc.boolean(),
  }),
});
