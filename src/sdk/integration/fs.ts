/** `node:fs` or `node:fs/promises` that records file operations, and behaves as it did. */
import { fileURLToPath } from 'node:url';
import type { Fields, Session } from '../sdk.ts';
import { postimages, preimages, type Snapshot, type SnapshotLimits } from './snapshot.ts';
import { at, countOf, failureOf, followed, given } from './witness.ts';

export type FsOptions = {
  /** A session's handle, or a function asked at each operation. */
  readonly session: Session | (() => Session | undefined);
  /**
   * Keeps what a file held before it was written or deleted, so that `rollback` can restore it.
   * Each such operation then reads the file first, synchronously.
   */
  readonly snapshots?: boolean | SnapshotLimits;
};

type Access = 'read' | 'write' | 'delete';
/** What a function does to its first path, and to its second. */
type Operation = readonly [operation: string, first: Access, second?: Access];
type Told = { readonly status: 'success' | 'error'; readonly fields: Fields };

/** Functions that look at names, times or permissions alone pass unrecorded. */
const OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ['readFile', ['read', 'read']],
  ['readdir', ['list', 'read']],
  ['opendir', ['list', 'read']],
  ['readlink', ['read', 'read']],
  ['open', ['open', 'read']],
  ['createReadStream', ['read', 'read']],
  ['writeFile', ['write', 'write']],
  ['appendFile', ['append', 'write']],
  ['createWriteStream', ['write', 'write']],
  ['truncate', ['truncate', 'write']],
  ['mkdir', ['create', 'write']],
  ['mkdtemp', ['create', 'write']],
  ['chmod', ['change_mode', 'write']],
  ['chown', ['change_owner', 'write']],
  ['copyFile', ['copy', 'read', 'write']],
  ['cp', ['copy', 'read', 'write']],
  ['link', ['link', 'read', 'write']],
  ['symlink', ['link', 'read', 'write']],
  ['rename', ['rename', 'delete', 'write']],
  ['unlink', ['delete', 'delete']],
  ['rm', ['delete', 'delete']],
  ['rmdir', ['delete', 'delete']],
]);

/**
 * The same module: its functions of three kinds (promise, callback, sync) and its streams are
 * recorded when they end, with path and bytes. What a `FileHandle` does later is not seen, beside
 * that it was opened.
 */
export function wrapFs<F extends object>(fs: F, options: FsOptions): F {
  const wrapped = new Map<unknown, unknown>();
  return new Proxy(fs, {
    get: (target, key, receiver) => {
      const value: unknown = Reflect.get(target, key, receiver);
      const known = wrapped.get(value);
      if (known) return known;
      const name = String(key).replace(/Sync$/, '');
      const operation = OPERATIONS.get(name);
      let face: unknown;
      if (key === 'promises' && typeof value === 'object' && value !== null) {
        face = wrapFs(value, options);
      } else if (operation && typeof value === 'function') {
        face = observed(value as Work, operation, options);
      } else return value;
      const fixed = Object.getOwnPropertyDescriptor(target, key);
      // A property that cannot change must be answered as it is.
      if (fixed && !fixed.configurable && !fixed.get && !fixed.writable) return value;
      wrapped.set(value, face);
      return face;
    },
  });
}

type Work = (this: unknown, ...args: unknown[]) => unknown;

function observed(work: Work, operation: Operation, options: FsOptions): Work {
  const face = function (this: unknown, ...args: unknown[]): unknown {
    const before = snapshotsOf(args, operation, options);
    const since_ms = performance.now();
    const tell = (told: () => Told) =>
      quietly(() => record({ args, operation, options, since_ms, before }, told()));
    const last = args.at(-1);
    const listening = typeof last === 'function';
    const given = listening ? [...args.slice(0, -1), callback(last as Work, args, tell)] : args;
    let result: unknown;
    try {
      result = Reflect.apply(work, this, given);
    } catch (error) {
      tell(() => failed(error));
      throw error;
    }
    if (listening) return result;
    if (result instanceof Promise) {
      return followed(
        result,
        (value) => tell(() => done(args, value)),
        (error) => tell(() => failed(error)),
      );
    }
    if (isStream(result)) {
      result.once('close', () => tell(() => streamed(result)));
    } else tell(() => done(args, result));
    return result;
  };
  Object.defineProperty(face, 'name', { value: work.name, configurable: true });
  return face;
}

