/** The reference of the query language; its examples are parsed by a test. */
import { FIELDS, type Field } from '../src/engine/field.ts';
import { QUERY_CHARS, QUERY_DEPTH, QUERY_TERMS } from '../src/search/query.ts';
import { GENERATED, table } from './markdown.ts';

type Example = readonly [query: string, meaning: string];

/** Examples by heading. */
export const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  Fields: [
    ['tool:send_email', 'The field has this value; ASCII case does not matter.'],
    ['tool:"send email"', 'A value with spaces, parentheses or stars in it, letter by letter.'],
    ['path:"/srv/a \\"b\\".txt"', 'In quotes `\\"` is a quote and `\\\\` a backslash.'],
    ['status:(blocked OR error)', 'Several values of one field.'],
    ['status:POLICY_VIOLATION', "The documents' word for `blocked`."],
    ['approver:*', 'The field has some value.'],
    ['-user:*', 'The field has none.'],
  ],
  Wildcards: [
    ['resource:*.pem', 'A star stands for any characters, also none.'],
    ['tool:mcp__*__send*', 'As many as needed.'],
    ['path:*"my documents"*', 'Quotes for the part with a space, stars outside.'],
  ],
  'Numbers and times': [
    ['duration_ms:>1000', 'Also `>=`, `<`, `<=`, `=`.'],
    ['bytes:1000..2000', 'From … to, both included; `1000..` and `..2000` are open.'],
    ['time:>=2026-01-01', 'From the start of that day, in the zone of the request.'],
    ['time:2026-01-31', 'Within that day; `<=` a date is up to its end, `>` after its end.'],
    ['time:2026-01-01..2026-01-31', 'January, its last day included.'],
    ['time:>-2h', 'In the last two hours; also `-30m`, `-7d`, `-1w`.'],
    ['time:yesterday', 'Also `today`, `tomorrow`, `now`, and `14:30` for today at that minute.'],
    ['time:>="2026-01-31 14:22"', 'Or `2026-01-31T14:22:33.456Z` without quotes.'],
  ],
  Text: [
    ['invoice', 'The word, in any text of the event.'],
    ['invoi*', 'Words that begin so.'],
    ['"delayed shipment"', 'The words next to each other.'],
    ['content:refund', 'In one text field only: `content`, `arguments`, `result`, and others.'],
    ['arguments:vendor.com', 'What is no letter or digit separates words: this is a phrase.'],
    ['承認待ち', 'Japanese, Chinese and Korean need no spaces; one character is enough.'],
    ['"status:blocked"', 'In quotes a colon has no meaning.'],
  ],
  'Putting together': [
    ['tool:Bash status:error', 'Both; `AND` may stand between.'],
    ['tool:Bash OR tool:Write', 'Either. `OR` binds less than what stands side by side.'],
    ['-user:bot', 'Not; also `NOT user:bot`. A word such as `--force` is a word.'],
    ['(agent:a OR agent:b) -status:success', 'Parentheses.'],
    [
      'tool:send_email status:blocked -user:bot "exact phrase" resource:*.pem duration_ms:>1000 time:>=2026-01-01 (agent:a OR agent:b)',
      'All of it.',
    ],
  ],
};

export function queryReference(): string {
  const sections = Object.entries(EXAMPLES).map(([heading, examples]) => {
    const rows = examples.map(([query, meaning]) => [`\`${query}\``, meaning]);
    return `## ${heading}\n${table(['query', 'finds'], rows)}`;
  });
  return `${GENERATED}
# The query language

Used by \`clawctl logs search --query\`, \`GET /v1/events?query=\`, exports, counts and the live tail. An
empty query finds everything. \`AND\`, \`OR\` and \`NOT\` are operators in capitals only. A query has at
most ${QUERY_CHARS} characters, ${QUERY_TERMS} terms and ${QUERY_DEPTH} levels of nesting. What cannot be read is refused with
\`query.invalid\` and the column.

${sections.join('\n\n')}

A time that daylight saving skips is read as much later as the skip; one that it repeats, as the
first. \`-7d\` is seven times 24 hours.

## Fields that can be searched
${table(['field', 'kind', 'also called', 'what it is'], FIELDS.map(fieldCells))}
`;
}

function fieldCells(field: Field): readonly string[] {
  const called = field.synonyms.map((name) => `\`${name}\``).join(', ');
  const values = field.values === undefined ? '' : ` One of ${field.values.join(', ')}.`;
  return [`\`${field.name}\``, field.kind, called, `${field.description}${values}`];
}
