/** A copy of a call's arguments that nobody else holds, and JSON that tells exactly what it is. */
import { Fault } from '../fault/fault.ts';

/** What will run, and what is decided on: one says the same as the other. */
export type Exact = { readonly args: readonly unknown[]; readonly told: readonly unknown[] };

/** Levels below the list of arguments; the server takes 64 for the whole request. */
const DEPTH = 48;
/** Values in one call's arguments. */
const VALUES = 100_000;

type Pair = { readonly value: unknown; readonly told: unknown };
type Walk = { left: number; readonly open: Set<object> };

/**
 * Reads each value once: what a getter, a proxy or another task would answer later changes
 * nothing. Data alone can be fixed so: JSON, and undefined, bigint, Date, bytes, Map and Set, which
 * are told as `{$type, …}`. Throws `usage.invalid` with the path of anything else.
 */
export function exact(args: readonly unknown[]): Exact {
  const walk: Walk = { left: VALUES, open: new Set() };
  const pairs = args.map((value, i) => copy(value, `arguments.${i}`, walk));
  return { args: pairs.map(({ value }) => value), told: pairs.map(({ told }) => told) };
}

function copy(value: unknown, path: string, walk: Walk): Pair {
  walk.left -= 1;
  if (walk.left < 0) throw refuse(path, `is one of more than ${VALUES} values`);
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed()) throw refuse(path, 'is no well-formed text');
      return { value, told: value };
    case 'number':
      return number(value);
    case 'boolean':
      return { value, told: value };
    case 'undefined':
      return { value, told: { $type: 'undefined' } };
    case 'bigint':
      return { value, told: { $type: 'bigint', text: String(value) } };
    case 'object':
      return value === null ? { value, told: value } : within(value, path, walk);
    default:
      throw refuse(path, `is a ${typeof value}`);
  }
}

function number(value: number): Pair {
  if (Object.is(value, -0)) return { value: 0, told: 0 };
  const told = Number.isFinite(value) ? value : { $type: 'number', text: String(value) };
  return { value, told };
}

function within(value: object, path: string, walk: Walk): Pair {
  if (walk.open.has(value)) throw refuse(path, 'holds itself');
  if (walk.open.size >= DEPTH) throw refuse(path, `is nested deeper than ${DEPTH} levels`);
  walk.open.add(value);
  try {
    return Array.isArray(value) ? list(value, path, walk) : kind(value, path, walk);
  } finally {
    walk.open.delete(value);
  }
}

function kind(value: object, path: string, walk: Walk): Pair {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return fields(value, path, walk);
  if (prototype === Date.prototype) return date(value as Date, path);
  if (prototype === Map.prototype) {
    const { value: entries, told } = list([...(value as Map<unknown, unknown>)], path, walk);
    return {
      value: new Map(entries as [unknown, unknown][]),
      told: { $type: 'Map', entries: told },
    };
  }
  if (prototype === Set.prototype) {
    const { value: values, told } = list([...(value as Set<unknown>)], path, walk);
    return { value: new Set(values as unknown[]), told: { $type: 'Set', values: told } };
  }
  if (prototype === Buffer.prototype) return bytes(Buffer.from(value as Buffer), 'Buffer');
  if (prototype === Uint8Array.prototype)
    return bytes(new Uint8Array(value as Uint8Array), 'bytes');
  throw refuse(path, 'is an object with a class of its own');
}

function date(value: Date, path: string): Pair {
  const at = new Date(Date.prototype.getTime.call(value));
  if (Number.isNaN(at.getTime())) throw refuse(path, 'is an invalid Date');
  return { value: at, told: { $type: 'Date', time: at.toISOString() } };
}

function bytes(value: Uint8Array, $type: string): Pair {
  return { value, told: { $type, base64: Buffer.from(value).toString('base64') } };
}

function list(value: readonly unknown[], path: string, walk: Walk): Pair {
  const { length } = value;
  if (length > walk.left) throw refuse(path, `is one of more than ${VALUES} values`);
  const pairs = Array.from({ length }, (_, i) => copy(value[i], `${path}.${i}`, walk));
  return { value: pairs.map((pair) => pair.value), told: pairs.map((pair) => pair.told) };
}

/** A field that is undefined is left out of both: JSON could not tell it from one that is not. */
function fields(value: object, path: string, walk: Walk): Pair {
  const values: [string, unknown][] = [];
  const telling: [string, unknown][] = [];
  for (const key of Object.keys(value)) {
    const at = `${path}.${key.slice(0, 100)}`;
    if (!key.isWellFormed()) throw refuse(path, 'has a name that is no well-formed text');
    const own: unknown = (value as Record<string, unknown>)[key];
    if (own === undefined) continue;
    const pair = copy(own, at, walk);
    values.push([key, pair.value]);
    telling.push([key, pair.told]);
  }
  // fromEntries defines own properties, so a key named __proto__ is data like any other.
  const told = Object.fromEntries(telling);
  const marked = Object.hasOwn(told, '$type');
  return {
    value: Object.fromEntries(values),
    told: marked ? { $type: 'Object', fields: told } : told,
  };
}

function refuse(path: string, what: string): Fault {
  return new Fault('usage.invalid', `${path} ${what}: nobody can decide on it.`, {
    field: path,
    hint: 'Pass data, or name with the option decided how many arguments are the action.',
  });
}
