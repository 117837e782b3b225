/** Every target that is fuzzed. */

import { engines } from './target/engine.ts';
import { eventTargets } from './target/event.ts';
import { http } from './target/http.ts';
import { machineTargets } from './target/machine.ts';
import { proofTargets } from './target/proof.ts';
import { routes } from './target/route.ts';
import { storeTargets } from './target/store.ts';
import { telemetryTarget } from './target/telemetry.ts';
import { textTargets } from './target/text.ts';
import type { Target } from './target.ts';

export type Entry = Target | (() => Target | Promise<Target>);

export const TARGETS: readonly Entry[] = [
  ...textTargets,
  ...eventTargets,
  ...proofTargets,
  ...storeTargets,
  ...machineTargets,
  telemetryTarget,
  engines,
  routes,
  http,
];

/** A target for as long as it is looked at. */
export async function withTarget<T>(
  entry: Entry,
  work: (target: Target) => Promise<T>,
): Promise<T> {
  const target = typeof entry === 'function' ? await entry() : entry;
  try {
    return await work(target);
  } finally {
    await target.close?.();
  }
}
