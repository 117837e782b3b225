/** Runs the collector while nobody waits: what it does in the middle of a request, all wait for. */
import { getHeapSpaceStatistics } from 'node:v8';
import type { OnIdle } from '../trail/door.ts';

export type CollectorOptions = {
  /** Collects the young generation. */
  readonly collect: () => void;
  /** What is in it, dead or alive. */
  readonly youngBytes: () => number;
};

/** Idle moments from one look to the next: a look costs as much as a small request. */
const MOMENTS = 32;
/** Worth a pause of a millisecond; V8 itself collects at 8 MB (bin/clawctl.js). */
const WORTH_BYTES = 2.5 * 1024 * 1024;

export function collector({ collect, youngBytes }: CollectorOptions): OnIdle {
  let moments = 0;
  let planned = false;
  return (stillIdle) => {
    moments++;
    if (planned || moments < MOMENTS) return;
    planned = true;
    // After the answer that has just become possible.
    setImmediate(() => {
      planned = false;
      if (!stillIdle()) return;
      moments = 0;
      if (youngBytes() > WORTH_BYTES) collect();
    });
  };
}

/** This process's; undefined where Node was started without `--expose-gc`. */
export function processCollector(): OnIdle | undefined {
  const { gc } = globalThis;
  return gc && collector({ collect: () => gc({ type: 'minor' }), youngBytes });
}

function youngBytes(): number {
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  return young?.space_used_size ?? 0;
}
