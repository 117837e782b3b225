/** The bytes and names of a simulated disk: what programs see, what is durable, what waits. */

export type FileNode = {
  readonly kind: 'file';
  /** What programs read. */
  bytes: Buffer;
  /** What is on the disk for sure. */
  durable: Buffer;
  /** What is not, in order; a sync that failed forgets them. */
  pending: readonly FileChange[];
};

export type FileChange =
  | { readonly kind: 'write'; readonly position: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly size_bytes: number };

export type FolderNode = {
  readonly kind: 'folder';
  readonly names: Map<string, Node>;
  readonly durable: Map<string, Node>;
  pending: readonly NameChange[];
};

/** A name that was given to a file or folder, or taken away (no node). */
export type NameChange = {
  readonly name: string;
  readonly node?: Node;
  /** A rename takes the old name away only where the new one is there. */
  readonly after?: NameChange;
  done: boolean;
};

export type Node = FileNode | FolderNode;

export function newFolder(names: Iterable<readonly [string, Node]> = []): FolderNode {
  return { kind: 'folder', names: new Map(names), durable: new Map(names), pending: [] };
}

export function newFile(bytes: Buffer = Buffer.alloc(0)): FileNode {
  return { kind: 'file', bytes, durable: bytes, pending: [] };
}

export function writeFile(file: FileNode, change: FileChange): void {
  file.bytes = applied(file.bytes, change);
  file.pending = [...file.pending, change];
}

export function syncFile(file: FileNode): void {
  file.durable = file.pending.reduce(applied, file.durable);
  file.pending = [];
}

/**
 * What a failed sync may do: the pages are taken for clean, so no later sync writes them.
 * `forget`: programs no longer see them either.
 */
export function loseSync(file: FileNode, seen: 'keep' | 'forget'): void {
  file.pending = [];
  if (seen === 'forget') file.bytes = file.durable;
}

export function changeName(folder: FolderNode, change: NameChange): void {
  if (change.node === undefined) folder.names.delete(change.name);
  else folder.names.set(change.name, change.node);
  folder.pending = [...folder.pending, change];
}

export function syncFolder(folder: FolderNode): void {
  for (const change of folder.pending) makeDurable(folder.durable, change);
  folder.pending = [];
}

export function makeDurable(names: Map<string, Node>, change: NameChange): void {
  change.done = true;
  if (change.node === undefined) names.delete(change.name);
  else names.set(change.name, change.node);
}

/** Bytes after a change; what lies between the old end and a write beyond it reads as zeros. */
export function applied(bytes: Buffer, change: FileChange): Buffer {
  if (change.kind === 'truncate') return sized(bytes, change.size_bytes);
  const end = change.position + change.bytes.length;
  const made = Buffer.from(sized(bytes, Math.max(bytes.length, end)));
  made.set(change.bytes, change.position);
  return made;
}

export function sized(bytes: Buffer, size_bytes: number): Buffer {
  if (size_bytes <= bytes.length) return bytes.subarray(0, size_bytes);
  return Buffer.concat([bytes], size_bytes);
}

/** Throws `ENOENT` and `ENOTDIR` as a file system does. */
export function nodeAt(root: FolderNode, path: string): Node {
  let node: Node = root;
  for (const name of partsOf(path)) {
    if (node.kind !== 'folder') throw systemError('ENOTDIR');
    const next: Node | undefined = node.names.get(name);
    if (next === undefined) throw systemError('ENOENT');
    node = next;
  }
  return node;
}

export function folderAt(root: FolderNode, path: string): FolderNode {
  const node = nodeAt(root, path);
  if (node.kind !== 'folder') throw systemError('ENOTDIR');
  return node;
}

/** The folder that a path's last name is in. */
export function placeOf(root: FolderNode, path: string): { folder: FolderNode; name: string } {
  const parts = partsOf(path);
  const name = parts.pop();
  if (name === undefined) throw systemError('EBUSY');
  return { folder: folderAt(root, parts.join('/')), name };
}

export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: made to fail`), { code });
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '');
}
