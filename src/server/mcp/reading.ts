/** The tools with which an investigator's agent reads the trail. */
import { z } from 'zod';
import { printableBlock } from '../../search/safe.ts';
import { auditSchema } from '../answer.ts';
import * as parameter from '../parameter.ts';
import type { Arguments, ToolSpec } from './tool.ts';

const READ = { hints: { readOnlyHint: true, idempotentHint: true }, answer: 'recorded' } as const;
const text = z.string();

const QUERY = [
  'The query language: words and fields side by side must all match. Examples:',
  'tool:Bash status:error (status: pending, success, error, blocked, escalated, unknown)',
  'type:prompt "delete the database" (a phrase; types: prompt, output, tool_call, api_call,',
  '  file_operation, decision, approval, task, session, access, admin, finding, gap)',
  'resource:*.pem (files, URLs, hosts and commands that were touched; * is any text)',
  'agent:build-bot -user:alice duration_ms:>1000 (not; numbers with > >= < <= and 1..9)',
  '(tool:Write OR tool:Edit) time:>=2026-01-31 (OR in capitals, parentheses; time:>-2h)',
  'policy:restrict-prod-edits task:T1 session:S1 call:C1 (what governed it, where it belongs)',
].join('\n');

const queryOf = (description: string) => ({
  query: text.max(8192).optional().meta({ description }),
});
const query = queryOf('The query language, as search_events describes it.');
const limit = (most: number, usual: number) => ({
  limit: parameter.whole({ min: 1, max: most }).default(usual).meta({
    description: 'The most that come back at once; fewer where they are large.',
  }),
});

/** As many of a row's fields as a reader plans with; the others are beside them. */
const row = z.looseObject({
  id: text.meta({ description: 'For get_event and explain_event.' }),
  index: z.int(),
  time: text,
  type: text,
  session_id: text,
  task_id: text.optional(),
  call_id: text.optional(),
  tool: text.optional(),
  status: text.optional(),
});
const readTo = z.looseObject({ complete: z.boolean() }).meta({
  description: 'Whether the index had read all that was recorded.',
});
const cursor = text.optional().meta({ description: 'Give it back to get the next page.' });
const rows = { events: z.array(row), cursor, read_to: readTo };
const session = z.looseObject({ session_id: text, title: text.optional() });
const field = z.enum(['content', 'arguments', 'result', 'raw', 'attributes', 'error', 'resources']);

/** Characters of a piece of a field, as JSON. */
const PIECE = 40_000;

