/** Which attributes a policy's conditions name, so that nothing else has to be handed to Cedar. */
import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';

export type Mentions = {
  /** Of each variable the attributes that are read; `all` where it is used as a whole. */
  readonly principal: ReadonlySet<string> | 'all';
  readonly resource: ReadonlySet<string> | 'all';
  readonly context: ReadonlySet<string> | 'all';
  /** Whether the conditions depend on what is asked about, not on the call alone. */
  readonly narrow: boolean;
};

type Variable = 'principal' | 'action' | 'resource' | 'context';

export function mentionsOf({ conditions }: PolicyJson): Mentions {
  const seen: Seen = { read: new Map(), whole: new Set(), used: new Set() };
  for (const { body } of conditions) visit(body, seen);
  const of = (variable: Variable) =>
    seen.whole.has(variable) ? 'all' : (seen.read.get(variable) ?? NONE);
  return {
    principal: of('principal'),
    resource: of('resource'),
    context: of('context'),
    narrow: seen.used.has('resource') || seen.used.has('action'),
  };
}

type Seen = {
  readonly read: Map<Variable, Set<string>>;
  /** Variables that are used otherwise than for an attribute or for which entity they are. */
  readonly whole: Set<Variable>;
  readonly used: Set<Variable>;
};

/** What is not known here is gone through whole: that can only find more. */
function visit(node: unknown, seen: Seen): void {
  if (Array.isArray(node)) {
    for (const item of node) visit(item, seen);
  } else if (isPlain(node)) {
    for (const [operator, operand] of Object.entries(node)) visitOperator(operator, operand, seen);
  }
}

function visitOperator(operator: string, operand: unknown, seen: Seen): void {
  const named = attributeOf(operator, operand);
  if (operator === 'Value') return;
  if (operator === 'Var') {
    seen.used.add(operand as Variable);
    seen.whole.add(operand as Variable);
  } else if (named) {
    const { variable, name } = named;
    seen.used.add(variable);
    seen.read.set(variable, (seen.read.get(variable) ?? new Set()).add(name));
  } else if (COMPARES.has(operator)) {
    for (const side of Object.values(Object(operand))) visitEntity(side, seen);
  } else if (operator === 'is') {
    const { left, in: group } = Object(operand);
    visitEntity(left, seen);
    visitEntity(group, seen);
  } else if (LEFT_ONLY.has(operator)) {
    visit(Object(operand)['left'], seen);
  } else {
    visit(isPlain(operand) ? Object.values(operand) : operand, seen);
  }
}

function visitEntity(node: unknown, seen: Seen): void {
  const variable = variableIn(node);
  if (variable === undefined || variable === 'context') visit(node, seen);
  else seen.used.add(variable);
}

const NONE: ReadonlySet<string> = new Set();
/** Operators that look at which entity it is, not at its attributes. */
const COMPARES = new Set(['==', '!=', 'in']);
/** Operators whose other members are no expressions. */
const LEFT_ONLY = new Set(['.', 'has', 'like']);

/** `context.tool`, `context has tool`, `context has tool.name`. */
function attributeOf(operator: string, operand: unknown) {
  if (operator !== '.' && operator !== 'has') return undefined;
  const { left, attr } = Object(operand);
  const variable = variableIn(left);
  const name: unknown = Array.isArray(attr) ? attr[0] : attr;
  return variable === undefined || typeof name !== 'string' ? undefined : { variable, name };
}

function variableIn(node: unknown): Variable | undefined {
  return isPlain(node) && Object.hasOwn(node, 'Var') && typeof node['Var'] === 'string'
    ? (node['Var'] as Variable)
    : undefined;
}

function isPlain(node: unknown): node is Record<string, unknown> {
  return typeof node === 'object' && node !== null && !Array.isArray(node);
}
