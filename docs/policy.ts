/** The reference of policies; its schema comes from the declarations, its example is compiled. */
import type { Attributes } from '../src/policy/attribute.ts';
import { CONTEXT } from '../src/policy/circumstance.ts';
import { DANGERS } from '../src/policy/danger.ts';
import { PRINCIPAL } from '../src/policy/principal.ts';
import { schemaText } from '../src/policy/schema.ts';
import { TARGETS } from '../src/policy/target.ts';
import { GENERATED, table } from './markdown.ts';

/** Compiled by a test. */
export const EXAMPLE = `@id("restrict-prod-edits")
@reason("Production is changed with approval only.")
@escalate("Production is changed with approval only.")
@quorum("2")
@expires("30m")
forbid (
  principal,
  action in [Action::"write", Action::"delete"],
  resource is File
)
when { context.environment == "production" && resource.path like "/srv/*" }
unless { principal.runtime == "codex" && resource.extension == "md" };
`;

/** Read by a test. */
export const EXAMPLE_TESTS = `{
  "given": { "agent": { "id": "coder", "runtime": "claude-code" }, "cwd": "/srv/app" },
  "tests": [
    {
      "name": "an edit in production needs approval",
      "tool": "Edit",
      "arguments": { "file_path": "config.json", "old_string": "a", "new_string": "b" },
      "environment": "production",
      "at": "2026-11-23T10:00:00Z",
      "outcome": "escalate",
      "policy_ids": ["restrict-prod-edits"]
    },
    {
      "name": "and is permitted once approved",
      "tool": "Edit",
      "arguments": { "file_path": "config.json", "old_string": "a", "new_string": "b" },
      "environment": "production",
      "lifted": ["restrict-prod-edits"],
      "outcome": "permit"
    }
  ]
}
`;

const ANNOTATIONS = [
  ['@id("name")', "The policy's name in decisions; without it, its file and number."],
  ['@reason("…")', 'What the agent and people are told.'],
  ['@escalate("…")', 'On a `forbid`: an approval lifts it. The text says why approval is needed.'],
  ['@constraint("…")', 'A sentence that goes with the decision and to whoever approves.'],
  ['@quorum("2")', 'How many have to approve, up to 16.'],
  ['@expires("10m")', 'When an unanswered approval is denied: `s`, `m`, `h`, `d`, up to `7d`.'],
  ['@separation("true")', 'Nobody approves what was asked for on their own behalf.'],
  ['@zone("Asia/Tokyo")', 'In which `hour`, `minute` and `weekday` are read; UTC without it.'],
] as const;

export function policyReference(): string {
  return [
    GENERATED,
    INTRODUCTION,
    '## Annotations',
    table(
      ['annotation', 'meaning'],
      ANNOTATIONS.map(([name, text]) => [`\`${name}\``, text]),
    ),
    'Any other annotation is your own; one that is nearly one of these is refused.',
    '## What may be asked about',
    WHAT,
    '### `principal`: an `Agent`',
    attributes(PRINCIPAL),
    '### `context`',
    attributes(CONTEXT),
    '### `context.dangers`',
    DANGER,
    table(
      ['name', 'what it means'],
      Object.entries(DANGERS).map(([name, it]) => [`\`${name}\``, it]),
    ),
    '### `resource`',
    table(
      ['type', 'what it is', 'attributes'],
      Object.entries(TARGETS).map(([name, { about, attributes }]) => [
        `\`${name}\``,
        about,
        Object.keys(attributes)
          .map((one) => `\`${one}\``)
          .join(', '),
      ]),
    ),
    Object.entries(unique())
      .map(([name, it]) => `- \`${name}\`: ${it}`)
      .join('\n'),
    '## The schema',
    `\`\`\`cedar\n${schemaText()}\`\`\``,
    REST,
  ].join('\n\n');
}

function attributes(all: Attributes<never>): string {
  return table(
    ['attribute', 'type', 'what it is'],
    Object.entries(all).map(([name, { type, about }]) => [`\`${name}\``, type, about]),
  );
}

/** The attributes of resources, each once. */
function unique(): Record<string, string> {
  const found = Object.values(TARGETS).flatMap(({ attributes }) =>
    Object.entries(attributes as Attributes<never>).map(([name, { about }]) => [name, about]),
  );
  return Object.fromEntries(found.toReversed());
}