/** Of the files that the operation will change; taken as it is called. */
function snapshotsOf(
  args: readonly unknown[],
  [name, first, second]: Operation,
  { snapshots = false }: FsOptions,
): readonly Snapshot[] {
  if (snapshots === false) return [];
  const writes = first !== 'read' || (name === 'open' && opensToWrite(args[1]));
  const paths = [writes ? pathOf(args[0]) : undefined, second && pathOf(args[1])];
  const known = paths.filter((path) => path !== undefined && !path.startsWith('fd:'));
  let taken: readonly Snapshot[] = [];
  quietly(() => {
    taken = preimages(known as string[], snapshots === true ? {} : snapshots);
  });
  return taken;
}

function callback(answer: Work, args: readonly unknown[], tell: (told: () => Told) => void): Work {
  return function (this: unknown, error, ...values) {
    tell(() => (error ? failed(error) : done(args, values[0])));
    return Reflect.apply(answer, this, [error, ...values]);
  };
}

type Stream = {
  readonly once: (event: 'close', listener: () => void) => unknown;
  readonly errored?: unknown;
  readonly bytesRead?: unknown;
  readonly bytesWritten?: unknown;
};

function isStream(value: unknown): value is Stream {
  return typeof at(value, 'once') === 'function' && typeof at(value, 'pipe') === 'function';
}

function streamed(stream: Stream): Told {
  if (stream.errored) return failed(stream.errored);
  const bytes = countOf(stream.bytesRead) ?? countOf(stream.bytesWritten);
  return { status: 'success', fields: given('bytes', bytes) };
}

function done(args: readonly unknown[], value: unknown): Told {
  return { status: 'success', fields: given('bytes', sizeOf(value) ?? sizeOf(args[1])) };
}

function failed(error: unknown): Told {
  return { status: 'error', fields: { error: failureOf(error) } };
}

type Done = {
  readonly args: readonly unknown[];
  readonly operation: Operation;
  readonly options: FsOptions;
  readonly since_ms: number;
  readonly before: readonly Snapshot[];
};

function record(
  { args, operation, options, since_ms, before }: Done,
  { status, fields }: Told,
): void {
  const [name, first, second] = operation;
  const session = typeof options.session === 'function' ? options.session() : options.session;
  const path = pathOf(args[0]);
  if (session === undefined || path === undefined) return;
  const to = second === undefined ? undefined : pathOf(args[1]);
  const writes = name === 'open' && opensToWrite(args[1]);
  const kind = name === 'list' ? 'directory' : 'file';
  const resources = [
    { kind, id: path, access: writes ? 'write' : first } as const,
    ...(to && second ? [{ kind, id: to, access: second } as const] : []),
  ];
  const duration_ms = performance.now() - since_ms;
  const images = before.length === 0 ? {} : { preimages: before, postimages: postimages(before) };
  const more = { ...(to === undefined ? {} : { to }), ...images };
  const attributes = Object.keys(more).length === 0 ? {} : { attributes: more };
  const moved = name === 'read' || name === 'write' || name === 'append' ? fields : rest(fields);
  const facts = { resources, status, duration_ms, ...attributes, ...moved };
  session.file_operation({ ...facts, operation: name, path });
}

/** Without bytes: a list of names is not the content of a file. */
function rest({ bytes: _bytes, ...fields }: Fields): Fields {
  return fields;
}

function opensToWrite(flags: unknown): boolean {
  if (typeof flags === 'number') return (flags & 3) !== 0;
  return typeof flags === 'string' && /[wa+]/.test(flags);
}

/** A path, a file URL or bytes; of an open file the number alone is known. */
function pathOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value.slice(0, 8192);
  if (value instanceof URL) return fileURLToPath(value).slice(0, 8192);
  if (value instanceof Uint8Array) return Buffer.from(value).toString().slice(0, 8192);
  const fd = typeof value === 'number' ? value : at(value, 'fd');
  return typeof fd === 'number' ? `fd:${fd}` : undefined;
}

function sizeOf(value: unknown): number | undefined {
  if (typeof value === 'string') return Buffer.byteLength(value);
  return value instanceof Uint8Array ? value.byteLength : undefined;
}

function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // The operation is the agent's; that it could not be told is no reason to fail it.
  }
}
