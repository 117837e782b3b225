/** Trails with policies in force, and who asks and answers on them. */
import { after } from 'node:test';
import { Fault } from '../../src/fault/fault.ts';
import type { Actor } from '../../src/trail/govern/govern.ts';
import { newPlace, type Place } from './place.ts';

function actor(name: string): Actor {
  return {
    tenant: 'acme',
    credential_id: `id of ${name}`,
    name,
    producer: { tenant_id: 'acme' },
  };
}
export const BOT = actor('bot');
export const JANE = actor('jane');
export const KEN = actor('ken');

export const bash = (command: string) => ({
  session_id: 's1',
  tool: 'Bash',
  arguments: { command },
  cwd: '/work',
  agent: { runtime: 'claude-code' },
});

export function refuses(code: string) {
  return (error: unknown) => error instanceof Fault && error.code === code;
}

/** Deleting needs approval. */
export const POLICIES = [
  {
    name: 'test.cedar',
    text: `
@id("baseline") permit (principal, action, resource);
@id("ask") @escalate("Deleting needs approval.")
forbid (principal, action == Action::"delete", resource);
`,
  },
];

/** Places that are cleared after the tests of the file that asks for this. */
export function clearedPlaces(): (now?: () => number) => Place {
  const places: Place[] = [];
  after(async () => {
    for (const place of places) await place.clear();
  });
  return (now) => {
    const made = newPlace(now);
    places.push(made);
    return made;
  };
}

/** A trail on which deleting needs approval; `reopen` reads it back as a new process would. */
export async function openGoverned(place: Place) {
  const trail = await place.open();
  await trail.govern.applyPolicies({ files: POLICIES }, JANE);
  const reopen = async () => {
    await trail.close();
    return (await place.open()).govern;
  };
  return { place, trail, govern: trail.govern, reopen };
}
