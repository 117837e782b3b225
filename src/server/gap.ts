/** Waits for telemetry that is late and records what never came as gaps. */
import { bounded, gapOf, heard, numberOf, type Sequence } from '../adapter/otlp/sequence.ts';
import type { Telemetry } from '../adapter/otlp/telemetry.ts';
import type { Producer } from '../event/normalise.ts';
import { CODES } from '../fault/fault.ts';
import type { Receipt, Trail } from '../trail/trail.ts';
import type { Limits } from './option.ts';

/** Records of one tenant that arrived, whatever became of them. */
export type Arrived = {
  readonly tenant: string;
  readonly producer: Producer;
  readonly records: readonly Telemetry[];
};

export type Gaps = {
  readonly heard: (arrived: Arrived) => void;
  /** What still waits is let go: nobody can say any more that it never came. */
  readonly close: () => void;
};

export type GapOptions = {
  readonly trail: Pick<Trail, 'ingest'>;
  readonly limits: Pick<Limits, 'sequences' | 'sequence_holes' | 'sequence_wait_ms'>;
  /** Unix milliseconds. */
  readonly now: () => number;
};

type Tracked = {
  readonly producer: Producer;
  readonly runtime: string;
  readonly session_id: string;
  readonly sequence: Sequence;
};

export function openGaps({ trail, limits, now }: GapOptions): Gaps {
  /** The longest unheard first. */
  const tracks = new Map<string, Tracked>();
  let busy = false;
  const timer = setInterval(async () => {
    if (busy) return;
    busy = true;
    await sweep({ trail, tracks, limits, now });
    busy = false;
  }, SWEEP_MS);
  timer.unref();
  return {
    heard: ({ tenant, producer, records }) => {
      for (const record of records) {
        const numbered = numberOf(record);
        if (!numbered) continue;
        const { runtime, session_id } = numbered;
        const key = JSON.stringify([tenant, runtime, session_id]);
        const sequence = heard(tracks.get(key)?.sequence, numbered, now());
        tracks.delete(key);
        const told = bounded(sequence, limits.sequence_holes);
        tracks.set(key, { producer, runtime, session_id, sequence: told });
        const [oldest] = tracks.keys();
        if (tracks.size > limits.sequences && oldest !== undefined) tracks.delete(oldest);
      }
    },
    close: () => {
      clearInterval(timer);
      tracks.clear();
    },
  };
}

const SWEEP_MS = 1000;

type Sweeping = GapOptions & { readonly tracks: Map<string, Tracked> };

/** Records the holes that stayed open long enough. */
async function sweep({ trail, tracks, limits, now }: Sweeping): Promise<void> {
  for (const [key, { producer, sequence, ...whose }] of [...tracks]) {
    const due = sequence.holes.filter((hole) => now() - hole.since_ms >= limits.sequence_wait_ms);
    if (due.length === 0) continue;
    const drafts = due.map((hole) => gapOf(whose, hole, now()));
    const taken = await trail.ingest(drafts, producer).catch(() => undefined);
    // Where the trail takes nothing now, it is told with the next sweep.
    if (!taken || taken.some(isForLater)) continue;
    const track = tracks.get(key);
    if (!track) continue;
    const holes = track.sequence.holes.filter((hole) => !due.includes(hole));
    tracks.set(key, { ...track, sequence: { ...track.sequence, holes } });
  }
}

function isForLater(receipt: Receipt): boolean {
  return receipt.status === 'rejected' && CODES[receipt.error.code].blame !== 'caller';
}
