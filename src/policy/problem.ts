/** Where in a policy file something is wrong, and what to write instead. */
import { CONTEXT } from './circumstance.ts';
import type { PolicyFile, PolicyProblem } from './policy.ts';
import { PRINCIPAL } from './principal.ts';
import { POLICY_ACTIONS } from './schema.ts';
import { TARGETS } from './target.ts';

type Place = Pick<PolicyProblem, 'file' | 'line' | 'column'>;

/** `offset`: in UTF-16 units, or in bytes of UTF-8 as Cedar counts. */
export function placeIn(file: PolicyFile, offset: number, unit: 'units' | 'bytes' = 'units') {
  const before =
    unit === 'units'
      ? file.text.slice(0, offset)
      : Buffer.from(file.text, 'utf8').subarray(0, offset).toString('utf8');
  const lines = before.split('\n');
  const place: Place = {
    file: file.name,
    line: lines.length,
    column: (lines.at(-1)?.length ?? 0) + 1,
  };
  return place;
}

/** Cedar's own proposal, and what there is instead. */
export function hintFor(message: string, proposed: string | undefined): string | undefined {
  const hints = [proposed === undefined ? [] : [sentence(proposed)], [choicesFor(message) ?? []]];
  const told = hints.flat(2).join(' ');
  return told === '' ? undefined : told;
}

function choicesFor(message: string): string | undefined {
  const type = /on entity type `(\w{1,64})` not found/.exec(message)?.[1];
  if (type === 'Agent') return `An Agent has: ${Object.keys(PRINCIPAL).join(', ')}.`;
  if (type !== undefined && Object.hasOwn(TARGETS, type)) {
    const { attributes } = TARGETS[type as keyof typeof TARGETS];
    const names = Object.keys(attributes).join(', ');
    return `A resource of type ${type} has: ${names}. Narrow it down: resource is ….`;
  }
  if (message.includes('in context')) {
    return `The context has: ${Object.keys(CONTEXT).join(', ')}.`;
  }
  if (message.includes('unrecognized entity type')) {
    return `Resources are: ${Object.keys(TARGETS).join(', ')}; the principal is an Agent.`;
  }
  if (message.includes('unrecognized action')) return `Actions are: ${POLICY_ACTIONS.join(', ')}.`;
  if (message.includes('applicable action')) {
    return 'Of files, hosts and the like only read, write, delete, execute and network are asked.';
  }
  if (message.includes('policy is impossible')) return 'It never applies: look at its conditions.';
  return undefined;
}

function sentence(text: string): string {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.?!]$/.test(start) ? start : `${start}.`;
}
