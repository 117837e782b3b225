/** Checks values against the event's declaration at speed; zod says what does not fit, and why. */
import { z } from 'zod';

/** Whether a value fits; a field of an object whose value is undefined counts as absent. */
export type Fit = (value: unknown) => boolean;

/** What of JSON Schema zod writes for the event. */
type Node = {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
  readonly items?: Node;
  readonly maxItems?: number;
};

/** Keywords by type: a schema that says more is refused, so that nothing goes unchecked. */
const KEYWORDS: Readonly<Record<string, readonly string[]>> = {
  anything: [],
  string: ['enum', 'pattern', 'minLength', 'maxLength'],
  number: ['minimum'],
  integer: ['minimum', 'maximum'],
  array: ['items', 'maxItems'],
  object: ['properties', 'required', 'additionalProperties'],
};
const SAY_NOTHING = ['$schema', 'type', 'description', 'index'];

/** The check of a schema: what fits, zod accepts and gives back as it is. */
export function fitOf(schema: z.ZodObject): Fit {
  return fit(z.toJSONSchema(schema) as Node);
}

function fit(node: Node): Fit {
  const { type = 'anything' } = node;
  const checked = [...SAY_NOTHING, ...(KEYWORDS[type] ?? [])];
  const more = Object.keys(node).find((keyword) => !checked.includes(keyword));
  if (!(type in KEYWORDS) || more !== undefined || node.additionalProperties) {
    throw new TypeError(`There is no check for ${JSON.stringify(node)}.`);
  }
  switch (type) {
    case 'string':
      return fitString(node);
    case 'number':
      return fitNumber(node, Number.isFinite);
    case 'integer':
      return fitNumber(node, Number.isSafeInteger);
    case 'array':
      return fitArray(node);
    case 'object':
      return fitObject(node);
    default:
      return () => true;
  }
}

function fitString({ enum: values, pattern, minLength = 0, maxLength = Infinity }: Node): Fit {
  if (values) {
    const known = new Set<unknown>(values);
    return (value) => known.has(value);
  }
  const form = pattern === undefined ? undefined : new RegExp(pattern);
  return (value) =>
    typeof value === 'string' &&
    value.length >= minLength &&
    value.length <= maxLength &&
    (form === undefined || form.test(value));
}

function fitNumber(
  { minimum = -Infinity, maximum = Infinity }: Node,
  isNumber: (value: unknown) => boolean,
): Fit {
  return (value) => isNumber(value) && Number(value) >= minimum && Number(value) <= maximum;
}

function fitArray({ items = {}, maxItems = Infinity }: Node): Fit {
  const fits = fit(items);
  return (value) => {
    if (!Array.isArray(value) || value.length > maxItems) return false;
    for (let i = 0; i < value.length; i++) if (!fits(value[i])) return false;
    return true;
  };
}

function fitObject({ properties = {}, required = [] }: Node): Fit {
  const fields = new Map(Object.entries(properties).map(([key, node]) => [key, fit(node)]));
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    const given = value as Readonly<Record<string, unknown>>;
    for (const key of required) if (given[key] === undefined) return false;
    for (const key of Object.keys(given)) {
      const fits = fields.get(key);
      if (fits === undefined || !(given[key] === undefined || fits(given[key]))) return false;
    }
    return true;
  };
}
