/** What a client remembers: what it sent, what was acknowledged, which trees it was shown. */
import type { Receipt } from '../../src/trail/trail.ts';

/** An event as a client sends it; its number makes its content, so that nobody need keep it. */
export type Sent = {
  readonly id: string;
  readonly type: 'prompt';
  readonly tenant_id: string;
  readonly session_id: string;
  readonly user?: { readonly id: string };
  readonly content: string;
};

/** A tree that a checkpoint claimed, as base64 of its root. */
export type SeenTree = { readonly size: number; readonly root: string };

export type Kept = { readonly n: number; readonly index: number };

export type Account = {
  /** The next events of a tenant, not acknowledged yet. */
  readonly draft: (tenant: string, count: number) => readonly Sent[];
  /** Takes receipts in the order of what was sent. */
  readonly receive: (sent: readonly Sent[], receipts: readonly Receipt[]) => void;
  readonly waiting: (tenant: string) => readonly Sent[];
  /** Some that were acknowledged, as they were sent: a client may have lost the answer. */
  readonly again: (tenant: string) => readonly Sent[];
  /** A checkpoint as the trail publishes it. */
  readonly see: (tenant: string, checkpoint: Buffer | undefined) => void;
  readonly tenants: () => readonly string[];
  /** Acknowledged events of a tenant, by id. */
  readonly kept: (tenant: string) => ReadonlyMap<string, Kept>;
  readonly trees: (tenant: string) => ReadonlyMap<number, string>;
  readonly acknowledged: () => number;
  /** The content of the nth event. */
  readonly content: (n: number) => string;
  /** Another client with the same memory. */
  readonly copy: () => Account;
};

export type AccountOptions = {
  /** Unix milliseconds of the first id, and what tells this account's ids from another's. */
  readonly start_ms: number;
  readonly run: number;
  /** Characters of the nth event's content. */
  readonly size: (n: number) => number;
};

/** Data subjects; each has a key of its own. */
const USERS = 12;
/** Acknowledged events that are sent again at once. */
const AGAIN = 20;

type Memory = {
  readonly waiting: Map<string, Map<string, Sent>>;
  readonly kept: Map<string, Map<string, Kept>>;
  readonly trees: Map<string, Map<number, string>>;
  /** The number of each id. */
  readonly numbers: Map<string, number>;
  next: number;
  acknowledged: number;
};

const NOTHING: Memory = {
  waiting: new Map(),
  kept: new Map(),
  trees: new Map(),
  numbers: new Map(),
  next: 0,
  acknowledged: 0,
};

export function openAccount(options: AccountOptions): Account {
  return accountOf(options, structuredClone(NOTHING));
}

function accountOf(options: AccountOptions, memory: Memory): Account {
  const { start_ms, run, size } = options;
  const { waiting, kept, trees, numbers } = memory;
  const content = (n: number) => `event ${n} of run ${run} `.padEnd(size(n), 'ledger 記録 ');

  function sentOf(tenant_id: string, n: number): Sent {
    const user = n % 3 === 0 ? {} : { user: { id: `user-${n % USERS}` } };
    const session_id = `session-${n % 7}`;
    const id = idOf(start_ms + n, run, n);
    return { id, type: 'prompt', tenant_id, session_id, ...user, content: content(n) };
  }

  function make(tenant_id: string): Sent {
    const n = memory.next++;
    const sent = sentOf(tenant_id, n);
    numbers.set(sent.id, n);
    of(waiting, tenant_id).set(sent.id, sent);
    return sent;
  }

  return {
    draft: (tenant, count) => Array.from({ length: count }, () => make(tenant)),
    receive(sent, receipts) {
      for (const [i, { id, tenant_id }] of sent.entries()) {
        const receipt = receipts[i];
        if (receipt === undefined || receipt.status === 'rejected') continue;
        const n = numbers.get(id) as number;
        if (!of(kept, tenant_id).has(id)) memory.acknowledged++;
        of(kept, tenant_id).set(id, { n, index: receipt.index });
        of(waiting, tenant_id).delete(id);
      }
    },
    waiting: (tenant) => [...of(waiting, tenant).values()],
    again: (tenant) => {
      const known = [...of(kept, tenant).values()];
      const step = Math.ceil(known.length / AGAIN);
      return known.filter((_, i) => i % step === 0).map(({ n }) => sentOf(tenant, n));
    },
    see(tenant, checkpoint) {
      const tree = checkpoint && treeOf(checkpoint);
      if (tree) of(trees, tenant).set(tree.size, tree.root);
    },
    tenants: () => [...new Set([...waiting.keys(), ...kept.keys()])],
    kept: (tenant) => of(kept, tenant),
    trees: (tenant) => of(trees, tenant),
    acknowledged: () => memory.acknowledged,
    content,
    copy: () => accountOf(options, structuredClone(memory)),
  };
}

function of<K, V>(all: Map<string, Map<K, V>>, tenant: string): Map<K, V> {
  const known = all.get(tenant) ?? new Map<K, V>();
  all.set(tenant, known);
  return known;
}

/** A UUIDv7 that is the same each time. */
function idOf(at_ms: number, run: number, n: number): string {
  const time = at_ms.toString(16).padStart(12, '0');
  const tail = n.toString(16).padStart(12, '0');
  const mark = (run % 0x1000).toString(16).padStart(3, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${mark}-8000-${tail}`;
}

function treeOf(checkpoint: Buffer): SeenTree | undefined {
  const [, size, root] = checkpoint.toString().split('\n');
  return size && root ? { size: Number(size), root } : undefined;
}