const INTRODUCTION = `# Policies

Policies say what agents may do. They are written in [Cedar](https://docs.cedarpolicy.com), in files \`*.cedar\`, and held to a schema that comes from the event's own actions and resources.

\`\`\`cedar
${EXAMPLE}\`\`\`

An action is asked about several times: once as a whole, about the \`Tool\` with the call's action, and once for each resource that it touches, with what is done to it. What \`rm -rf build && curl https://example.com\` touches is read from the line. All questions have to be permitted. Of all policies that hold for any of them, this decides, in this order:

1. a \`forbid\` without \`@escalate\`: **deny**, and no approval changes that;
2. a question that no \`permit\` holds for: **deny**;
3. a \`forbid\` with \`@escalate\` that was not lifted: **escalate**: somebody is asked;
4. else **permit**.

A \`forbid\` that fails (a number that overflows) forbids; a \`permit\` that fails permits nothing. A policy that could never apply, or that reads what does not exist, is refused with its line and column.

A trail without policies of its own runs on those in \`policies/\` of the package: \`clawctl policy show\` prints them. Change a copy and put it in force:

\`\`\`sh
mkdir policies
clawctl policy show > policies/mine.cedar       # what is in force now, to be changed
clawctl policy check ./policies                 # errors with line and column
clawctl policy test ./policies                  # the tests beside them, once there are some
clawctl policy diff ./policies                  # what changes
clawctl policy replay ./policies --from -7d     # which past decisions would come out otherwise
clawctl policy apply ./policies --reason "npm mirror allowed"
\`\`\``;

const WHAT = `Every attribute is always there: \`""\`, 0 or an empty set where nothing is known. \`resource is File\` in the scope, or before an \`&&\`, opens the attributes of a type; \`kind\` and \`id\` are everyone's. There are no groups and no parents.

Of files, hosts and the like \`read\`, \`write\`, \`delete\`, \`execute\` and \`network\` are asked. \`communicate\`, \`delegate\`, \`plan\`, \`query\`, \`admin\`, \`none\` and \`unknown\` are actions of a call, so only its \`Tool\` is asked about.`;

const DANGER = `Told from the words of commands, also inside of \`$(…)\`, of \`bash -c '…'\` and after \`sudo\`, and from SQL that a tool is given. It is a guard against accidents and plain attacks, no proof: code that nobody can follow sets \`context.uncertain\`.`;

const REST = `## Tests

Beside \`NAME.cedar\` stands \`NAME.test.json\`. \`given\` counts for every test; \`outcome\` is needed; \`policy_ids\`, where given, names exactly the policies that decide. Without \`at\` it is a Monday, ten o'clock UTC.

\`\`\`json
${EXAMPLE_TESTS}\`\`\`

Beside \`tool\`, \`arguments\`, \`cwd\`, \`agent\`, \`user\`, \`environment\`, \`channel\`, \`task_id\` a test may say \`action\` and \`resources\`; otherwise both are found out as for a recorded call. \`clawctl policy test\` ends with exit code 1 where one fails.

## Versions

The version of a set is a hash of its files. Every change is an event (\`tool:policy.apply\`) with author, reason, files and the difference. \`clawctl policy versions\` lists them, \`clawctl policy diff --version-of sha256:…\` compares with one. A decision names the version that it was made by.

## Replay

A decision's event holds the exact request, so it can be made again. \`clawctl policy replay DIR\` asks past decisions, the latest first, of other policies, lifts again what an approval had lifted, and leaves what a task's own scope or budget refused as it was. It changes nothing. Exit code 0: every outcome is the same (the policies behind it may be others: they are listed); 1: some outcome differs; 2: the policies have errors. Requests keep 8192 characters of the arguments, and the clock of the decision.

The same over HTTP: \`POST /v1/policies/check\`, \`POST /v1/policies/replay\`, \`POST /v1/policies\` (admin), \`GET /v1/policies\`, \`GET /v1/policies/versions\`: see \`/openapi.json\`.

## Limits

A set has at most 256 files, 2000 policies and a megabyte. Templates (\`?principal\`) are refused. Numbers go up to 2^53. Ids of hosts are names as the call gave them: what a name resolves to is for \`clawctl egress-proxy\`.
`;
