/** A real server with policies in force, and tokens for each role: what a guarded agent meets. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { openServer } from '../../src/server/server.ts';
import { openCredentials, type Role } from '../../src/trail/credential.ts';
import type { Trail } from '../../src/trail/trail.ts';
import { newPlace } from '../trail/place.ts';

export const POLICIES = [
  {
    name: 'test.cedar',
    text: `
@id("baseline") permit (principal, action, resource);
@id("restrict-prod-edits") @reason("Production is not edited.")
forbid (principal, action == Action::"write", resource is File)
when { resource.id like "/prod/*" };
@id("rm-needs-approval") @escalate("Deleting needs approval.")
forbid (principal, action == Action::"delete", resource);
`,
  },
];

export type Ground = {
  readonly url: string;
  readonly trail: Trail;
  /** A token of every tenant. */
  readonly operator: string;
  readonly token: (role: Role, name?: string) => Promise<string>;
  readonly revoke: (name: string) => Promise<void>;
  /** Stops the server and opens it again at the same port, on the same trail. */
  readonly restart: (away?: () => Promise<void>) => Promise<void>;
  readonly close: () => Promise<void>;
};

export async function openGround(): Promise<Ground> {
  const place = newPlace();
  const path = join(place.data, 'credentials.json');
  const credentials = await openCredentials({ path, now: Date.now, entropy: randomBytes });
  let trail = await place.open();
  const author = { tenant: 'acme', credential_id: 'author', name: 'author' };
  await trail.govern.applyPolicies(
    { files: POLICIES },
    { ...author, producer: { tenant_id: 'acme' } },
  );
  let server = await openServer({ trail, credentials, version: 'test', port: 0 });
  const { url, port } = server;
  const stop = async () => {
    await server.close();
    await trail.close();
  };
  return {
    url,
    operator: credentials.token ?? '',
    get trail() {
      return trail;
    },
    token: async (role, name = role) =>
      (await credentials.create({ name, role, tenant: 'acme' })).token,
    revoke: async (name) => {
      const found = credentials.list().find((one) => one.name === name);
      if (found) await credentials.revoke(found.id);
    },
    restart: async (away) => {
      await stop();
      await away?.();
      trail = await place.open();
      server = await openServer({ trail, credentials, version: 'test', port });
    },
    close: async () => {
      await stop();
      await place.clear();
    },
  };
}
