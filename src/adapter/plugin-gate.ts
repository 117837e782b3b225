/** The gate of Claw's own plugins, which stand inside a runtime. */
import { isObject } from '../event/name.ts';
import type { Gate } from './gate.ts';

/**
 * A plugin obeys `allowed` alone, and goes on waiting where it is `pending`. `hook` is what it
 * names the record that asks.
 */
export function pluginGate(hook: string): Gate {
  return {
    asks: (record) => isObject(record) && Object.hasOwn(record, 'hook') && record['hook'] === hook,
    answer: (ruling) =>
      ruling.allowed
        ? { allowed: true }
        : { allowed: false, reason: ruling.reason, pending: ruling.pending === true },
    asksAgain: true,
  };
}
