/** A real server, a client of the SDK, and the rows of a session as its timeline shows them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Row } from '../../../src/sdk/sdk.ts';
import { connect } from '../../../src/sdk/sdk.ts';
import { openRig } from '../../server/rig.ts';
import { newPlace } from '../../trail/place.ts';

export type Ground = Awaited<ReturnType<typeof openGround>>;

export async function openGround() {
  const place = newPlace();
  const rig = await openRig(() => place.open());
  const spool = mkdtempSync(join(tmpdir(), 'claw-integration-'));
  const faults: string[] = [];
  const client = (token: string) =>
    connect({
      url: rig.server.url,
      token,
      spool: false,
      onError: (fault) => faults.push(`${fault.code}: ${fault.message}`),
    });
  const claw = client(rig.admin);
  return {
    claw,
    url: rig.server.url,
    token: rig.admin,
    spool,
    faults,
    /** Every row of the whole session, sub-agents' included, in the timeline's order. */
    rows: async (session_id: string): Promise<Row[]> => {
      await claw.flush();
      return [...(await claw.timeline(session_id, { limit: 1000 })).events];
    },
    sessions: async (): Promise<string[]> => {
      await claw.flush();
      const { events } = await claw.search({ query: 'type:session', limit: 1000, order: 'oldest' });
      return [...new Set(events.map(({ session_id }) => session_id))];
    },
    close: async () => {
      await claw.close();
      await rig.close();
      await place.clear();
      rmSync(spool, { recursive: true, force: true });
    },
  };
}

/** A row in one short line: what a reader of the timeline has to see. */
export function brief(row: Partial<Row>): string {
  const { type, tool, status, call_id, content, operation, decision } = row;
  const parts = [type, operation, tool, status, call_id && `#${call_id}`, content];
  const decided = decision?.outcome && `${decision.outcome} by ${decision.by}`;
  return [...parts, decided].filter((part) => part !== undefined && part !== '').join(' ');
}
