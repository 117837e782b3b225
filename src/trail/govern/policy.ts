/** Which policies are in force and who is held to them: each change recorded, with its author. */
import { check } from '../../event/check.ts';
import { OWN_ATTRIBUTE } from '../../event/lifecycle.ts';
import { Fault } from '../../fault/fault.ts';
import { compile } from '../../policy/cedar.ts';
import { diffSets } from '../../policy/diff.ts';
import { type Enforcement, enforcementSchema } from '../../policy/lifecycle.ts';
import type { PolicyFile, PolicySet } from '../../policy/policy.ts';
import { type Own, readerSession } from '../own.ts';
import type { Actor, Govern, PolicyVersion } from './govern.ts';
import { type Ground, timeOf } from './ground.ts';
import type { TenantState } from './state.ts';

/** Bytes of all files of a policy set, as UTF-8. */
const SET_BYTES = 1024 * 1024;
const SET_FILES = 256;

type Policies = Pick<Govern, 'policies' | 'applyPolicies' | 'enforcement' | 'setEnforcement'>;

export function openPolicies(ground: Ground): Policies {
  const turns = new Map<string, Promise<unknown>>();
  const inTurn = <T>(tenant: string, work: () => Promise<T>): Promise<T> => {
    const turn = (turns.get(tenant) ?? Promise.resolve()).then(work, work);
    turns.set(
      tenant,
      turn.catch(() => undefined),
    );
    return turn;
  };
  return {
    policies: async (tenant) => {
      return (await ground.ruledState(tenant)).policy;
    },
    applyPolicies: ({ files, reason }, actor) =>
      inTurn(actor.tenant, async () => {
        const state = await ground.ruledState(actor.tenant);
        const given = reason === undefined ? {} : { reason };
        return putInForce(ground, state, { files, author: actor.name, ...given });
      }),
    enforcement: async (tenant) => (await ground.stateOf(tenant)).enforcement,
    setEnforcement: (settings, actor) =>
      inTurn(actor.tenant, () => setEnforcement(ground, settings, actor)),
  };
}

type Change = {
  readonly files: readonly PolicyFile[];
  readonly author: string;
  readonly reason?: string;
  readonly brought?: true;
};

/** Compiles, records with the difference to what was in force, and only then decides by it. */
export async function putInForce(
  ground: Pick<Ground, 'record' | 'now' | 'newId'>,
  state: TenantState,
  { files, author, reason, brought }: Change,
): Promise<PolicyVersion> {
  const set = checkedSet(files);
  const before = state.policy;
  const same = before?.set.version === set.version;
  // A tenant that chooses what was brought makes it its own.
  if (same && (brought || !before.version.brought)) return before.version;
  const event_id = ground.newId();
  const applied_at = timeOf(ground);
  const why = reason === undefined ? {} : { reason };
  const version: PolicyVersion = {
    ...{ version: set.version, files: set.files, author, applied_at, event_id },
    ...why,
    ...(brought ? { brought } : {}),
  };
  const diff = diffSets(before?.set, set);
  const own = {
    ...adminEvent(state.tenant, author, { policy: version, diff }),
    id: event_id,
    time: applied_at,
    tool: 'policy.apply',
    arguments: { version: set.version, before: before?.set.version ?? null, ...why },
    detail: `Policies ${set.version.slice(0, 19)} were put in force.`,
  };
  await ground.record(own, 'made');
  state.policy = { version, set };
  return version;
}

/** Throws `policy.invalid`. */
export function checkedSet(files: readonly PolicyFile[]): PolicySet {
  const bytes = files.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  if (bytes > SET_BYTES || files.length > SET_FILES) {
    throw new Fault('policy.invalid', 'The policy set is larger than the limit.', {
      field: 'files',
      limit: bytes > SET_BYTES ? SET_BYTES : SET_FILES,
    });
  }
  return compile(files);
}

function adminEvent(tenant_id: string, user: string, own: Readonly<Record<string, unknown>>) {
  return {
    type: 'admin',
    tenant_id,
    session_id: readerSession(user),
    user: { id: user },
    agent: { id: 'claw' },
    action: 'admin',
    resources: [],
    status: 'success',
    source: { kind: 'api', runtime: 'claw' },
    attributes: { [OWN_ATTRIBUTE]: own },
  } satisfies Own;
}

async function setEnforcement(ground: Ground, settings: unknown, actor: Actor) {
  const enforcement: Enforcement = check(enforcementSchema, settings);
  const state = await ground.stateOf(actor.tenant);
  await ground.record({
    ...adminEvent(actor.tenant, actor.name, { enforcement, before: state.enforcement }),
    tool: 'enforcement.set',
    arguments: { ...enforcement },
    detail: 'It was set which agents are held to decisions.',
  });
  state.enforcement = enforcement;
  return enforcement;
}
