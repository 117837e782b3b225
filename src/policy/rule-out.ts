/** Rules policies out whose conditions plainly do not hold, so that Cedar need not be asked. */
import type { CedarValueJson, PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import type { Attribute, Attributes } from './attribute.ts';
import { type Circumstance, CONTEXT } from './circumstance.ts';
import { fitsPieces } from './glob.ts';
import type { PolicyAction, PolicyRequest } from './policy.ts';
import { PRINCIPAL } from './principal.ts';
import { TARGETS, type Target, type TargetName } from './target.ts';

/** All that a policy may look at. */
export type Scene = {
  readonly principal: PolicyRequest['principal'];
  readonly circumstance: Circumstance;
  readonly action: PolicyAction;
  readonly type: TargetName;
  readonly target: Target;
  /** What was read of the agent and the circumstances, the same for all questions of the call. */
  readonly known: Map<Attribute<never>, Value>;
};

/** Undefined where only Cedar can tell. */
export type Value = string | number | boolean | ReadonlySet<string> | Entity | undefined;
type Entity = { readonly type: string; readonly id: string };
type Reading = (scene: Scene) => Value;

/**
 * True only where Cedar would find the conditions false, without an error: whatever holds, may
 * hold or may fail is for Cedar to say. Operands are read in Cedar's order, so that one that may
 * fail is never passed over.
 */
export function ruledOut({ conditions }: PolicyJson): (scene: Scene) => boolean {
  const read = conditions.map(({ kind, body }) => {
    const value = reading(body);
    return kind === 'when' ? value : not(value);
  });
  const all = read.length === 0 ? () => true : read.reduce(and);
  return (scene) => all(scene) === false;
}

const UNKNOWN: Reading = () => undefined;

function reading(node: unknown): Reading {
  const [operator, operand] = Object.entries(Object(node))[0] ?? [''];
  const make = operator !== undefined && READERS.get(operator);
  return make ? make(Object(operand), operand) : UNKNOWN;
}

type Operand = Readonly<Record<string, unknown>>;
type Make = (operand: Operand, itself: unknown) => Reading;

const READERS: ReadonlyMap<string, Make> = new Map<string, Make>([
  ['Value', (_, value) => constant(constantOf(value as CedarValueJson))],
  ['Set', (_, items) => constant(setOf(items))],
  ['Var', (_, name) => variable(name)],
  ['.', ({ left, attr }) => attribute(left, attr)],
  ['!', ({ arg }) => not(reading(arg))],
  ['&&', ({ left, right }) => and(reading(left), reading(right))],
  ['||', ({ left, right }) => or(reading(left), reading(right))],
  ['==', (sides) => both(sides, equal)],
  ['!=', (sides) => both(sides, (a, b) => negated(equal(a, b)))],
  ['<', (sides) => both(sides, (a, b) => compared(a, b, (x, y) => x < y))],
  ['<=', (sides) => both(sides, (a, b) => compared(a, b, (x, y) => x <= y))],
  ['>', (sides) => both(sides, (a, b) => compared(a, b, (x, y) => x > y))],
  ['>=', (sides) => both(sides, (a, b) => compared(a, b, (x, y) => x >= y))],
  ['contains', (sides) => both(sides, contains)],
  ['containsAny', (sides) => both(sides, (a, b) => ofSets(a, b, shares))],
  ['containsAll', (sides) => both(sides, (a, b) => ofSets(a, b, holdsAll))],
  ['isEmpty', ({ arg }) => one(reading(arg), (set) => ofSets(set, set, (x) => x.size === 0))],
  ['in', (sides) => both(sides, within)],
  ['like', ({ left, pattern }) => like(reading(left), piecesOf(pattern))],
  [
    'is',
    ({ left, entity_type, in: group }) => (group === undefined ? is(left, entity_type) : UNKNOWN),
  ],
]);

function constant(value: Value): Reading {
  return () => value;
}

/** Entities are kept as texts that no other text equals. */
function keyOf({ type, id }: Entity): string {
  return `\0${type}\0${id}`;
}

function constantOf(value: CedarValueJson): Value {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined;
  if (Array.isArray(value)) return setFrom(value.map(constantOf));
  const entity: unknown = Object(value)['__entity'];
  return entity === undefined ? undefined : (entity as Entity);
}

function setOf(items: unknown): Value {
  if (!Array.isArray(items)) return undefined;
  const values = items.map((item: unknown) => {
    const value: unknown = Object(item)['Value'];
    return value === undefined ? undefined : constantOf(value as CedarValueJson);
  });
  return setFrom(values);
}

/** Of texts alone, or of entities alone. */
function setFrom(values: readonly Value[]): Value {
  const texts = values.flatMap((value) => textIn(value) ?? []);
  return texts.length === values.length ? new Set(texts) : undefined;
}

function textIn(value: Value): string | undefined {
  if (typeof value === 'string') return value;
  return isEntity(value) ? keyOf(value) : undefined;
}

function isEntity(value: Value): value is Entity {
  return typeof value === 'object' && !(value instanceof Set);
}

function variable(name: unknown): Reading {
  if (name === 'action') return ({ action }) => ({ type: 'Action', id: action });
  if (name === 'resource') return ({ type, target }) => ({ type, id: target.id.toWellFormed() });
  return UNKNOWN;
}

function attribute(left: unknown, name: unknown): Reading {
  const of: unknown = Object(left)['Var'];
  if (typeof name !== 'string') return UNKNOWN;
  if (of === 'context') return once(CONTEXT, name, ({ circumstance }) => circumstance);
  if (of === 'principal') return once(PRINCIPAL, name, ({ principal }) => principal);
  if (of !== 'resource') return UNKNOWN;
  return ({ type, target }) => {
    const named = attributeIn<Target>(TARGETS[type].attributes, name);
    return named && read(named, target);
  };
}

/** Many policies look at the same. */
function once<From>(
  attributes: Attributes<From>,
  name: string,
  fromOf: (scene: Scene) => From,
): Reading {
  const key = attributeIn(attributes, name);
  if (!key) return UNKNOWN;
  return (scene) => {
    const { known } = scene;
    if (known.has(key)) return known.get(key);
    const value = read(key, fromOf(scene));
    known.set(key, value);
    return value;
  };
}

function attributeIn<From>(
  attributes: Attributes<From>,
  name: string,
): Attribute<From> | undefined {
  return Object.hasOwn(attributes, name) ? attributes[name] : undefined;
}

function read<From>(attribute: Attribute<From>, from: From): Value {
  const value = attribute.of(from);
  if (Array.isArray(value)) return setFrom(value.map(constantOf));
  return typeof value === 'object' || value === null ? undefined : value;
}

function one(value: Reading, apply: (value: Value) => Value): Reading {
  return (scene) => {
    const known = value(scene);
    return known === undefined ? undefined : apply(known);
  };
}

function both(
  { left, right }: Operand,
  apply: (left: Value, right: Value) => boolean | undefined,
): Reading {
  const [a, b] = [reading(left), reading(right)];
  return (scene) => {
    const first = a(scene);
    const second = first === undefined ? undefined : b(scene);
    return second === undefined ? undefined : apply(first, second);
  };
}

function not(value: Reading): Reading {
  return (scene) => negated(value(scene));
}

function negated(value: Value): boolean | undefined {
  return typeof value === 'boolean' ? !value : undefined;
}

function and(left: Reading, right: Reading): Reading {
  return (scene) => {
    const first = left(scene);
    return first === true ? right(scene) : first === false ? false : undefined;
  };
}

function or(left: Reading, right: Reading): Reading {
  return (scene) => {
    const first = left(scene);
    return first === false ? right(scene) : first === true ? true : undefined;
  };
}

function equal(a: Value, b: Value): boolean | undefined {
  if (isEntity(a) && isEntity(b)) return keyOf(a) === keyOf(b);
  return typeof a === typeof b && typeof a !== 'object' ? a === b : undefined;
}

function compared(a: Value, b: Value, holds: (a: number, b: number) => boolean) {
  return typeof a === 'number' && typeof b === 'number' ? holds(a, b) : undefined;
}

type Texts = ReadonlySet<string>;

function ofSets(a: Value, b: Value, holds: (a: Texts, b: Texts) => boolean): boolean | undefined {
  return a instanceof Set && b instanceof Set ? holds(a, b) : undefined;
}

function contains(set: Value, item: Value): boolean | undefined {
  const text = textIn(item);
  return set instanceof Set && text !== undefined ? set.has(text) : undefined;
}

function shares(a: Texts, b: Texts): boolean {
  for (const text of b) if (a.has(text)) return true;
  return false;
}

function holdsAll(a: Texts, b: Texts): boolean {
  for (const text of b) if (!a.has(text)) return false;
  return true;
}

function like(value: Reading, pieces: readonly string[] | undefined): Reading {
  if (pieces === undefined) return UNKNOWN;
  return one(value, (text) => (typeof text === 'string' ? fitsPieces(pieces, text) : undefined));
}

/** No entity has parents. */
function within(entity: Value, group: Value): boolean | undefined {
  if (!isEntity(entity)) return undefined;
  return isEntity(group) ? keyOf(entity) === keyOf(group) : contains(group, entity);
}

function is(left: unknown, type: unknown): Reading {
  const of: unknown = Object(left)['Var'];
  return of === 'resource' ? (scene) => scene.type === type : UNKNOWN;
}

/** Undefined for a pattern of an unknown form. */
function piecesOf(pattern: unknown): readonly string[] | undefined {
  if (!Array.isArray(pattern)) return undefined;
  const pieces = [''];
  for (const part of pattern) {
    const literal: unknown = Object(part)['Literal'];
    if (part === 'Wildcard') pieces.push('');
    else if (typeof literal === 'string') pieces.push((pieces.pop() ?? '') + literal);
    else return undefined;
  }
  return pieces;
}
