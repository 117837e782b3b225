/** A server with policies in force, and gates and recorders of its own that proxies stand on. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mode } from '../../src/policy/lifecycle.ts';
import { type Gate, openGate } from '../../src/proxy/gate.ts';
import { settings } from '../../src/sdk/option.ts';
import { type Claw, connect } from '../../src/sdk/sdk.ts';
import { openWire } from '../../src/sdk/wire.ts';
import type { Row } from '../../src/trail/trail.ts';
import { eventually, openRig } from '../server/rig.ts';
import { newPlace } from '../trail/place.ts';

/** What is forbidden, what needs approval; all else is permitted. */
const POLICIES = [
  {
    name: 'test.cedar',
    text: `
@id("baseline") permit (principal, action, resource);
@id("no-forbidden") @reason("It says forbidden.")
forbid (principal, action, resource)
when { context.input like "*forbidden*" };
@id("no-evil") @reason("The host is evil.")
forbid (principal, action, resource is Host)
when { resource.id like "evil.*" || resource.id == "localhost" };
@id("ask") @escalate("It says risky.")
forbid (principal, action, resource)
when { context.input like "*risky*" };
`,
  },
];

export type Governed = Awaited<ReturnType<typeof openGoverned>>;

export async function openGoverned() {
  const place = newPlace();
  const folder = mkdtempSync(join(tmpdir(), 'claw-governed-'));
  const rig = await openRig(() => place.open());
  const who = { tenant: 'acme', credential_id: 'x', name: 'x', producer: { tenant_id: 'acme' } };
  await rig.trail.govern.applyPolicies({ files: POLICIES }, who);
  const { url } = rig.server;
  const closing: (() => unknown)[] = [];
  const gate = (mode: Mode = 'enforce', wait_s = 0, at: string = url): Gate => {
    const wire = openWire(settings({ url: at, token: rig.recorder, spool: false }, {}));
    closing.push(wire.close);
    const ask: Parameters<typeof openGate>[0]['ask'] = (request, options) =>
      wire.post('v1/actions/validate', request, options);
    return openGate({ mode, wait_s, ask });
  };
  const claw: Claw = connect({ url, token: rig.recorder, spool: join(folder, 'spool') });
  const read = async (path: string) => (await rig.send(path, { token: rig.viewer })).body;
  return {
    ...rig,
    url,
    env: { CLAW_URL: url, CLAW_TOKEN: rig.recorder, HOME: folder, XDG_STATE_HOME: folder },
    gate,
    claw,
    /** Rows that a query finds, when there are as many. */
    rows: async (query: string, least = 1): Promise<readonly Row[]> => {
      await claw.flush();
      const find = () =>
        read(`/v1/events?limit=1000&order=oldest&query=${encodeURIComponent(query)}`);
      const { events } = await eventually(find, (found) => found.events.length >= least);
      return events as readonly Row[];
    },
    /** Decides the next approval that is asked for. */
    vote: async (word: 'approve' | 'deny') => {
      const find = () => read('/v1/approvals?state=pending');
      const { approvals } = await eventually(find, (found) => found.approvals.length > 0);
      const body = { reason: `A person says ${word}.` };
      const path = `/v1/approvals/${approvals[0].approval_id}/${word}`;
      const { status, text } = await rig.send(path, { token: rig.approver, body });
      assert.equal(status, 200, text);
    },
    close: async () => {
      await claw.close();
      for (const close of closing) close();
      await rig.close();
      await place.clear();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
