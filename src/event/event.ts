/** Declares once what an event is; types, JSON Schema, field table and columns derive from it. */
import { z } from 'zod';

/** How a field takes part in search: exact keyword, number, time, free text, or not at all. */
export type IndexKind = 'keyword' | 'number' | 'time' | 'text';

declare module 'zod' {
  interface GlobalMeta {
    /** How search indexes the field; absent means that it is kept but not searched by name. */
    index?: IndexKind;
  }
}

/** Characters (UTF-16 units) in a name or identifier. */
export const NAME_CHARS = 512;
/** Characters in a path, URL or other resource id. */
export const RESOURCE_CHARS = 8192;
/** Resources of one event. */
export const RESOURCES = 256;

export const TYPES = [
  'prompt',
  'output',
  'tool_call',
  'api_call',
  'file_operation',
  'decision',
  'approval',
  'task',
  'session',
  'access',
  'admin',
  'finding',
  'gap',
] as const;
export const ACTIONS = [
  'read',
  'write',
  'delete',
  'execute',
  'network',
  'communicate',
  'delegate',
  'plan',
  'query',
  'admin',
  'none',
] as const;
export const ACCESSES = ['read', 'write', 'delete', 'execute', 'network'] as const;
export const STATUSES = ['pending', 'success', 'error', 'blocked', 'escalated', 'unknown'] as const;
export const OUTCOMES = ['permit', 'deny', 'escalate'] as const;
export const DECIDERS = ['policy', 'human', 'hook', 'config'] as const;
export const SOURCES = [
  'hook',
  'sdk',
  'plugin',
  'otel',
  'model_proxy',
  'mcp_proxy',
  'egress_proxy',
  'transcript',
  'api',
] as const;

export type EventType = (typeof TYPES)[number];
export type Action = (typeof ACTIONS)[number];
export type Access = (typeof ACCESSES)[number];
export type Status = (typeof STATUSES)[number];

/** RFC 9562 UUID, any version, lower case. Claw makes version 7. */
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** RFC 3339 in UTC with milliseconds: the only form that is stored. */
export const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
/** The tenant of whoever names none and may name any. */
export const DEFAULT_TENANT = 'default';

/** A tenant names folders and URLs, so it is a plain lower-case word. */
export const TENANT = /^[a-z0-9][a-z0-9_-]{0,62}$/;

const name = () => z.string().min(1).max(NAME_CHARS);
const keyword = (description: string) => name().optional().meta({ description, index: 'keyword' });
const words = (description: string) => z.string().optional().meta({ description, index: 'text' });
const count = (description: string) =>
  z.number().min(0).optional().meta({ description, index: 'number' });
const json = (description: string) => z.unknown().optional().meta({ description, index: 'text' });
const time = (description: string) =>
  z.string().regex(TIME, 'must be RFC 3339 in UTC with milliseconds').meta({
    description,
    index: 'time',
  });

const resource = z.strictObject({
  kind: name().meta({
    description:
      'What it is: file, directory, url, host, command, process, tool, agent, mcp_server, other.',
    index: 'keyword',
  }),
  id: z.string().min(1).max(RESOURCE_CHARS).meta({
    description: 'Which one: an absolute path, a URL, a host, a command line.',
    index: 'keyword',
  }),
  access: z.enum(ACCESSES).meta({ description: 'What was done to it.', index: 'keyword' }),
});

const overflow = z.strictObject({
  field: name().meta({ description: 'The event field whose whole value was moved out.' }),
  size_bytes: z.int().min(0).meta({ description: 'Bytes of the whole value, as JSON text.' }),
  sha256: z.string().meta({ description: 'Hex SHA-256 of the whole value, as JSON text.' }),
  object: z.string().meta({ description: 'Key of the sealed object that holds it.' }),
});

