/** Turns words into the files, folders, hosts and URLs that they name. */
import { posix } from 'node:path';
import type { Access } from '../../event/event.ts';
import type { Arg, Scope, Shell } from './scope.ts';

/** Devices that hold nothing of anybody's. */
const NOTHING = /^\/dev\/(null|zero|full|u?random|tty|std(in|out|err)|fd\/\d+)$/;
const SOCKET = /^\/dev\/(?:tcp|udp)\/([^/]+)\/([^/]+)$/;

type At = { readonly shell: Shell; readonly scope: Scope };

export type Touch = { readonly kind: 'file' | 'directory'; readonly access: Access };

/** A path that a command touches. */
export function touch({ shell, scope }: At, arg: Arg, { kind, access }: Touch): undefined {
  if (arg.text === '' || arg.text === '-' || isSubstitution(arg) || NOTHING.test(arg.text)) return;
  const socket = SOCKET.exec(arg.text);
  if (socket) return host(shell, { text: `${socket[1]}:${socket[2]}`, known: arg.known });
  if (arg.known === 'part') shell.trace.doubt(0.7, `only the shell knows: ${arg.text}`);
  const folder = kind === 'file' && /(^|\/)\.{0,2}$/.test(arg.text);
  shell.trace.add(folder ? 'directory' : kind, pathOf(scope, arg), access);
}

/**
 * Where a path leads from the working folder. What only the shell knows stays as it is written:
 * no absolute path is made up for it.
 */
export function pathOf(scope: Scope, { text, known }: Arg): string {
  const { cwd, place } = scope;
  const path = known !== 'part' && (text.startsWith('/') || isHome(text)) ? tidy(text) : text;
  if (path.startsWith('/') || isHome(path) || known === 'part') return place + path;
  return place + (cwd === undefined ? path : tidy(`${cwd}/${path}`));
}

/** A URL, with or without its scheme, and its host. */
export function url(shell: Shell, arg: Arg, access: Access = 'network'): undefined {
  const { text } = arg;
  if (text === '' || text === '-') return;
  const local = /^file:\/\/(?:localhost)?(\/.*)$/is.exec(text)?.[1];
  if (local !== undefined) {
    shell.trace.add('file', local, 'read');
    return;
  }
  if (arg.known === 'part') shell.trace.doubt(0.7, `only the shell knows: ${text}`);
  shell.trace.add('url', text, access);
  // what stands there in these is the name of a store
  const name = /^(s3|gs|az|docker|oci):/i.test(text) ? undefined : hostOf(text);
  if (name !== undefined) shell.trace.add('host', name, 'network');
}

/** `user@host`, `host:port`, `[::1]:22`; the user is left out. */
export function host(shell: Shell, { text, known }: Arg): undefined {
  if (known === 'part') shell.trace.doubt(0.7, `only the shell knows: ${text}`);
  const name = text.slice(text.lastIndexOf('@') + 1);
  if (name !== '') shell.trace.add('host', name, 'network');
}

export function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]{1,15}:\/\/[^\s/]/i.test(text);
}

/** `host:path` as scp, rsync and docker cp write it; undefined for a local path. */
export function remoteOf({ text }: Arg): { host: string; path: string } | undefined {
  const found = /^([^\s/:[\]]+|\[[^\s/\]]+\]):(?!\/\/)(.*)$/s.exec(text);
  return found ? { host: found[1] ?? '', path: found[2] ?? '' } : undefined;
}

/** Undefined where the host is not there or holds what only the shell knows. */
export function hostOf(text: string): string | undefined {
  const found = /^(?:[a-z][a-z0-9+.-]{1,15}:\/\/)?([^\s/?#]+)/i.exec(text)?.[1];
  const name = found?.slice(found.lastIndexOf('@') + 1);
  return name && /^[\p{L}\p{N}._:[\]-]+$/u.test(name) ? name.toLowerCase() : undefined;
}

export function isSubstitution({ text, known }: Arg): boolean {
  return known === 'part' && (text.startsWith('<(') || text.startsWith('>('));
}

function isHome(text: string): boolean {
  return text === '~' || /^~[\w.-]*(\/|$)/.test(text);
}

function tidy(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}
