/** Records who read the trail and who was refused, without ever holding up an answer. */
import type { Note, Trail } from '../trail/trail.ts';
import type { Metrics } from './metric.ts';
import type { Limits } from './option.ts';

export type Notebook = {
  /** Records a reading after its answer; what could not be recorded is counted. */
  readonly note: (note: Note) => void;
  /** Counts a refused request and, at a bounded rate, records it. */
  readonly refused: (refusal: Refusal) => void;
  /** Resolves when everything noted so far was recorded or counted as lost. */
  readonly close: () => Promise<void>;
};

export type Refusal = {
  readonly reason: 'no_token' | 'unknown_token' | 'role' | 'tenant' | 'session';
  readonly route: string;
  /** Address of the caller's socket. */
  readonly address: string;
  /** Whose token it was, where it was a token. */
  readonly user?: string;
  readonly tenant?: string;
};

export type NotebookOptions = {
  readonly trail: Pick<Trail, 'note'>;
  readonly limits: Pick<Limits, 'notes' | 'refusals_per_minute'>;
  readonly metrics: Metrics;
  /** Where refusals of unknown callers are recorded. */
  readonly tenant: string;
  readonly now: () => number;
};

const MINUTE_MS = 60_000;

export function openNotebook(options: NotebookOptions): Notebook {
  const { trail, limits, metrics } = options;
  const waiting = new Set<Promise<void>>();
  const note = (entry: Note) => {
    if (waiting.size >= limits.notes) {
      metrics.notesLost.inc();
      return;
    }
    const recorded = afterAnswer()
      .then(() => trail.note(entry))
      .catch(() => metrics.notesLost.inc())
      .finally(() => waiting.delete(recorded));
    waiting.add(recorded);
  };
  const refusals = openRefusals(options, note);
  return {
    note,
    refused: (refusal) => {
      metrics.refusals.inc({ reason: refusal.reason });
      refusals.add(refusal);
    },
    close: async () => {
      refusals.end();
      while (waiting.size > 0) await Promise.all(waiting);
    },
  };
}

function afterAnswer(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Lets so many through a minute; how many it held back goes with the next one, or at the end. */
function openRefusals(options: NotebookOptions, note: (entry: Note) => void) {
  let minute = Number.NaN;
  let recorded = 0;
  let suppressed = 0;
  let last: Refusal | undefined;
  const write = (refusal: Refusal) => {
    const { reason, route, address } = refusal;
    const held = suppressed === 0 ? {} : { suppressed };
    suppressed = 0;
    note({
      type: 'access',
      tenant: refusal.tenant ?? options.tenant,
      user: refusal.user ?? 'unknown',
      tool: 'request.refused',
      arguments: { reason, route, address, ...held },
    });
  };
  return {
    add: (refusal: Refusal) => {
      const current = Math.floor(options.now() / MINUTE_MS);
      if (current !== minute) recorded = 0;
      minute = current;
      last = refusal;
      if (recorded >= options.limits.refusals_per_minute) suppressed++;
      else {
        recorded++;
        write(refusal);
      }
    },
    end: () => {
      if (last && suppressed > 0) write(last);
    },
  };
}
