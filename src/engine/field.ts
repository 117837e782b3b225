/** The fields that can be searched, derived from the event's declaration, and their short names. */
import { z } from 'zod';
import { eventSchema, type IndexKind } from '../event/event.ts';

/** One searchable field of an event. */
export type Field = {
  /** Dotted: `agent.id`, `resources.id`, `decision.policy_ids`. */
  readonly name: string;
  readonly kind: IndexKind;
  /** A row may have several values for it. */
  readonly many: boolean;
  readonly description: string;
  /** The only values that it takes, where the declaration lists them. */
  readonly values?: readonly string[];
  /** Other names by which a query may call it. */
  readonly synonyms: readonly string[];
};

/** The documents' names, and short ones for people in a hurry. */
const SYNONYMS: Readonly<Record<string, string>> = {
  user: 'user.id',
  user_id: 'user.id',
  agent: 'agent.id',
  agent_id: 'agent.id',
  runtime: 'agent.runtime',
  session: 'session_id',
  parent: 'parent_session_id',
  tenant: 'tenant_id',
  task: 'task_id',
  turn: 'turn_id',
  call: 'call_id',
  resource: 'resources.id',
  resource_kind: 'resources.kind',
  access: 'resources.access',
  policy: 'decision.policy_ids',
  policy_id: 'decision.policy_ids',
  policy_ids: 'decision.policy_ids',
  outcome: 'decision.outcome',
  decision: 'decision.outcome',
  decided_by: 'decision.by',
  reason: 'decision.reason',
  approver: 'decision.approver',
  tokens: 'tokens.total',
  tokens_used: 'tokens.total',
  input_tokens: 'tokens.input',
  output_tokens: 'tokens.output',
  duration: 'duration_ms',
  error: 'error.message',
  error_code: 'error.code',
  host: 'destination',
  source: 'source.kind',
  args: 'arguments',
  env: 'environment',
  timestamp: 'time',
  created_at: 'time',
};

/** Every searchable field, in the order of the declaration. */
export const FIELDS: readonly Field[] = fieldsOf(eventSchema, { path: [], many: false });

const BY_NAME: ReadonlyMap<string, Field> = new Map([
  ...FIELDS.map((field) => [field.name, field] as const),
  ...FIELDS.flatMap((field) => field.synonyms.map((name) => [name, field] as const)),
]);

/** The field that a query calls by this name, in full or short, in any case. */
export function fieldNamed(name: string): Field | undefined {
  return BY_NAME.get(name.toLowerCase());
}

/** Fields of one kind, in the order of the declaration. */
export function fieldsOfKind(kind: IndexKind): readonly Field[] {
  return FIELDS.filter((field) => field.kind === kind);
}

type Place = { readonly path: readonly string[]; readonly many: boolean };

function fieldsOf(schema: unknown, place: Place): Field[] {
  const inner = bare(schema);
  const meta = metaOf(schema) ?? metaOf(inner);
  if (meta?.index !== undefined) return [fieldAt(inner, place, meta)];
  if (inner instanceof z.ZodArray) return fieldsOf(inner.element, { ...place, many: true });
  if (!(inner instanceof z.ZodObject)) return [];
  return Object.entries(inner.shape).flatMap(([key, child]) =>
    fieldsOf(child, { ...place, path: [...place.path, key] }),
  );
}

function fieldAt(inner: unknown, place: Place, meta: z.GlobalMeta): Field {
  const name = place.path.join('.');
  const field = {
    name,
    kind: meta.index ?? 'keyword',
    many: place.many || inner instanceof z.ZodArray,
    description: meta.description ?? '',
    synonyms: Object.keys(SYNONYMS).filter((short) => SYNONYMS[short] === name),
  };
  return inner instanceof z.ZodEnum ? { ...field, values: inner.options.map(String) } : field;
}

function bare(schema: unknown): unknown {
  return schema instanceof z.ZodOptional ? bare(schema.unwrap()) : schema;
}

function metaOf(schema: unknown): z.GlobalMeta | undefined {
  return schema instanceof z.ZodType ? schema.meta() : undefined;
}
