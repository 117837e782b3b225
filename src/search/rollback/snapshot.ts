/** Reads `attributes.preimages` and `postimages`: files hashed where they are, around a call. */
import { isObject } from '../../event/name.ts';
import { ABSENT, hashOf, type Image } from './image.ts';
import { absolutePath } from './path.ts';

/** By absolute path. */
export type Snapshots = {
  readonly before: ReadonlyMap<string, Image>;
  readonly after: ReadonlyMap<string, Image>;
};

/** Files of one call that are read. */
const FILES = 256;

/**
 * Each is `{path, absent: true}`, or `{path, sha256, bytes, mode?, content?, encoding?}` with the
 * whole content as text, or in base64 where `encoding` says so. A content that is not the hashed
 * one counts as none.
 */
export function snapshotsIn(attributes: Readonly<Record<string, unknown>> | undefined): Snapshots {
  return {
    before: imagesIn(attributes?.['preimages']),
    after: imagesIn(attributes?.['postimages']),
  };
}

function imagesIn(value: unknown): ReadonlyMap<string, Image> {
  const images = new Map<string, Image>();
  if (!Array.isArray(value)) return images;
  for (const one of value.slice(0, FILES)) {
    if (!isObject(one) || typeof one['path'] !== 'string') continue;
    const path = absolutePath(one['path'], undefined);
    const image = imageOf(one);
    if (path !== undefined && image !== undefined && !images.has(path)) images.set(path, image);
  }
  return images;
}

function imageOf(one: Record<string, unknown>): Image | undefined {
  if (one['absent'] === true) return ABSENT;
  const { sha256, bytes, mode, content, encoding } = one;
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) return undefined;
  if (!Number.isSafeInteger(bytes) || Number(bytes) < 0) return undefined;
  const data =
    typeof content === 'string'
      ? Buffer.from(content, encoding === 'base64' ? 'base64' : 'utf8')
      : undefined;
  const whole = data !== undefined && hashOf(data) === sha256;
  const permission = Number.isSafeInteger(mode) ? { mode: Number(mode) & 0o777 } : {};
  const base = { kind: 'content', sha256, bytes: Number(bytes), exact: true } as const;
  return { ...base, ...permission, ...(whole ? { data } : {}) };
}
