/** The Cedar schema that policies are held to: made of the event's own actions and kinds. */
import { ACCESSES, ACTIONS } from '../event/event.ts';
import type { Attributes } from './attribute.ts';
import { CONTEXT } from './circumstance.ts';
import type { PolicyAction } from './policy.ts';
import { PRINCIPAL } from './principal.ts';
import { TARGETS } from './target.ts';

/** Everything that a call may be. */
export const POLICY_ACTIONS: readonly PolicyAction[] = [...ACTIONS, 'unknown'];

/** In Cedar's own schema language; the same text is in the reference. */
export function schemaText(): string {
  const names = Object.keys(TARGETS);
  const accesses = new Set<string>(ACCESSES);
  const others = POLICY_ACTIONS.filter((action) => !accesses.has(action));
  return [
    '// Whoever acts.',
    entity('Agent', PRINCIPAL),
    ...Object.entries(TARGETS).flatMap(([name, { about, attributes }]) => [
      `// ${about}`,
      entity(name, attributes),
    ]),
    '// The circumstances of a call.',
    `type Circumstances = ${record(CONTEXT)};`,
    '',
    '// What is done to a resource, and what a call does.',
    applied(ACCESSES, names),
    '// What only a call does, so that only its tool is asked about.',
    applied(others, ['Tool']),
  ].join('\n');
}

function entity(name: string, attributes: Attributes<never>): string {
  return `entity ${name} ${record(attributes)};\n`;
}

function record(attributes: Attributes<never>): string {
  const lines = Object.entries(attributes).map(([name, { type }]) => `  ${name}: ${type},`);
  return `{\n${lines.join('\n')}\n}`;
}

function applied(actions: readonly string[], resources: readonly string[]): string {
  return `action ${actions.join(', ')} appliesTo {
  principal: Agent,
  resource: [${resources.join(', ')}],
  context: Circumstances,
};
`;
}
