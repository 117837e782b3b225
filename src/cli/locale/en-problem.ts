/** Failures that clawctl itself finds, in English, with the way out. */
import { governProblems } from './en-govern.ts';
import { policyProblems } from './en-policy.ts';
import { rollbackProblems } from './en-rollback.ts';

export const problems = {
  ...governProblems,
  ...rollbackProblems,
  unreachable: {
    message: 'No Claw server answers at {{url}}.',
    hint: 'Start one with "clawctl serve", or name another with --url or CLAW_URL.',
  },
  mcpVote: {
    message: 'Approvals are not given with the token of this machine.',
    hint: "Set CLAW_TOKEN to an approver's token; clawctl token create --role approver makes one.",
  },
  foreignAnswer: {
    message: 'What answers there is not Claw (HTTP status {{status}}).',
    hint: 'Check --url or CLAW_URL.',
  },
  cutAnswer: {
    message: 'The answer of {{url}} ended before it was complete.',
    hint: "Nothing was kept; look at the server's log and try again.",
  },
  tailEnded: {
    message: 'The server ended the stream.',
    hint: 'Events recorded meanwhile are found by "clawctl logs search".',
  },
  noToken: {
    message: 'No token for {{url}}.',
    hint: 'Set CLAW_TOKEN; on the machine of the server, name its data folder with --data.',
  },
  badUrl: {
    message: '{{url}} is not an http or https address.',
    hint: 'Example: --url http://127.0.0.1:4620',
  },
  badUpstream: {
    message: '{{url}} is not an http or https address without a name and password.',
    hint: 'Example: --upstream https://tickets.example/mcp',
  },
  zone: {
    message: '{{zone}} is no IANA time zone.',
    hint: 'Example: --zone Asia/Tokyo',
  },
  whole: { message: '{{option}} must be a whole number from {{least}} to {{most}}.' },
  choice: { message: '{{option}} must be one of: {{choices}}.' },
  option: {
    message: 'There is no option {{flag}} here.{{similar}}',
    hint: 'Add --help to see what there is.',
  },
  command: {
    message: 'There is no command {{word}}.{{similar}}',
    hint: '"clawctl --help" lists the commands.',
  },
  argument: { message: '{{name}} is missing.', hint: 'Add --help to see an example.' },
  value: { message: 'Option {{flag}} needs a value.', hint: 'Add --help to see an example.' },
  required: { message: 'Option {{flag}} is required.', hint: 'Add --help to see an example.' },
  excess: { message: 'Too many arguments.', hint: 'Quote a query that holds spaces.' },
  needsMode: { message: '{{one}} needs --enforce or --mode.' },
  needs: { message: '{{option}} needs {{other}}.' },
  conflict: { message: '{{one}} and {{other}} do not go together.' },
  usage: { message: '{{text}}', hint: 'Add --help to see an example.' },
  noEvent: {
    message: 'No event or call {{event}}.',
    hint: '"clawctl logs search" finds events; give at least 4 characters of an id.',
  },
  manyEvents: {
    message: 'Several events begin with {{event}}.',
    hint: 'Give more of the id: {{ids}}, …',
  },
  noSession: {
    message: 'No session {{session}}.',
    hint: '"clawctl sessions list" lists them.',
  },
  manySessions: {
    message: 'Several sessions begin with {{session}}.',
    hint: 'Give more of the id: {{ids}}.',
  },
  noIndex: {
    message: 'No event at index {{index}}.',
    hint: 'The index is the # of "clawctl logs search".',
  },
  erasedIndex: {
    message: 'The event at index {{index}} cannot be opened: {{problem}}.',
    hint: '"clawctl verify" tells erased, missing and tampered apart.',
  },
  unwritable: {
    message: '{{file}} cannot be written: {{reason}}.',
    hint: 'Choose another place with --output.',
  },
  unreadable: { message: '{{file}} cannot be read: {{reason}}.' },
  interrupted: { message: 'Interrupted; nothing was written.' },
  importBroken: {
    message: 'The import was interrupted; what was sent until then is recorded.',
    hint: 'Run it again: what is recorded already is not recorded twice.',
  },
  noYes: {
    message: 'Nobody is there to say yes.',
    hint: 'Look at the change above, then add --yes.',
  },
  noData: {
    message: 'There is no data folder {{data}}.',
    hint: 'Name it with --data, or start "clawctl serve" to make one.',
  },
  notProof: {
    message: '{{file}} is not a proof file of Claw.',
    hint: 'Give the .claw-proof.json file that "clawctl proof" wrote.',
  },
  badVkey: {
    message: '--vkey holds no verifier key.',
    hint: 'It looks like NAME+HASH+KEY; the server publishes it at /ledger/TENANT/vkey.',
  },
  proofFails: { message: 'The proof does not hold: {{reason}}.' },
  nothingSigned: {
    message: 'A tenant has no checkpoint, or there is none: its trail cannot be verified.',
    hint: 'A new trail gets its first checkpoint within a second or so; try again.',
  },
  notCovered: {
    message: 'Not every session is complete: {{incomplete}} incomplete, {{unknown}} unknown.',
    hint: '"clawctl coverage SESSION" says what nobody saw, and why nothing is certain.',
  },
  trailFails: { message: 'The trail does not verify.' },
  noScope: {
    message: '{{runtime}} has no settings of a project: it is recorded for the user.',
    hint: 'Leave --project away.',
  },
  notFor: { message: '{{option}} is not for {{runtime}}.' },
  ...policyProblems,
  shell: { message: 'No completion for {{shell}}.', hint: 'There is bash, zsh and fish.' },
} as const satisfies Readonly<Record<string, { message: string; hint?: string }>>;
