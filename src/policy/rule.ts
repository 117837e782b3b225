/** A policy taken apart: its scope, read here, and its conditions, which Cedar evaluates. */
import type { EntityUidJson, PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import { type Mentions, mentionsOf } from './mention.ts';
import type { Parsed } from './parse.ts';
import type { Question } from './question.ts';
import { ruledOut, type Scene } from './rule-out.ts';

export type Rule = {
  /** Its place in the set. */
  readonly number: number;
  readonly id: string;
  readonly effect: 'permit' | 'forbid';
  readonly zone: string;
  /** Absent where any is meant. */
  readonly actions?: ReadonlySet<string>;
  readonly type?: string;
  /**
   * `always` in its scope; `call` where its conditions are the same for all that a call touches;
   * `question` where they are not.
   */
  readonly depends: 'always' | 'call' | 'question';
  readonly mentions: Mentions;
  /** Whether its conditions plainly do not hold. */
  readonly ruledOut: (scene: Scene) => boolean;
  /** What is left for Cedar: a permit, so that Cedar names every one that holds. */
  readonly rest: PolicyJson;
};

export function ruleOf({ id, effect, zone, json }: Parsed, number: number): Rule {
  const actions = actionsIn(json.action);
  const type = typeIn(json.resource);
  const resource = type === undefined ? json.resource : ANY;
  const { principal } = json;
  const agents = principal.op === 'is' && principal.in === undefined ? ANY : principal;
  const mentions = mentionsOf(json);
  const narrow = mentions.narrow || resource.op !== 'All';
  const bare = json.conditions.length === 0 && agents.op === 'All';
  return {
    number,
    id,
    effect,
    zone,
    ...(actions === undefined ? {} : { actions }),
    ...(type === undefined ? {} : { type }),
    depends: narrow ? 'question' : bare ? 'always' : 'call',
    mentions,
    ruledOut: ruledOut(json),
    rest: {
      effect: 'permit',
      principal: agents,
      action: ANY,
      resource,
      conditions: json.conditions,
    },
  };
}

/** Whether a question is in its scope, as far as that is read here. */
export function speaksOf({ actions, type }: Rule, question: Question): boolean {
  if (actions !== undefined && !actions.has(question.action)) return false;
  return type === undefined || type === question.type;
}

const ANY = { op: 'All' } as const;

/** Actions have no groups, so that `in` is `==` with several. */
function actionsIn(scope: PolicyJson['action']): ReadonlySet<string> | undefined {
  if (scope.op === 'All') return undefined;
  if (scope.op === 'in' && 'entities' in scope) return new Set(scope.entities.map(idOf));
  return new Set('entity' in scope ? [idOf(scope.entity)] : []);
}

function typeIn(scope: PolicyJson['resource']): string | undefined {
  return scope.op === 'is' && scope.in === undefined ? scope.entity_type : undefined;
}

function idOf(entity: EntityUidJson): string {
  return '__entity' in entity ? entity.__entity.id : entity.id;
}
