/** Which names are this machine's own, by their text alone: names may be made to resolve. */
import { isIPv4 } from 'node:net';

/** Whether a host, in brackets or not, can be reached from this machine alone. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  return name === 'localhost' || name === '::1' || (isIPv4(name) && name.startsWith('127.'));
}