export const READING: readonly ToolSpec[] = [
  {
    ...READ,
    name: 'search_events',
    title: 'Search what agents did',
    description:
      'Finds recorded events of AI agents: prompts, tool calls, file changes, requests, ' +
      'decisions, approvals. One row a tool call, newest first, in short (get_event shows one ' +
      'whole). Use it to find out what happened; use count_events for "how many", ' +
      'session_timeline for one session in order. Without a query: the latest events.',
    route: 'GET /v1/events',
    arguments: { ...queryOf(QUERY), ...limit(100, 20) },
    output: z.object(rows),
    shape: slim,
  },
  {
    ...READ,
    name: 'count_events',
    title: 'Count events',
    description: 'How many recorded events match a query, exactly. Takes what search_events takes.',
    route: 'GET /v1/count',
    arguments: query,
  },
  {
    ...READ,
    name: 'top_values',
    title: "A field's most frequent values",
    description:
      'The most frequent values of one field among the events that match, with their counts: ' +
      'which tools, agents, users, hosts, statuses. Fields: tool, status, type, agent.id, ' +
      'user.id, session_id, action, resource, policy_id, model, source.kind, error.code and ' +
      'others.',
    route: 'GET /v1/facets',
    arguments: { ...query, ...limit(100, 20) },
  },
  {
    ...READ,
    name: 'list_sessions',
    title: 'List sessions',
    description:
      'Sessions (one run or conversation of an agent) that hold an event which matches, the ' +
      'latest first: agent, user, first words, when, how many calls and how they ended.',
    route: 'GET /v1/sessions',
    arguments: { ...query, ...limit(100, 20) },
    output: z.object({ sessions: z.array(session), cursor, read_to: readTo }),
  },
  {
    ...READ,
    name: 'session_timeline',
    title: "One session's story",
    description:
      'One session from its beginning: every prompt, call, decision and answer in order, those ' +
      'of its sub-agents among them. The session_id comes from search_events or list_sessions.',
    route: 'GET /v1/sessions/:id/timeline',
    id: 'session_id',
    arguments: limit(200, 40),
    output: z.object({ session, ...rows }),
    shape: slim,
  },
  {
    ...READ,
    name: 'get_event',
    title: 'One event whole',
    description:
      'One event with all its fields: arguments, result, the facts behind it and who witnessed ' +
      'them. Very long values are cut; read_field gives the rest of one. Takes an id.',
    route: 'GET /v1/events/:id',
    output: row,
  },
  {
    ...READ,
    name: 'read_field',
    title: 'A long field piece by piece',
    description:
      'One field of one event as text, from a character on: for values that the other tools ' +
      'cut. Go on with next_offset until it is absent. What is no text is given as JSON.',
    route: 'GET /v1/events/:id',
    arguments: {
      field,
      offset: z.int().min(0).default(0).meta({ description: 'Characters to pass over.' }),
    },
    output: z.object({
      id: text,
      field,
      offset: z.int(),
      text,
      total_chars: z.int(),
      next_offset: z.int().optional(),
    }),
    shape: piece,
    whole: true,
  },
  {
    ...READ,
    name: 'explain_event',
    title: 'Why did this happen?',
    description:
      'Explains one event in plain sentences: the prompt that led to it, what the agent had ' +
      'seen, the decision with the policy and its values, who approved, what came of it, what ' +
      'followed, and what is not known. language en or ja; for subject: for the person ' +
      'concerned. Takes an id.',
    route: 'GET /v1/events/:id/why',
  },
  {
    ...READ,
    name: 'coverage',
    title: 'What was seen of a session',
    description:
      'Which witnesses (hooks, proxies, telemetry, transcripts) saw what of one session, what ' +
      'none saw, and a verdict: complete, incomplete or unknown. Ask before saying "it never ' +
      'did X".',
    route: 'GET /v1/sessions/:id/coverage',
    id: 'session_id',
  },
  {
    ...READ,
    name: 'audit_log',
    title: 'The audit log in short',
    description:
      'Entries in short: what was done with which tool, under which policy, and its status ' +
      '(POLICY_VIOLATION where policy refused it). Newest first. For full rows: search_events.',
    route: 'GET /v1/audit_log',
    arguments: { ...query, ...limit(200, 50) },
    output: auditSchema,
  },
];

/** What a row says twice, and what only one who looks at a single event needs. */
const LEFT_OUT = new Set([
  'agent_id',
  'attributes',
  'created_at',
  'facts',
  'raw',
  'recorded_at',
  'tokens_used',
  'user_id',
]);

function slim(body: unknown): object {
  const { events, ...rest } = body as { readonly events: readonly object[] };
  const keep = ([key]: readonly [string, unknown]) => !LEFT_OUT.has(key);
  const rows = events.map((event) => Object.fromEntries(Object.entries(event).filter(keep)));
  return { ...rest, events: rows };
}

/** As much as fits, hidden characters written out and no character halved. */
function piece(body: unknown, { field: name, offset }: Arguments): object {
  const { id, ...fields } = body as Readonly<Record<string, unknown>>;
  const value = fields[String(name)] ?? '';
  const whole = typeof value === 'string' ? value : JSON.stringify(value, null, 1);
  const from = Math.min(Number(offset), whole.length);
  let shown = cutAt(whole.slice(from, from + PIECE));
  while (JSON.stringify(printableBlock(shown)).length > PIECE) {
    shown = cutAt(shown.slice(0, shown.length / 2));
  }
  const end = from + shown.length;
  const total_chars = whole.length;
  const next = end < total_chars ? { next_offset: end } : {};
  return { id, field: name, offset: from, text: shown, total_chars, ...next };
}

function cutAt(text: string): string {
  return text.length > 1 ? text.replace(/[\ud800-\udbff]$/, '') : text;
}
