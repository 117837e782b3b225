/** The reference of the event's fields, from the event's declaration. */
import { FIELDS } from '../src/engine/field.ts';
import { DEPTH } from '../src/event/canonical.ts';
import { type FieldRow, fieldTable } from '../src/event/schema.ts';
import { GENERATED, table } from './markdown.ts';

const NAMES: readonly (readonly [string, string])[] = [
  ['`timestamp`, `created_at`', '`time`; readers get `created_at` beside it'],
  ['`user_id`, `agent_id`', '`user.id`, `agent.id`; readers get both'],
  ['`tokens_used`', '`tokens.total`; readers get it, or the sum of `input` and `output`'],
  ['`error` as text', '`error.message`'],
  ['`policy_id`', '`decision.policy_ids`; without a `type` it makes a `decision`'],
  [
    '`status: POLICY_VIOLATION`',
    '`status: blocked`, `decision.outcome: deny`; the audit log writes it as it was',
  ],
];

export function eventReference(): string {
  return `${GENERATED}
# The event

One fact of what an agent did, as JSON. A producer must give \`type\` and \`session_id\`; \`id\`,
\`time\`, \`tenant_id\`, \`agent\`, \`user\` and \`environment\` are filled in where they are missing,
\`recorded_at\` and \`overflow\` by Claw alone. "Required" below is said of an event as it is sealed.
The schema for programs is [event.schema.json](../../schema/event.schema.json).

What has no field of its own is kept in \`attributes\`: \`foo\` as \`foo\`, a member \`team\` of \`agent\` as
\`agent.team\`. If \`attributes\` has the name already, the unknown field gets a \`_\` before its name.
A null counts as absent.

Numbers are IEEE 754 doubles, as in I-JSON (RFC 7493): digits of a number that a double cannot
hold are lost when the JSON is read. Send identifiers and integers beyond 2^53 as text. Values
nest at most ${DEPTH} levels deep. Characters are counted in UTF-16 units. Lone surrogates, controls and
a key named \`__proto__\` are recorded as they are.

${table(['field', 'type', 'required', 'search', 'limit', 'what it is'], fieldTable().map(fieldCells))}

\`search\` is how a query takes the field: keyword (exact or with \`*\`), number, time, text (full
text), or not by name. See [the query language](query.md).

## Names of the documents
They are accepted, and given back to readers.

${table(['sent', 'becomes'], NAMES)}
`;
}

function fieldCells(row: FieldRow): readonly string[] {
  const short = FIELDS.find(({ name }) => name === row.name.replaceAll('[]', ''))?.synonyms ?? [];
  const values = row.values === undefined ? '' : ` One of ${code(row.values)}.`;
  const called = short.length === 0 ? '' : ` In queries also ${code(short)}.`;
  return [
    `\`${row.name}\``,
    row.type,
    row.required ? 'yes' : '',
    row.index ?? '',
    row.limit ?? '',
    `${row.description}${values}${called}`,
  ];
}

function code(words: readonly string[]): string {
  return words.map((word) => `\`${word}\``).join(', ');
}
