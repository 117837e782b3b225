/** Which policies hold for a request, without asking Cedar what the policies' scopes tell. */
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { type Attributes, text, valuesOf } from './attribute.ts';
import { type Circumstance, CONTEXT, circumstanceOf } from './circumstance.ts';
import type { PolicyRequest } from './policy.ts';
import { PRINCIPAL } from './principal.ts';
import { type Question, questionsOf } from './question.ts';
import { type Rule, speaksOf } from './rule.ts';
import type { Slot } from './slot.ts';
import { readied } from './slot.ts';
import { TARGETS } from './target.ts';

/** What holds for one question. */
export type Held = {
  readonly question: Question;
  readonly permits: ReadonlySet<Rule>;
  /** Also those that failed: a forbid that fails must not let anything through. */
  readonly forbids: ReadonlySet<Rule>;
};

export type Evaluate = (request: PolicyRequest) => readonly Held[];

/** Throws what Cedar refuses; nothing was decided then. */
export function evaluator(rules: readonly Rule[]): Evaluate {
  const scopeOf = remembered((key: string, question: Question) => {
    void key;
    const inScope = rules.filter((rule) => speaksOf(rule, question));
    const narrow = slices(inScope.filter(({ depends }) => depends === 'question'));
    return { inScope: new Set(inScope), narrow };
  });
  const wideOf = remembered((key: string, scopes: readonly ReadonlySet<Rule>[]) => {
    void key;
    const wide = rules.filter(({ depends }) => depends === 'call');
    return slices(wide.filter((rule) => scopes.some((scope) => scope.has(rule))));
  });
  const always = rules.filter(({ depends }) => depends === 'always');
  return (request) => {
    const clocks = new Map<string, Circumstance>();
    const asking: Asking = {
      request,
      circumstance: (zone) => {
        const known = clocks.get(zone) ?? circumstanceOf(request, zone);
        clocks.set(zone, known);
        return known;
      },
    };
    const scoped = questionsOf(request).map((question) => {
      const key = `${question.action}/${question.type}`;
      return { key, question, ...scopeOf(key, question) };
    });
    const keys = [...new Set(scoped.map(({ key }) => key))].sort().join(' ');
    const wide = asked(wideOf(keys, scoped.map(({ inScope }) => inScope)), asking, scoped[0]);
    return scoped.map((one) => {
      const found = asked(one.narrow, asking, one);
      const inScope = (rule: Rule) => one.inScope.has(rule);
      const holding = [...always.filter(inScope), ...wide.holding.filter(inScope), ...found.holding];
      const failing = [...wide.failing.filter(inScope), ...found.failing].filter(isForbid);
      return {
        question: one.question,
        permits: new Set(holding.filter((rule) => !isForbid(rule))),
        forbids: new Set([...holding.filter(isForbid), ...failing]),
      };
    });
  };
}

function isForbid({ effect }: Rule): boolean {
  return effect === 'forbid';
}

type Asking = {
  readonly request: PolicyRequest;
  readonly circumstance: (zone: string) => Circumstance;
};

/** Policies that are asked together, and the attributes that they name. */
type Slice = Slot & {
  readonly zone: string;
  readonly rules: ReadonlyMap<string, Rule>;
  readonly names: { readonly [V in Variable]: ReadonlySet<string> | 'all' };
};
type Variable = 'principal' | 'resource' | 'context';

/** One for each zone, as the clock of the context is read in it. */
function slices(rules: readonly Rule[]): readonly Slice[] {
  const zones = Map.groupBy(rules, ({ zone }) => zone);
  return [...zones].map(([zone, together]) => {
    const named = together.map((rule, i) => [`p${i}`, rule] as const);
    const union = (variable: Variable) => unionOf(together.map((one) => one.mentions[variable]));
    return {
      zone,
      rules: new Map(named),
      policies: Object.fromEntries(named.map(([name, { rest }]) => [name, rest])),
      names: {
        principal: union('principal'),
        resource: union('resource'),
        context: union('context'),
      },
    };
  });
}

function unionOf(sets: readonly (ReadonlySet<string> | 'all')[]): ReadonlySet<string> | 'all' {
  const named = new Set<string>();
  for (const set of sets) {
    if (set === 'all') return 'all';
    for (const name of set) named.add(name);
  }
  return named;
}

type Answered = { readonly holding: readonly Rule[]; readonly failing: readonly Rule[] };

function asked(
  slices: readonly Slice[],
  asking: Asking,
  about: { readonly question: Question } | undefined,
): Answered {
  if (slices.length === 0 || about === undefined) return NOBODY;
  const holding: Rule[] = [];
  const failing: Rule[] = [];
  for (const slice of slices) {
    const answer = cedar.statefulIsAuthorized({
      ...callOf(slice, asking, about.question),
      preparsedPolicySetId: readied(slice),
    });
    if (answer.type === 'failure') throw new Error(answer.errors[0]?.message ?? 'unknown');
    const { reason, errors } = answer.response.diagnostics;
    for (const name of reason) holding.push(...ruleNamed(slice, name));
    for (const { policyId } of errors) failing.push(...ruleNamed(slice, policyId));
  }
  return { holding, failing };
}

const NOBODY: Answered = { holding: [], failing: [] };

function ruleNamed({ rules }: Slice, name: string): Rule[] {
  const rule = rules.get(name);
  return rule === undefined ? [] : [rule];
}

function callOf({ names, zone }: Slice, { request, circumstance }: Asking, question: Question) {
  const { type, target, action } = question;
  const principal = { type: 'Agent', id: text(request.principal.agent_id) };
  const resource = { type, id: text(target.id) };
  const entities = [];
  const agent = chosen(PRINCIPAL, request.principal, names.principal);
  if (agent) entities.push({ uid: principal, attrs: agent, parents: [] });
  const attributes: Attributes<Question['target']> = TARGETS[type].attributes;
  const acted = chosen(attributes, target, names.resource);
  if (acted) entities.push({ uid: resource, attrs: acted, parents: [] });
  return {
    principal,
    action: { type: 'Action', id: action },
    resource,
    context: chosen(CONTEXT, circumstance(zone), names.context) ?? {},
    entities,
  };
}

function chosen<From>(
  attributes: Attributes<From>,
  from: From,
  names: ReadonlySet<string> | 'all',
): ReturnType<typeof valuesOf> | undefined {
  if (names === 'all') return valuesOf(attributes, from, Object.keys(attributes));
  return names.size === 0 ? undefined : valuesOf(attributes, from, names);
}

/** Combinations of action and type that are kept; a call has a few of them. */
const KEYS = 1024;

function remembered<From, To>(make: (key: string, from: From) => To) {
  const known = new Map<string, To>();
  return (key: string, from: From): To => {
    const held = known.get(key);
    if (held !== undefined) return held;
    if (known.size >= KEYS) known.clear();
    const made = make(key, from);
    known.set(key, made);
    return made;
  };
}
