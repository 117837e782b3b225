/** What derives from the event's declaration: JSON Schema, the field table, columns of tables. */
import { z } from 'zod';
import { eventSchema, type IndexKind } from './event.ts';
import { ADDED_NAMES } from './name.ts';

/** Names the schema; it is no address. */
const SCHEMA_ID = 'urn:claw:schema:event:1';

/** A JSON Schema, or a part of one. */
export type Schema = { readonly [keyword: string]: unknown };

/** One field, as the reference shows it. */
export type FieldRow = {
  /** Dotted; `resources[].id` for a member of each element. */
  readonly name: string;
  readonly type: string;
  /** Whether every sealed event, or every object that it belongs to, has it. */
  readonly required: boolean;
  readonly description: string;
  readonly index?: IndexKind;
  /** `at most 512 characters`, where there is a limit of its own. */
  readonly limit?: string;
  readonly values?: readonly string[];
};

/** A column of a table of events. */
export type Column = {
  readonly name: string;
  readonly path: readonly string[];
  readonly kind: 'text' | 'number' | 'json';
};

/** JSON Schema (draft 2020-12) of a sealed event; `x-index` says how search takes a field. */
export function jsonSchema(): Schema {
  const made = z.toJSONSchema(eventSchema, {
    target: 'draft-2020-12',
    override: ({ jsonSchema: node }) => {
      if (typeof node['index'] !== 'string') return;
      node['x-index'] = node['index'];
      delete node['index'];
    },
  });
  const { $schema, ...rest } = JSON.parse(JSON.stringify(made)) as Record<string, unknown>;
  return {
    $schema,
    $id: SCHEMA_ID,
    title: 'Claw event',
    description: 'One fact of what an AI agent did, complete as it is sealed.',
    ...rest,
  };
}

/** Every field, nested ones below their object, in the order of the declaration. */
export function fieldTable(): readonly FieldRow[] {
  return fieldsOf(jsonSchema(), '');
}

/** A column for every leaf of an event, then one for each of the documents' names. */
export function csvColumns(): readonly Column[] {
  const added = Object.entries(ADDED_NAMES).map(([name, kind]) => ({ name, path: [name], kind }));
  return [...columnsOf(jsonSchema(), []), ...added];
}

function fieldsOf(schema: Schema, prefix: string): FieldRow[] {
  const required = (schema['required'] ?? []) as readonly string[];
  return Object.entries(propertiesOf(schema)).flatMap(([key, child]) => {
    const name = `${prefix}${key}`;
    const items = child['items'] as Schema | undefined;
    const nested = items ? fieldsOf(items, `${name}[].`) : fieldsOf(child, `${name}.`);
    return [fieldRow(name, child, required.includes(key)), ...nested];
  });
}

function fieldRow(name: string, schema: Schema, required: boolean): FieldRow {
  const index = schema['x-index'] as IndexKind | undefined;
  const values = schema['enum'] as readonly string[] | undefined;
  const limit = limitOf(schema);
  return {
    name,
    type: typeOf(schema),
    required,
    description: String(schema['description'] ?? ''),
    ...(index === undefined ? {} : { index }),
    ...(limit === undefined ? {} : { limit }),
    ...(values === undefined ? {} : { values }),
  };
}

function typeOf(schema: Schema): string {
  if (schema['x-index'] === 'time') return 'time';
  if (schema['type'] === 'array') return `array of ${typeOf((schema['items'] ?? {}) as Schema)}`;
  return schema['type'] === undefined ? 'any JSON' : String(schema['type']);
}

function limitOf({ maxLength, maxItems, minimum, items }: Schema): string | undefined {
  if (typeof maxLength === 'number') return `at most ${maxLength} characters`;
  if (typeof maxItems === 'number') {
    const each = limitOf((items ?? {}) as Schema);
    return `at most ${maxItems} elements${each === undefined ? '' : `, each ${each}`}`;
  }
  return minimum === 0 ? 'at least 0' : undefined;
}

function columnsOf(schema: Schema, path: readonly string[]): Column[] {
  return Object.entries(propertiesOf(schema)).flatMap(([key, child]): Column[] => {
    const place = [...path, key];
    if (child['properties'] !== undefined) return columnsOf(child, place);
    return [{ name: place.join('.'), path: place, kind: kindOf(child) }];
  });
}

function kindOf({ type }: Schema): Column['kind'] {
  if (type === 'string') return 'text';
  return type === 'number' || type === 'integer' ? 'number' : 'json';
}

function propertiesOf(schema: Schema): Record<string, Schema> {
  return (schema['properties'] ?? {}) as Record<string, Schema>;
}
