/** Which policies hold for a request: Cedar is asked only about those that may. */
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { type Attributes, text, valuesOf } from './attribute.ts';
import { CONTEXT, circumstanceOf } from './circumstance.ts';
import type { PolicyRequest } from './policy.ts';
import { PRINCIPAL } from './principal.ts';
import { type Question, questionsOf } from './question.ts';
import { type Rule, speaksOf } from './rule.ts';
import type { Scene } from './rule-out.ts';
import { readied, type Slot } from './slot.ts';
import { TARGETS } from './target.ts';

/** What holds for one question. */
export type Held = {
  readonly question: Question;
  readonly permits: readonly Rule[];
  /** Also those that failed: a forbid that fails must not let anything through. */
  readonly forbids: readonly Rule[];
};

export type Evaluate = (request: PolicyRequest) => readonly Held[];

/** Throws what Cedar refuses; nothing was decided then. */
export function evaluator(rules: readonly Rule[]): Evaluate {
  const scopes = new Map<string, Scope>();
  const sliceOf = slicer();
  const scopeOf = (question: Question): Scope => {
    const key = `${question.action}/${question.type}`;
    const scope = scopes.get(key) ?? scopeIn(rules, question);
    // Actions and types are few: this cannot grow for long.
    scopes.set(key, scope);
    return scope;
  };
  return (request) => {
    const clocks = new Map<string, Pick<Scene, 'principal' | 'circumstance' | 'known'>>();
    const sceneOf = ({ action, type, target }: Question, zone: string): Scene => {
      const clock = clocks.get(zone) ?? {
        principal: request.principal,
        circumstance: circumstanceOf(request, zone),
        known: new Map(),
      };
      clocks.set(zone, clock);
      return { ...clock, action, type, target };
    };
    /** What is the same for the whole call is asked once. */
    const call = new Map<Rule, boolean>();
    return questionsOf(request).map((question) => {
      const scope = scopeOf(question);
      const { always, zones } = scope;
      const held = [...always];
      for (const [zone, { wide, narrow }] of zones) {
        const scene = sceneOf(question, zone);
        const open = wide.filter((rule) => !call.has(rule) && !ruledOut(rule, scene, call));
        for (const [rule, holds] of asked(sliceOf(open), scene)) call.set(rule, holds);
        held.push(...wide.filter((rule) => call.get(rule) === true));
        const left = narrow.filter((rule) => !rule.ruledOut(scene));
        for (const [rule, holds] of asked(sliceOf(left), scene)) if (holds) held.push(rule);
      }
      return {
        question,
        permits: held.filter(({ effect }) => effect === 'permit'),
        forbids: held.filter(({ effect }) => effect === 'forbid'),
      };
    });
  };
}

function ruledOut(rule: Rule, scene: Scene, call: Map<Rule, boolean>): boolean {
  const out = rule.ruledOut(scene);
  if (out) call.set(rule, false);
  return out;
}

/** The policies whose scopes speak of an action on a type, by the clock that they are read in. */
type Scope = {
  readonly always: readonly Rule[];
  readonly zones: ReadonlyMap<
    string,
    { readonly wide: readonly Rule[]; readonly narrow: readonly Rule[] }
  >;
};

function scopeIn(rules: readonly Rule[], question: Question): Scope {
  const inScope = rules.filter((rule) => speaksOf(rule, question));
  const depending = inScope.filter(({ depends }) => depends !== 'always');
  const zones = [...Map.groupBy(depending, ({ zone }) => zone)].map(([zone, together]) => {
    const wide = together.filter(({ depends }) => depends === 'call');
    const narrow = together.filter(({ depends }) => depends === 'question');
    return [zone, { wide, narrow }] as const;
  });
  return {
    always: inScope.filter(({ depends }) => depends === 'always'),
    zones: new Map(zones),
  };
}

/** Policies that are asked together, and the attributes that they name. */
type Slice = Slot & {
  readonly rules: ReadonlyMap<string, Rule>;
  readonly names: { readonly [V in Variable]: ReadonlySet<string> | 'all' };
};
type Variable = 'principal' | 'resource' | 'context';

/** Combinations of policies that are kept for when they are asked about again. */
const SLICES = 1024;

/** Policies of one zone as a slice; the same ones get the same slice. */
function slicer(): (rules: readonly Rule[]) => Slice | undefined {
  const slices = new Map<string, Slice>();
  return (rules) => {
    if (rules.length === 0) return undefined;
    const key = rules.map(({ number }) => number).join(' ');
    const known = slices.get(key);
    if (known) return known;
    if (slices.size >= SLICES) slices.clear();
    const slice = sliceOf(rules);
    slices.set(key, slice);
    return slice;
  };
}

function sliceOf(rules: readonly Rule[]): Slice {
  const named = rules.map((rule) => [`p${rule.number}`, rule] as const);
  const union = (variable: Variable) => unionOf(rules.map((rule) => rule.mentions[variable]));
  return {
    rules: new Map(named),
    policies: Object.fromEntries(named.map(([name, { rest }]) => [name, rest])),
    names: {
      principal: union('principal'),
      resource: union('resource'),
      context: union('context'),
    },
  };
}

function unionOf(sets: readonly (ReadonlySet<string> | 'all')[]): ReadonlySet<string> | 'all' {
  const named = new Set<string>();
  for (const set of sets) {
    if (set === 'all') return 'all';
    for (const name of set) named.add(name);
  }
  return named;
}

/** Of every policy of the slice whether it holds; a forbid that fails counts as one that does. */
function asked(slice: Slice | undefined, scene: Scene): ReadonlyMap<Rule, boolean> {
  if (!slice) return NONE;
  const answer = cedar.statefulIsAuthorized({
    ...callOf(slice, scene),
    preparsedPolicySetId: readied(slice),
  });
  if (answer.type === 'failure') throw new Error(answer.errors[0]?.message ?? 'unknown');
  const { reason, errors } = answer.response.diagnostics;
  const held = new Set(reason);
  const failed = new Set(errors.map(({ policyId }) => policyId));
  return new Map(
    [...slice.rules].map(([name, rule]) => [
      rule,
      held.has(name) || (failed.has(name) && rule.effect === 'forbid'),
    ]),
  );
}

const NONE: ReadonlyMap<Rule, boolean> = new Map();

function callOf({ names }: Slice, scene: Scene) {
  const { type, target, action, circumstance } = scene;
  const principal = { type: 'Agent', id: text(scene.principal.agent_id) };
  const resource = { type, id: text(target.id) };
  const entities = [];
  const agent = chosen(PRINCIPAL, scene.principal, names.principal);
  if (agent) entities.push({ uid: principal, attrs: agent, parents: [] });
  const attributes: Attributes<Question['target']> = TARGETS[type].attributes;
  const acted = chosen(attributes, target, names.resource);
  if (acted) entities.push({ uid: resource, attrs: acted, parents: [] });
  return {
    principal,
    action: { type: 'Action', id: action },
    resource,
    context: chosen(CONTEXT, circumstance, names.context) ?? {},
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
