/** Finds the transcripts that are meant: named ones, those of a folder, or the runtime's own. */
import type { Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, extname, join } from 'node:path';
import type { Origin } from '../../adapter/transcript/transcript.ts';

export type Found = { readonly path: string; readonly size_bytes: number };

export type Finding = {
  /** In the order of their paths. */
  readonly files: readonly Found[];
  /** Places that could not be read, and why. */
  readonly problems: readonly { readonly file: string; readonly message: string }[];
};

/** Which files of a folder are transcripts of a format. */
const FILES: Readonly<Record<string, RegExp>> = {
  'claude-code': /\.jsonl$/,
  codex: /(^|\/)rollout-[^/]*\.jsonl$/,
  gemini: /(^|\/)session-[^/]*\.jsonl?(?:on)?$|\/chats\/(?:[^/]+\/)?[^/]+\.jsonl?$/,
  'openai-chat': /\.jsonl?(?:on)?$/,
  jsonl: /\.(?:jsonl|ndjson|json)$/,
};

/** Where a runtime keeps its own; undefined for formats that belong to none. */
export function ownFolder(format: string, env: NodeJS.ProcessEnv): string | undefined {
  const home = env['HOME'] || homedir();
  switch (format) {
    case 'claude-code':
      return join(env['CLAUDE_CONFIG_DIR'] || join(home, '.claude'), 'projects');
    case 'codex':
      return join(env['CODEX_HOME'] || join(home, '.codex'), 'sessions');
    case 'gemini':
      return join(home, '.gemini', 'tmp');
    default:
      return undefined;
  }
}

/** A file that is named is taken whatever it is called; of a folder, those of the format. */
export async function findFiles(places: readonly string[], format: string): Promise<Finding> {
  const files = new Map<string, Found>();
  const problems: { file: string; message: string }[] = [];
  for (const place of places) {
    try {
      const found = await stat(place);
      if (found.isDirectory()) await walk(place, { format, files, problems });
      else if (found.isFile()) files.set(place, { path: place, size_bytes: found.size });
      else problems.push({ file: place, message: 'neither a file nor a folder' });
    } catch (error) {
      problems.push({ file: place, message: reasonOf(error) });
    }
  }
  return { files: [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1)), problems };
}

type Walk = {
  readonly format: string;
  readonly files: Map<string, Found>;
  readonly problems: { file: string; message: string }[];
};

/** Links inside a folder are left alone: they may lead round, or out of it. */
async function walk(root: string, { format, files, problems }: Walk): Promise<void> {
  const wanted = FILES[format] ?? /^/;
  const waiting = [root];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    let entries: readonly Dirent[];
    try {
      entries = await readdir(folder, { withFileTypes: true });
    } catch (error) {
      problems.push({ file: folder, message: reasonOf(error) });
      continue;
    }
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) waiting.push(path);
      else if (entry.isFile() && wanted.test(path)) await found(path, { files, problems });
    }
  }
}

/** A file may be gone by now: that is no reason to pass over the others. */
async function found(path: string, { files, problems }: Omit<Walk, 'format'>): Promise<void> {
  try {
    files.set(path, { path, size_bytes: (await stat(path)).size });
  } catch (error) {
    problems.push({ file: path, message: reasonOf(error) });
  }
}

/** Bytes of the small file that describes a sub-agent. */
const BESIDE_BYTES = 64 * 1024;

/** `from_ms`: where times begin in a file that has none; its last change where nobody said. */
export async function originOf(path: string, from_ms: number | undefined): Promise<Origin> {
  const stem = basename(path, extname(path));
  const { mtimeMs } = await stat(path);
  const beside = stem.startsWith('agent-') ? await besides(path, stem) : undefined;
  return {
    stem,
    folder: basename(dirname(path)),
    from_ms: from_ms ?? Math.floor(mtimeMs / 1000) * 1000,
    ...(beside === undefined ? {} : { beside }),
  };
}

async function besides(path: string, stem: string): Promise<unknown> {
  try {
    const file = join(dirname(path), `${stem}.meta.json`);
    if ((await stat(file)).size > BESIDE_BYTES) return undefined;
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Why the system refused, without the path that stands beside it. */
export function reasonOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return code ?? (error instanceof Error ? error.message : String(error));
}
