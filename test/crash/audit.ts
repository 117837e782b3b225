/** Compares a trail with what its client remembers: nothing lost, doubled, or taken back. */
import { parseCheckpoint } from '../../src/ledger/checkpoint.ts';
import { openFrontier } from '../../src/ledger/frontier.ts';
import { tileAt } from '../../src/ledger/published.ts';
import { decodeBundle, TILE_WIDTH, tilePath } from '../../src/ledger/tile.ts';
import { leafHash } from '../../src/ledger/tree.ts';
import type { Trail } from '../../src/trail/trail.ts';
import type { Account, Kept } from './account.ts';
import type { Problem } from './work.ts';

/** Openings of one call: the trail's own limit. */
const PAGE = 1000;

/** Everything of every tenant, read back as a reader would. */
export async function audit(trail: Trail, account: Account): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  const { tenants } = await trail.status();
  for (const tenant of account.tenants()) {
    const recorded = tenants.find((each) => each.tenant === tenant)?.recorded ?? 0;
    problems.push(...(await auditEvents(trail, account, { tenant, recorded })));
    problems.push(...(await auditTrees(trail, account, tenant)));
  }
  return problems;
}

type Part = { readonly tenant: string; readonly recorded: number };
type Held = { readonly index: number; readonly content: unknown; readonly moved: boolean };

async function auditEvents(
  trail: Trail,
  account: Account,
  { tenant, recorded }: Part,
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  const held = new Map<string, Held>();
  for (let from = 0; from < recorded; from += PAGE) {
    for (const opening of await trail.openings(tenant, from, PAGE)) {
      const { index } = opening;
      if ('problem' in opening) {
        problems.push({ kind: 'broken', what: `${tenant} ${index} is ${opening.problem}` });
        continue;
      }
      const { id, content, overflow } = JSON.parse(opening.event);
      if (held.has(id)) problems.push({ kind: 'doubled', what: `${tenant} ${index} ${id}` });
      held.set(id, { index, content, moved: overflow !== undefined });
    }
  }
  for (const [id, kept] of account.kept(tenant)) {
    const what = await difference(trail, account, { tenant, id, kept, held: held.get(id) });
    if (what) problems.push({ kind: 'lost', what: `${tenant} ${kept.index} ${id} ${what}` });
  }
  return problems;
}

type Compared = {
  readonly tenant: string;
  readonly id: string;
  readonly kept: Kept;
  readonly held: Held | undefined;
};

async function difference(
  trail: Trail,
  account: Account,
  { tenant, id, kept, held }: Compared,
): Promise<string | undefined> {
  if (held === undefined) return 'is not there';
  if (held.index !== kept.index) return `is at ${held.index}`;
  const content = held.moved ? (await trail.event(tenant, id)).content : held.content;
  return content === account.content(kept.n) ? undefined : 'has other content';
}

/** Every tree that a client was shown is a prefix of the one that is published now. */
async function auditTrees(
  trail: Trail,
  account: Account,
  tenant: string,
): Promise<readonly Problem[]> {
  const seen = account.trees(tenant);
  if (seen.size === 0) return [];
  const largest = Math.max(...seen.keys());
  const size = await publishedSize(trail, tenant);
  const wrong = (what: string): Problem => ({ kind: 'head', what: `${tenant}: ${what}` });
  if (size < largest) return [wrong(`the tree has ${size} entries, ${largest} were shown`)];
  const problems: Problem[] = [];
  const frontier = openFrontier(() => {});
  for (let n = 0; n * TILE_WIDTH < largest; n++) {
    const path = tilePath(tileAt('entries', n, size));
    const bundle = (await trail.ledgerFile(tenant, path)) ?? Buffer.alloc(0);
    for (const entry of decodeBundle(bundle).entries) {
      frontier.append(leafHash(entry));
      const shown = seen.get(frontier.size());
      if (shown === undefined || frontier.root().toString('base64') === shown) continue;
      problems.push(wrong(`the tree of ${frontier.size()} entries is not the one that was shown`));
    }
  }
  if (frontier.size() >= largest) return problems;
  return [...problems, wrong(`the published entries end at ${frontier.size()}`)];
}

async function publishedSize(trail: Trail, tenant: string): Promise<number> {
  const note = (await trail.ledgerFile(tenant, 'checkpoint'))?.toString() ?? '';
  return parseCheckpoint(note.slice(0, note.lastIndexOf('\n\n') + 1))?.size ?? 0;
}
