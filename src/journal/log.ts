/** One journal file: its name, its header, and how it comes to be. */
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { Fault } from '../fault/fault.ts';
import { type Disk, isAbsent } from '../store/disk.ts';
import { newOffsets, type Offsets } from './offsets.ts';

/** Version of the journal files that this program writes and reads. */
const VERSION = 1;
const MAGIC = Buffer.from('CLAWLOG\xc1', 'latin1');
/** Magic 8 · version 4 · zero 4 · first seq 8 · zero 4 · CRC-32 of all before it 4. */
export const LOG_HEADER_BYTES = 32;
const VERSION_AT = 8;
const FIRST_AT = 16;
const CRC_AT = 28;

/** A file of the journal as this process knows it; records beyond `bytes` are not durable. */
export type Log = {
  readonly name: string;
  readonly path: string;
  /** `seq` of its first record. */
  readonly first: number;
  readonly offsets: Offsets;
  bytes: number;
};

export function newLog(dir: string, first: number): Log {
  const name = `${String(first).padStart(16, '0')}.log`;
  return { name, path: join(dir, name), first, offsets: newOffsets(), bytes: LOG_HEADER_BYTES };
}

/** The first seq that a file's name says, or undefined for a file that is none of the journal. */
function logFirst(name: string): number | undefined {
  return /^\d{16}\.log$/.test(name) ? Number(name.slice(0, 16)) : undefined;
}

/** First seqs of the journal's files in a folder, in order. */
export async function listLogs(disk: Disk, dir: string): Promise<readonly number[]> {
  const firsts = (await disk.list(dir)).map(({ name }) => logFirst(name));
  return firsts.filter((first) => first !== undefined).sort((a, b) => a - b);
}

/**
 * Makes the file and returns it opened as a log. A file of that name is what an earlier try
 * left: nothing in it was ever acknowledged.
 */
export async function createLog(disk: Disk, log: Log): Promise<number> {
  await removeLog(disk, log.path);
  const file = await disk.open(log.path, 'create');
  try {
    await disk.write(file, [encodeLogHeader(log.first)], 0).finally(() => disk.close(file));
    return await disk.open(log.path, 'log');
  } catch (error) {
    await removeLog(disk, log.path);
    throw error;
  }
}

/** Makes a new file's header and name durable. */
export async function makeLogDurable(disk: Disk, dir: string, file: number): Promise<void> {
  await disk.sync(file);
  await disk.syncFolder(dir);
}

function encodeLogHeader(first: number): Buffer {
  const header = Buffer.alloc(LOG_HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32LE(VERSION, VERSION_AT);
  header.writeBigUInt64LE(BigInt(first), FIRST_AT);
  header.writeUInt32LE(crc32(header.subarray(0, CRC_AT)), CRC_AT);
  return header;
}

/** Whether bytes are the header of the file that begins with `first`. Throws `data.newer`. */
export function isLogHeader(bytes: Buffer, first: number): boolean {
  if (bytes.length < LOG_HEADER_BYTES || !bytes.subarray(0, VERSION_AT).equals(MAGIC)) return false;
  if (crc32(bytes.subarray(0, CRC_AT)) !== bytes.readUInt32LE(CRC_AT)) return false;
  const version = bytes.readUInt32LE(VERSION_AT);
  if (version > VERSION) {
    throw new Fault('data.newer', `The journal has format ${version}; this knows ${VERSION}.`, {
      limit: VERSION,
      hint: 'Upgrade Claw, or use another data folder.',
    });
  }
  return bytes.readBigUInt64LE(FIRST_AT) === BigInt(first);
}

/** Removes a file, or finds that an earlier try did. */
export async function removeLog(disk: Disk, path: string): Promise<void> {
  await disk.remove(path).catch((error) => {
    if (!isAbsent(error)) throw error;
  });
}
