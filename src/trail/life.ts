/** What the recorder says of itself: each start and stop, and that it lived through silence. */
import type { Draft } from '../event/event.ts';
import type { Journal } from '../journal/journal.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Door } from './door.ts';
import { OWN_SESSION } from './own.ts';

export type Life = {
  /** Records that the tenant's trail was opened, naming the checkpoint before; once a start. */
  readonly opened: (tenant: string) => Promise<void>;
  /** Records a heartbeat for each tenant that was silent since the last call. */
  readonly beat: () => Promise<void>;
  readonly closed: () => Promise<void>;
};

export type LifeOptions = {
  readonly journal: Journal;
  readonly ledger: Pick<Ledger, 'checkpoint'>;
  readonly door: Pick<Door, 'record'>;
  readonly version: string;
};

export function openLife({ journal, ledger, door, version }: LifeOptions): Life {
  const sizes = new Map<string, number>();
  const say = async (tenant: string, what: Said): Promise<void> => {
    await door.record(own(tenant, version, what));
    sizes.set(tenant, journal.size(tenant));
  };
  const previous = (tenant: string) => ledger.checkpoint(tenant)?.note ?? null;
  return {
    opened: (tenant) => {
      const { recovered_bytes } = journal.status();
      const attributes = {
        previous_checkpoint: previous(tenant),
        next_index: journal.size(tenant),
        ...(recovered_bytes > 0 ? { recovered_bytes } : {}),
      };
      return say(tenant, { tool: 'trail.opened', detail: 'The trail was opened.', attributes });
    },
    beat: async () => {
      for (const tenant of journal.tenants()) {
        if (sizes.get(tenant) === journal.size(tenant)) {
          const attributes = { checkpoint: previous(tenant) };
          await say(tenant, { tool: 'trail.heartbeat', detail: 'Nothing happened.', attributes });
        }
        sizes.set(tenant, journal.size(tenant));
      }
    },
    closed: async () => {
      for (const tenant of journal.tenants()) {
        const attributes = { checkpoint: previous(tenant) };
        await say(tenant, { tool: 'trail.closed', detail: 'The trail was closed.', attributes });
      }
    },
  };
}

type Said = {
  readonly tool: string;
  readonly detail: string;
  readonly attributes: Readonly<Record<string, unknown>>;
};

function own(tenant_id: string, version: string, said: Said): Draft & { tenant_id: string } {
  return {
    type: 'admin',
    session_id: OWN_SESSION,
    tenant_id,
    agent: { id: 'claw', name: 'Claw', version },
    action: 'admin',
    status: 'success',
    source: { kind: 'api', runtime: 'claw', version },
    ...said,
  };
}
