/** The action and resources of events that name what they touched in fields of their own. */
import type { Access, Action, Event, Resource } from '../event/event.ts';
import { RESOURCE_CHARS } from '../event/event.ts';

type Described = {
  readonly action?: Action;
  readonly resources: readonly Resource[];
  readonly confidence: number;
  readonly reason: string;
};

/** File operations by the word that producers use; any other word is unknown. */
const OPERATIONS: ReadonlyMap<string, Access> = new Map(
  Object.entries({
    read: 'read open load list stat view get download exists',
    write:
      'write create append update edit modify rename move copy save touch mkdir chmod upload put' +
      ' truncate patch change add',
    delete: 'delete remove unlink rmdir rm',
    execute: 'execute run exec',
  } satisfies Partial<Record<Access, string>>).flatMap(([access, words]) =>
    words.split(' ').map((word) => [word, access as Access] as const),
  ),
);

/** For API calls and file operations; undefined for every other event. */
export function describeFields(event: Partial<Event>): Described | undefined {
  if (event.type === 'api_call') return apiCall(event);
  if (event.type === 'file_operation') return fileOperation(event);
  return undefined;
}

/** No scheme is invented: `destination` may be a host or a URL, `endpoint` a path or a URL. */
function apiCall({ destination, endpoint }: Partial<Event>): Described {
  const resources: Resource[] = [];
  const host = destination === undefined ? undefined : hostOf(destination);
  const url = urlOf(destination, endpoint);
  if (url !== undefined) resources.push({ kind: 'url', id: url, access: 'network' });
  if (host !== undefined) resources.push({ kind: 'host', id: host, access: 'network' });
  return { action: 'network', resources, confidence: 1, reason: 'an API call' };
}

function hostOf(destination: string): string | undefined {
  if (destination.includes('://')) {
    return URL.canParse(destination) ? new URL(destination).host || undefined : undefined;
  }
  return destination.split('/')[0] || undefined;
}

function urlOf(destination: string | undefined, endpoint: string | undefined): string | undefined {
  if (endpoint?.includes('://')) return endpoint;
  if (destination === undefined || (endpoint === undefined && !destination.includes('/'))) {
    return undefined;
  }
  const joined = endpoint?.startsWith('/') ? destination.replace(/\/$/, '') : `${destination}/`;
  const url = endpoint === undefined ? destination : `${joined}${endpoint}`;
  return url.slice(0, RESOURCE_CHARS);
}

function fileOperation({ operation, path }: Partial<Event>): Described {
  const access = operation === undefined ? undefined : OPERATIONS.get(operation.toLowerCase());
  const id = path?.slice(0, RESOURCE_CHARS);
  return {
    ...(access === undefined || access === 'network' ? {} : { action: access }),
    resources: id ? [{ kind: 'file', id, access: access ?? 'read' }] : [],
    confidence: 1,
    reason: 'a file operation',
  };
}
