/** Load on a real server: lanes of batches, single events, searches and looks at checkpoints. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Account } from './account.ts';
import type { Client } from './client.ts';

export type Load = {
  /** Resolves when every lane has ended. */
  readonly stop: () => Promise<void>;
};

export type LoadOptions = {
  readonly client: Client;
  readonly account: Account;
  readonly tenants: readonly string[];
  /** Events of a batch. */
  readonly batch: number;
  /** Events of all lanes together, acknowledged or not; without end where absent. */
  readonly most?: number;
};

const SEARCHES = [
  '/v1/events?query=ledger&limit=20',
  '/v1/count?query=type:prompt',
  '/v1/facets?field=user.id',
  '/v1/sessions',
];
/** How long a lane waits where the server answered nothing, or for its next look. */
const PAUSE_MS = 20;

export function startLoad(options: LoadOptions): Load {
  const { client, account, tenants, batch, most = Number.POSITIVE_INFINITY } = options;
  let going = true;
  let drafted = 0;
  const lane = async (step: (turn: number) => Promise<boolean>) => {
    for (let turn = 0; going; turn++) if (!(await step(turn))) await pause(PAUSE_MS);
  };
  const tenantAt = (turn: number) => tenants[turn % tenants.length] as string;
  const send = (count: number) => async (turn: number) => {
    if (drafted >= most) return false;
    drafted += count;
    return client.send(account.draft(tenantAt(turn), count));
  };
  const search = async (turn: number) => {
    const path = SEARCHES[turn % SEARCHES.length] as string;
    const sep = path.includes('?') ? '&' : '?';
    await client.get(`${path}${sep}tenant=${tenantAt(turn)}`);
    return false;
  };
  const look = async (turn: number) => {
    await client.look(tenantAt(turn));
    return false;
  };
  const lanes = [
    ...[send(batch), send(batch), send(Math.ceil(batch / 4))],
    ...[send(1), send(1), send(1), send(1)],
    ...[search, look],
  ].map(lane);
  return {
    stop: async () => {
      going = false;
      await Promise.all(lanes);
    },
  };
}
