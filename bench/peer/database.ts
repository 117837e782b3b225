/** Measures a database that somebody might use instead: the same events, the same questions. */
import { BODY_EVENTS, type Corpus } from '../corpus/corpus.ts';
import { KINDS, type Kind, type Question, questions } from '../corpus/question.ts';
import type { Generated } from '../generate.ts';
import { perSecond, repeated, spread, timed } from '../measure.ts';
import type { Ground } from '../part/part.ts';
import { startMeter } from '../process.ts';
import { peerBodies } from './peer.ts';

export type Row = {
  readonly tenant: string;
  readonly session: string;
  readonly type: string;
  readonly tool: string | null;
  readonly status: string | null;
  readonly time_ms: number;
  readonly resource: string | null;
  /** What is searched for words. */
  readonly text: string;
  /** The whole event. */
  readonly body: string;
};

export type Database = {
  /** Durable, and found by searches, when it resolves. */
  readonly insert: (rows: readonly Row[]) => Promise<void>;
  /** How many rows were found. */
  readonly ask: (kind: Kind, question: Question) => Promise<number>;
  /** Once, after everything was inserted. */
  readonly analyse: () => Promise<void>;
  readonly size_bytes: () => number;
  /** Processor time of processes of its own; 0 where it has none. */
  readonly cpu_s: () => number;
  readonly close: () => Promise<void>;
};

export type Peer = {
  readonly name: string;
  readonly open: (folder: string) => Promise<Database>;
  /** Connections at once. */
  readonly lanes: number;
};

const SINGLES = 500;
const ASKED = { times: 40, budget_ms: 10_000, least: 2 };
const SEED = 77;

export async function measureDatabase(ground: Ground, peer: Peer): Promise<void> {
  const database = await peer.open(ground.folder);
  try {
    await singles(ground, { peer, database }, 'latency.idle');
    await ingest(ground, { peer, database });
    await database.analyse();
    await singles(ground, { peer, database }, 'latency.loaded');
    await ask(ground, { peer, database });
  } finally {
    await database.close();
  }
}

type Measuring = { readonly peer: Peer; readonly database: Database };

/** One event a commit, one after another. */
async function singles(
  ground: Ground,
  { peer, database }: Measuring,
  id: 'latency.idle' | 'latency.loaded',
): Promise<void> {
  const corpus = await ground.extra(SINGLES);
  const took: number[] = [];
  for (let i = 0; i < corpus.bodies; i++) {
    for (const row of await rowsOf(corpus, i)) took.push(await timed(() => database.insert([row])));
  }
  await corpus.close();
  ground.notePeer(peer.name, id, { values: spread(took) });
}

/** Reading JSON is in the measured time, as it is in Claw's. */
async function ingest(ground: Ground, { peer, database }: Measuring): Promise<void> {
  const { corpus } = ground;
  const bodies = peerBodies(corpus);
  const shown = ground.progress(`recording in ${peer.name}`, bodies * BODY_EVENTS);
  const spent = startMeter({ server: database.cpu_s });
  let next = 0;
  const lane = async () => {
    while (next < bodies) {
      const rows = await rowsOf(corpus, next++);
      await database.insert(rows);
      shown.at(next * BODY_EVENTS);
    }
  };
  const ms = await timed(() => Promise.all(Array.from({ length: peer.lanes }, lane)));
  shown.stop();
  const events = Math.min(bodies * BODY_EVENTS, corpus.count);
  const said = { values: { value: perSecond(events, ms), events }, cpu_s: spent() };
  for (const id of ['batch', 'sustained']) ground.notePeer(peer.name, id, said);
  const size = Math.round(database.size_bytes() / events);
  ground.notePeer(peer.name, 'size', { values: { value: size } });
}

async function ask(ground: Ground, { peer, database }: Measuring): Promise<void> {
  const { corpus } = ground;
  const bodies = peerBodies(corpus);
  const asked = await questions(corpus, { count: ASKED.times, seed: SEED, bodies });
  for (const kind of KINDS) {
    let empty = 0;
    try {
      const took = await repeated(ASKED, async (i) => {
        const question = asked[kind][i] as Question;
        const began = performance.now();
        if ((await database.ask(kind, question)) === 0) empty++;
        return performance.now() - began;
      });
      const values = { ...spread(took), without_rows: empty };
      ground.notePeer(peer.name, `search.${kind}`, { values });
    } catch (error) {
      ground.missing(peer.name, `search.${kind}`, String(error));
    }
  }
}

async function rowsOf(corpus: Corpus, body: number): Promise<readonly Row[]> {
  const lines = (await corpus.body(body)).toString().trimEnd().split('\n');
  return lines.map(rowOf);
}

function rowOf(line: string): Row {
  const event = JSON.parse(line) as Generated;
  const { tenant_id, session_id, type, tool, status, content, result } = event;
  const resources = (event['resources'] ?? []) as readonly { id: string }[];
  const resource = resources.map(({ id }) => id).join(' ');
  const texts = [content, event['arguments'], result, event['detail'], event['decision']];
  return {
    tenant: tenant_id,
    session: session_id,
    type,
    tool: (tool ?? null) as string | null,
    status: (status ?? null) as string | null,
    time_ms: Date.parse(event.time),
    resource: resource === '' ? null : resource,
    text: JSON.stringify([texts, tool, resource]),
    body: line,
  };
}
