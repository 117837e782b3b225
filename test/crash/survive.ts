/** What is left of a simulated disk when the power goes: all that was synced, and some of the rest. */
import type { Chance } from './chance.ts';
import { pick } from './chance.ts';
import {
  applied,
  type FileChange,
  type FileNode,
  type FolderNode,
  makeDurable,
  type NameChange,
  type Node,
  newFile,
  newFolder,
  sized,
} from './media.ts';

/**
 * Which unsynced changes survive: `none`; `all`; `prefix`: the first of each file and folder, the
 * last of them torn at a byte; `sectors`: any of the 512-byte sectors and any of the names;
 * `names`: every name, no bytes; `bytes`: all bytes, no name; `mixed`: one of these a file.
 */
export const LOSSES = ['none', 'all', 'prefix', 'sectors', 'names', 'bytes', 'mixed'] as const;
export type Loss = (typeof LOSSES)[number];
const SINGLE = LOSSES.filter((loss) => loss !== 'mixed');

const SECTOR_BYTES = 512;

/** A disk that holds what survived, all of it durable. */
export function survivors(root: FolderNode, loss: Loss, chance: Chance): FolderNode {
  const nodes = nodesBelow(root);
  const hows = new Map(
    nodes.map((node) => [node, loss === 'mixed' ? pick(chance, SINGLE) : loss] as const),
  );
  const howOf = (node: Node) => hows.get(node) ?? loss;
  const kept = namesKept(nodes, howOf, chance);
  // A file may be left with two names: it stays one file.
  const copies = new Map<Node, Node>();

  function copy(node: Node): Node {
    const known = copies.get(node);
    if (known !== undefined) return known;
    if (node.kind === 'file') {
      const file = newFile(bytesLeft(node, howOf(node), chance));
      copies.set(node, file);
      return file;
    }
    const names = new Map(node.durable);
    for (const change of node.pending) if (kept.has(change)) makeDurable(names, { ...change });
    const folder = newFolder([...names].map(([name, inner]) => [name, copy(inner)] as const));
    copies.set(node, folder);
    return folder;
  }

  return copy(root) as FolderNode;
}

/** Everything that has a name now, had one at the last sync, or may get one. */
function nodesBelow(root: Node): readonly Node[] {
  const found = new Set<Node>();
  const visit = (node: Node | undefined): void => {
    if (node === undefined || found.has(node)) return;
    found.add(node);
    if (node.kind === 'file') return;
    for (const inner of node.durable.values()) visit(inner);
    for (const change of node.pending) visit(change.node);
  };
  visit(root);
  return [...found];
}

/** New names are decided first: an old name goes only where the rename's new one is there. */
function namesKept(
  nodes: readonly Node[],
  howOf: (node: Node) => Loss,
  chance: Chance,
): ReadonlySet<NameChange> {
  const kept = new Set<NameChange>();
  const folders = nodes.filter((node) => node.kind === 'folder');
  for (const folder of folders) {
    const how = howOf(folder);
    for (const change of folder.pending) {
      if (change.after !== undefined) continue;
      if (!survives(how, chance)) {
        if (how === 'prefix') break;
      } else kept.add(change);
    }
  }
  for (const folder of folders) {
    for (const change of folder.pending) {
      const { after } = change;
      if (after === undefined || !(after.done || kept.has(after))) continue;
      if (survives(howOf(folder), chance)) kept.add(change);
    }
  }
  return kept;
}

function survives(how: Loss, chance: Chance): boolean {
  if (how === 'none' || how === 'bytes') return false;
  if (how === 'all' || how === 'names') return true;
  return how === 'prefix' ? chance(4) > 0 : chance(2) === 0;
}

function bytesLeft({ durable, pending }: FileNode, how: Loss, chance: Chance): Buffer {
  if (how === 'none' || how === 'names') return durable;
  const whole = pending.reduce(applied, durable);
  if (how === 'all' || how === 'bytes') return whole;
  if (how === 'sectors') {
    const left = pending.flatMap((change) => sectorsLeft(change, chance)).reduce(applied, durable);
    // The size may survive without the bytes, which then read as zeros.
    return chance(4) === 0 && whole.length > left.length ? sized(left, whole.length) : left;
  }
  const count = chance(pending.length + 1);
  const left = pending.slice(0, count).reduce(applied, durable);
  const torn = pending[count];
  return torn?.kind === 'write' ? applied(left, tornAt(torn, chance)) : left;
}

type Write = Extract<FileChange, { readonly kind: 'write' }>;

function tornAt(change: Write, chance: Chance): FileChange {
  return { ...change, bytes: change.bytes.subarray(0, chance(change.bytes.length + 1)) };
}

function sectorsLeft(change: FileChange, chance: Chance): FileChange[] {
  if (change.kind === 'truncate') return chance(2) === 0 ? [change] : [];
  const { position, bytes } = change;
  const left: FileChange[] = [];
  for (let from = 0; from < bytes.length; ) {
    const end = Math.min(bytes.length, from + SECTOR_BYTES - ((position + from) % SECTOR_BYTES));
    const sector = { position: position + from, bytes: bytes.subarray(from, end) };
    if (chance(2) === 0) left.push({ kind: 'write', ...sector });
    from = end;
  }
  return left;
}
