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
  const read = new Map<Variable, Set<string>>();
  const whole = new Set<Variable>();
  const used = new Set<Variable>();
  const attribute = (variable: Variable, name: string) => {
    used.add(variable);
    read.set(variable, (read.get(variable) ?? new Set()).add(name));
  };
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) {
      for (const item of node) visit(item);
      return;
    }
    if (typeof node !== 'object' || node === null) return;
    for (const [operator, operand] of Object.entries(node)) {
      if (operator === 'Value') continue;
      if (operator === 'Record') {
        visit(Object.values(Object(operand)));
        continue;
      }
      if (operator === 'Var') {
        used.add(operand);
        whole.add(operand);
        continue;
      }
      const named = attributeOf(operator, operand);
      if (named) attribute(named.variable, named.name);
      else if (COMPARES.has(operator)) visitSides(operand);
      else if (TAKES.has(operator)) visitTaken(operator, operand);
      else visit(isPlain(operand) ? Object.values(operand) : operand);
    }
  };
  const visitSides = (operand: unknown) => {
    for (const side of Object.values(Object(operand))) {
      const variable = entityIn(side);
      if (variable === undefined) visit(side);
      else used.add(variable);
    }
  };
  const visitTaken = (operator: string, operand: unknown) => {
    const { left, in: within } = Object(operand);
    const variable = operator === 'is' ? entityIn(left) : undefined;
    if (variable === undefined) visit(left);
    else used.add(variable);
    if (operator === 'is' && within !== undefined) visitSides({ within });
  };
  for (const { body } of conditions) visit(body);
  const of = (variable: Variable) => (whole.has(variable) ? 'all' : (read.get(variable) ?? NONE));
  return {
    principal: of('principal'),
    resource: of('resource'),
    context: of('context'),
    narrow: used.has('resource') || used.has('action'),
  };
}

const NONE: ReadonlySet<string> = new Set();
/** Operators that look at which entity it is, not at its attributes. */
const COMPARES = new Set(['==', '!=', 'in']);
/** Operators of which not every member is an expression. */
const TAKES = new Set(['.', 'has', 'like', 'is']);

/** `context.tool`, `context has tool`, `context has tool.name`. */
function attributeOf(operator: string, operand: unknown) {
  if (operator !== '.' && operator !== 'has') return undefined;
  const { left, attr } = Object(operand);
  const variable = variableIn(left);
  const name: unknown = Array.isArray(attr) ? attr[0] : attr;
  return variable === undefined || typeof name !== 'string' ? undefined : { variable, name };
}

function entityIn(node: unknown): Variable | undefined {
  const variable = variableIn(node);
  return variable === 'context' ? undefined : variable;
}

function variableIn(node: unknown): Variable | undefined {
  return isPlain(node) && Object.hasOwn(node, 'Var') && typeof node['Var'] === 'string'
    ? (node['Var'] as Variable)
    : undefined;
}

function isPlain(node: unknown): node is Record<string, unknown> {
  return typeof node === 'object' && node !== null && !Array.isArray(node);
}
