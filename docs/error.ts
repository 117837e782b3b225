/** The reference of codes, from the table of faults and clawctl's own sentences for them. */
import { faults } from '../src/cli/locale/en-fault.ts';
import { type Blame, CODES, type Code, exitCode, Fault } from '../src/fault/fault.ts';
import { GENERATED, table } from './markdown.ts';

const WHO: Readonly<Record<Blame, string>> = {
  caller: 'whoever asked: what was sent is wrong',
  operator: 'the operator: the machine or its configuration',
  evidence: 'the auditor: the trail itself does not hold, or no longer has the content',
  internal: 'we: a bug',
};

export function errorReference(): string {
  const codes = Object.keys(CODES) as Code[];
  const rows = codes.map((code) => [
    `\`${code}\``,
    meaning(code),
    CODES[code].blame,
    String(CODES[code].status),
    String(exitCode(new Fault(code, ''))),
  ]);
  const blames = Object.entries(WHO).map(([blame, who]) => [blame, who]);
  return `${GENERATED}
# Errors

Every failure has a code. Over HTTP it is \`{"error": {"code", "message", …}}\` with the status below;
\`clawctl\` prints it and ends with the exit code. Beside the message there may be \`field\`, \`limit\`,
\`column\` (1-based, in a query), \`retry_after_s\` and \`hint\` (the way out).

${table(['code', 'meaning', 'who must act', 'HTTP', 'exit'], rows)}

Exit code 0 means that it was done.

${table(['who must act', ''], blames)}
`;
}

function meaning(code: Code): string {
  const [part = '', name = ''] = code.split('.');
  const words = (faults as Readonly<Record<string, Readonly<Record<string, string>>>>)[part];
  return (words?.[name] ?? '').replaceAll(/\{\{(\w+)\}\}/g, '*$1*');
}
