/** The policy sets that were ever in force, read from the trail. */
import { Fault } from '../../fault/fault.ts';
import type { Govern, PolicyVersion } from './govern.ts';
import type { Past } from './load.ts';

/** Versions of one answer. */
const VERSIONS = 1000;

export function openVersions(
  past: Pick<Past, 'versions'>,
): Pick<Govern, 'policyVersions' | 'policyVersion'> {
  return {
    policyVersions: async (tenant, limit = 50) => {
      const found: PolicyVersion[] = [];
      for await (const version of past.versions(tenant)) {
        found.push(version);
        if (found.length >= Math.min(limit, VERSIONS)) break;
      }
      return found;
    },
    policyVersion: async (tenant, wanted) => {
      for await (const version of past.versions(tenant)) {
        if (version.version === wanted) return version;
      }
      throw new Fault('policy.not_found', 'No policy set of this version was ever in force.', {
        field: 'version',
        hint: 'clawctl policy versions lists them.',
      });
    },
  };
}
