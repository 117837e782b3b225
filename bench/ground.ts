/** Lays the ground on which parts run: folder, events, server and results. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BODY_EVENTS, type Corpus, openCorpus, type Plan } from './corpus/corpus.ts';
import { figureNamed } from './figure.ts';
import { fill } from './fill.ts';
import { refuse } from './flag.ts';
import type { Ground, Said } from './part/part.ts';
import { openProgress } from './progress.ts';
import { type Measured, mergeResults, revision } from './result.ts';
import { type Server, startServer } from './server.ts';

export type GroundOptions = {
  readonly folder: string;
  readonly events: number;
  /** Shows a figure to whoever waits for it. */
  readonly show: (measured: Measured) => void;
};

/** What a later run on the same folder must know. */
type Manifest = {
  readonly plan: Plan;
  /** `filling`: a run ended before all was recorded, so that nothing can be said of the trail. */
  readonly state: 'empty' | 'filling' | 'full';
  /** How many sets of other events were made: no two have the same seed. */
  readonly extras: number;
};

const MONTH_MS = 30 * 86_400_000;
const MINUTE_MS = 60_000;
const SEED = 1;

/** Ends the process where the folder holds other events, or was left half filled. */
export async function openGround(options: GroundOptions) {
  const { folder, events } = options;
  mkdirSync(folder, { recursive: true });
  const manifest = openManifest(folder, events);
  const place = { trail: join(folder, 'trail'), home: join(folder, 'home') };
  const plan = manifest.read().plan;
  const corpus = await openCorpus({ folder, name: 'events', plan, progress: openProgress });
  let server: Promise<Server> | undefined;
  const resting = async () => {
    const running = server;
    server = undefined;
    await (await running)?.stop();
  };
  const ground: Ground = {
    ...place,
    ...notesOf(options),
    events,
    folder,
    corpus,
    serving: () => {
      server ??= startServer(place);
      return server;
    },
    resting,
    isEmpty: () => manifest.read().state === 'empty',
    filled: async () => {
      if (manifest.read().state === 'full') return;
      manifest.change({ state: 'filling' });
      await fill(ground);
      manifest.change({ state: 'full' });
    },
    extra: (count) => {
      const extras = manifest.read().extras + 1;
      manifest.change({ extras });
      return openExtra(folder, { seed: SEED + extras, count });
    },
    progress: openProgress,
  };
  const close = async () => {
    await resting();
    await corpus.close();
  };
  return { ground, close };
}

/** Its files go when it is closed. */
async function openExtra(
  folder: string,
  { seed, count }: Pick<Plan, 'seed' | 'count'>,
): Promise<Corpus> {
  const to_ms = Date.now();
  const plan = { seed, count, from_ms: to_ms - MINUTE_MS, to_ms };
  const name = `extra-${seed}`;
  const corpus = await openCorpus({ folder, name, plan, progress: openProgress });
  return {
    ...corpus,
    close: async () => {
      await corpus.close();
      for (const end of ['json', 'jsonl']) rmSync(join(folder, `${name}.${end}`));
    },
  };
}

function openManifest(folder: string, events: number) {
  const file = join(folder, 'bench.json');
  if (!existsSync(file)) {
    const to_ms = Date.now();
    const plan: Plan = { seed: SEED, count: events, from_ms: to_ms - MONTH_MS, to_ms };
    const fresh: Manifest = { plan, state: 'empty', extras: 0 };
    writeFileSync(file, JSON.stringify(fresh));
  }
  const read = () => JSON.parse(readFileSync(file, 'utf8')) as Manifest;
  const { plan, state } = read();
  if (plan.count !== events) {
    refuse(`${folder} holds ${plan.count} events, not ${events}: name another folder.`);
  }
  if (state === 'filling') {
    refuse(`${folder} was left half filled: remove it and begin again.`);
  }
  return {
    read,
    change: (part: Partial<Manifest>) => {
      writeFileSync(file, JSON.stringify({ ...read(), ...part }));
    },
  };
}

/** Each figure is kept at once: what a long run found out is not lost with it. */
function notesOf({ events, show }: GroundOptions): Pick<Ground, 'note' | 'notePeer' | 'missing'> {
  const measuredAt = revision();
  const keep = (what: Omit<Measured, 'at' | 'revision'>) => {
    figureNamed(what.id);
    const measured = { ...what, at: new Date().toISOString(), revision: measuredAt };
    mergeResults(events, [measured]);
    show(measured);
  };
  return {
    note: (id: string, said: Said) => keep({ id, ...said }),
    notePeer: (peer, id, said) => keep({ id, peer, ...said }),
    missing: (peer, id, reason) => keep({ id, peer, missing: reason }),
  };
}

/** Events as whole bodies, at least one. */
export function wholeBodies(events: number): number {
  return Math.max(1, Math.round(events / BODY_EVENTS)) * BODY_EVENTS;
}
