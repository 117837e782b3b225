/** A trail in memory as a verifier reads it. */
import type { Journal } from '../../src/journal/journal.ts';
import { listSegments } from '../../src/ledger/archive.ts';
import { headKey, headTenants } from '../../src/ledger/head.ts';
import { ledgerKey } from '../../src/ledger/published.ts';
import { readSegment } from '../../src/ledger/verify/segment.ts';
import type { Source } from '../../src/ledger/verify/source.ts';
import type { Store } from '../../src/store/store.ts';

export function memorySource(store: Store, journal: Journal): Source {
  return {
    tenants: () => headTenants(store),
    file: (tenant, path) => store.get(ledgerKey(tenant, path)),
    async *paths(tenant) {
      const prefix = ledgerKey(tenant, '');
      for await (const key of store.list(prefix)) yield key.slice(prefix.length);
    },
    head: (tenant) => store.get(headKey(tenant)),
    async *records() {
      for (const segment of [...(await listSegments(store)).values()].flat()) {
        yield* readSegment(store, segment);
      }
      const limit = { records: 10_000, bytes: 2 ** 30 };
      const records = await journal.read(journal.first(), limit);
      yield records.map((record) => ({ record, file: 'journal', place: 'journal' as const }));
    },
  };
}