export const eventSchema = z.strictObject({
  id: z.string().regex(UUID, 'must be a UUID in lower case').meta({
    description: 'UUIDv7; also the idempotency key: the same id is recorded once.',
    index: 'keyword',
  }),
  time: time('When it happened, as the producer claims. UTC.'),
  recorded_at: time('When Claw accepted it; set by Claw. UTC.'),
  type: z.enum(TYPES).meta({ description: 'What kind of fact this is.', index: 'keyword' }),
  tenant_id: z.string().regex(TENANT, 'must match [a-z0-9][a-z0-9_-]{0,62}').meta({
    description: 'Whose trail it belongs to; from the credential.',
    index: 'keyword',
  }),
  session_id: name().meta({ description: 'The conversation or run.', index: 'keyword' }),
  parent_session_id: keyword('The session that started this one, for sub-agents.'),
  task_id: keyword('The declared task that it belongs to.'),
  turn_id: keyword('The turn: one prompt and everything done to answer it.'),
  call_id: keyword("The model's id of the tool call; joins the facts of one call."),
  trace: z
    .strictObject({
      trace_id: name().meta({ description: 'Hex of the trace.' }),
      span_id: name().optional().meta({ description: 'Hex of the span.' }),
    })
    .optional()
    .meta({ description: 'W3C trace context.' }),
  agent: z
    .strictObject({
      id: keyword('Which agent acted.'),
      name: keyword('Its name or type.'),
      version: keyword('Its version.'),
      runtime: keyword('What runs it: claude-code, codex, gemini, openclaw, sdk.'),
    })
    .optional()
    .meta({ description: 'The agent that acted.' }),
  user: z
    .strictObject({ id: keyword('Who initiated it.'), name: keyword('Their name.') })
    .optional()
    .meta({ description: 'The person or service behind the agent: the data subject.' }),
  on_behalf_of: keyword('For whom, when that is not the user.'),
  channel: keyword('Where it came in: slack, cli, email.'),
  environment: keyword('Where it ran: production, staging, a workspace.'),
  action: z
    .enum(ACTIONS)
    .optional()
    .meta({ description: 'The canonical action.', index: 'keyword' }),
  tool: keyword('The tool as the runtime names it.'),
  arguments: json("The tool's arguments, as given."),
  resources: z
    .array(resource)
    .max(RESOURCES)
    .optional()
    .meta({ description: 'What the act touched, and how.' }),
  content: words('Text of a prompt or an output.'),
  result: json('What came back.'),
  status: z
    .enum(STATUSES)
    .optional()
    .meta({ description: 'What came of it; unknown is a value.', index: 'keyword' }),
  error: z
    .strictObject({ code: keyword('A short code.'), message: words('What went wrong.') })
    .optional()
    .meta({ description: 'Why it failed.' }),
  duration_ms: count('How long it took, in milliseconds.'),
  tokens: z
    .strictObject({
      input: count('Tokens read by the model.'),
      output: count('Tokens written by the model.'),
      total: count('Where only the sum is known.'),
    })
    .optional()
    .meta({ description: 'Tokens used.' }),
  model: keyword('The model.'),
  destination: keyword('Host of an API call.'),
  method: keyword('HTTP method of an API call.'),
  endpoint: z.string().max(RESOURCE_CHARS).optional().meta({
    description: 'Path of an API call.',
    index: 'keyword',
  }),
  status_code: count('HTTP status of an API call.'),
  operation: keyword('What a file operation did: read, write, delete, rename.'),
  path: z.string().max(RESOURCE_CHARS).optional().meta({
    description: 'The file of a file operation.',
    index: 'keyword',
  }),
  bytes: count('Bytes moved by a file operation or an API call.'),
  detail: words('A sentence for people.'),
  decision: z
    .strictObject({
      outcome: z
        .enum(OUTCOMES)
        .optional()
        .meta({ description: 'What was decided; absent means unknown.', index: 'keyword' }),
      by: z.enum(DECIDERS).optional().meta({ description: 'Who decided.', index: 'keyword' }),
      policy_ids: z.array(name()).max(64).optional().meta({
        description: 'The policies that determined it.',
        index: 'keyword',
      }),
      policy_version: keyword('Hash of the policy set.'),
      reason: words('Why.'),
      constraints: json('The constraints in effect.'),
      approver: keyword('Who approved or refused.'),
    })
    .optional()
    .meta({ description: 'What policy, a person, a hook or a configuration decided.' }),
  source: z
    .strictObject({
      kind: z.enum(SOURCES).meta({ description: 'The vantage point.', index: 'keyword' }),
      runtime: keyword('The runtime that was seen.'),
      version: keyword('Its version.'),
    })
    .optional()
    .meta({ description: 'Which witness reported it.' }),
  raw: z.unknown().optional().meta({ description: "The producer's own record, verbatim." }),
  attributes: z
    .record(z.string(), z.unknown())
    .optional()
    .meta({ description: 'Everything that has no field of its own.', index: 'text' }),
  overflow: z
    .array(overflow)
    .optional()
    .meta({ description: 'Values over the inline limit: kept whole, sealed apart; set by Claw.' }),
});

/** An event as it is sealed: complete, strict, canonical. */
export type Event = z.infer<typeof eventSchema>;
export type Resource = z.infer<typeof resource>;
export type Overflow = z.infer<typeof overflow>;

/** What an adapter or producer hands in: the front door fills in what is missing. */
export type Draft = Partial<Event> & Pick<Event, 'type' | 'session_id'>;
