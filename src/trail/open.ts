/** Composes the trail: parts, front door, followers, and what the recorder says of itself. */
import { describe } from '../action/action.ts';
import { DEFAULT_TENANT, type Draft } from '../event/event.ts';
import { uuidv7 } from '../event/id.ts';
import { asFault } from '../fault/fault.ts';
import { pooledEntropy } from '../seal/entropy.ts';
import { type Answers, openAnswers } from './answer.ts';
import { type Auditor, openAuditor } from './auditor.ts';
import type { ContentOptions } from './content.ts';
import { openCoverages } from './coverage.ts';
import { type Door, openDoor } from './door.ts';
import { openEvidence } from './evidence.ts';
import { openGate } from './gate.ts';
import { openPast } from './govern/load.ts';
import { type Governing, inTask, openGovern } from './govern/open.ts';
import { broughtPolicies } from './govern/starter.ts';
import { type Life, openLife } from './life.ts';
import { readerSession } from './own.ts';
import { openParts, type PartOptions, type Parts } from './part.ts';
import { openTail } from './tail.ts';
import type { Note, Trail, TrailStatus } from './trail.ts';
import { openWhy } from './why.ts';

/** Opens the trail of a data folder; throws what `openParts` throws. */
export async function openTrail(options: PartOptions): Promise<Trail> {
  const parts = await openParts(options);
  try {
    return await composeTrail(options, parts);
  } catch (error) {
    await parts.close().catch(() => undefined);
    throw error;
  }
}

/** Answers that are read at once, and that may wait for it: each may hold megabytes. */
const READS = 4;
const WAITING_READS = 256;

/** A trail of opened parts, which it closes; where it throws they stay open. */
export async function composeTrail(options: PartOptions, parts: Parts): Promise<Trail> {
  const { config, now, version, onIdle } = options;
  const { journal, recent, ledger, engine, indexer, keyring, store, fresh } = parts;
  const admit = openAdmission(keyring.admit, (tenant) => life.opened(tenant));
  const newId = idMaker(now);
  const door = openDoor({
    ...{ journal, keyring, store, recent, fresh, admit, now, newId, onIdle },
    describe: (event) => describe(inTask(event, (site) => governing.taskOf(event.tenant_id, site))),
    spend: (...used) => governing.spend(...used),
    archived: ledger.lookup,
    limits: config,
  });
  const life: Life = openLife({ journal, ledger, door, version });
  const closing = new AbortController();
  const content: ContentOptions = { records: ledger, opener: keyring, fresh };
  const locate = locator(parts);
  const shared = {
    ...{ ...content, journal, engine, indexer, ledger, store, keyring, locate, now },
    gate: openGate({ at_once: READS, waiting: WAITING_READS }),
  };
  const governing: Governing = openGoverning(options, {
    ...shared,
    parts,
    door,
    newId,
  });
  // All at once, so that their openings share a sync.
  await Promise.all([...new Set([DEFAULT_TENANT, ...journal.tenants()])].map(admit));
  const started_at = new Date(now()).toISOString();
  const answers = openAnswers(shared);
  const { covered, auditor } = openCovering(options, { parts, door, answers, ...governing });
  const stop = startTimers(options, { parts, life, auditor });
  return {
    ingest: door.ingest,
    ...answers,
    ...covered,
    ...openEvidence(shared),
    govern: governing.govern,
    linkKey: parts.linkKey,
    tail: openTail({ ...content, journal, now, closing: closing.signal }),
    note: (note) => door.record(eventOf(note)),
    status: async () => ({
      ...{ version, started_at, ...(await statusOf(parts)) },
      queue: { events: door.queued(), limit: config.queue_events },
    }),
    close: closer(options, { parts, governing, life, stop, closing }),
  };
}

type Closing = {
  readonly parts: Parts;
  readonly governing: Governing;
  readonly life: Life;
  readonly stop: () => void;
  readonly closing: AbortController;
};

function closer(
  { onFault }: PartOptions,
  { parts, governing, life, stop, closing }: Closing,
): () => Promise<void> {
  return async () => {
    stop();
    governing.close();
    closing.abort();
    // A disk that takes no more must not keep the rest from closing.
    await life.closed().catch((error: unknown) => onFault(asFault(error)));
    await parts.close();
  };
}

function idMaker(now: () => number): () => string {
  const entropy = pooledEntropy();
  return () => uuidv7(now(), entropy);
}

function locator({ recent, ledger, engine }: Parts) {
  return async (tenant: string, id: string) =>
    recent.get(tenant, id) ??
    (await ledger.lookup(tenant, id)) ??
    (await engine.locate(tenant, id));
}

type Governed = ContentOptions & {
  readonly parts: Parts;
  readonly door: Door;
  readonly newId: () => string;
};

function openGoverning(
  { config, now, onFault }: PartOptions,
  { parts, door, newId, ...content }: Governed,
) {
  const { journal, engine, indexer, store, keyring, recent, ledger } = parts;
  return openGovern({
    ...{ record: door.record, describe, now, newId, onFault, tenants: journal.tenants },
    brought: broughtPolicies(config.policies),
    past: openPast({
      ...{ ...content, journal, engine, indexer, store, keyring, now },
      locate: async (tenant, id) => recent.get(tenant, id) ?? (await ledger.lookup(tenant, id)),
    }),
  });
}

type Covering = Pick<Governing, 'govern'> & {
  readonly parts: Parts;
  readonly door: Door;
  readonly answers: Answers;
};

function openCovering({ config, now }: PartOptions, { parts, door, answers, govern }: Covering) {
  const { journal, indexer, engine } = parts;
  const silent_ms = config.silent_s * 1000;
  const covered = openCoverages({ ...answers, silent_ms, now });
  const { tenants, head } = journal;
  const read = indexer.cursor;
  const { gapKey } = parts;
  const found = { engine, door, gapKey, now, silent_ms, head, read, tenants };
  const auditor = openAuditor({ ...covered, ...found });
  return { covered: { ...covered, ...openWhy({ ...answers, govern }) }, auditor };
}

/** Each tenant is admitted once a start: its keys made, its trail's opening recorded. */
function openAdmission(
  makeKeys: (tenant: string) => Promise<void>,
  opened: (tenant: string) => Promise<void>,
): (tenant: string) => Promise<void> {
  const admitted = new Map<string, Promise<void>>();
  const within = new Set<string>();
  return (tenant) => {
    // The opening itself comes through the front door and must not wait for itself.
    if (within.has(tenant)) return Promise.resolve();
    const known = admitted.get(tenant);
    if (known) return known;
    const admitting = makeKeys(tenant).then(async () => {
      within.add(tenant);
      try {
        await opened(tenant);
      } finally {
        within.delete(tenant);
      }
    });
    admitted.set(tenant, admitting);
    admitting.catch(() => admitted.delete(tenant));
    return admitting;
  };
}

type Timed = { readonly parts: Parts; readonly life: Life; readonly auditor: Auditor };

/** Returns what stops them. */
function startTimers(
  { config, onFault }: PartOptions,
  { parts, life, auditor }: Timed,
): () => void {
  const beat = setInterval(() => {
    life.beat().catch((error: unknown) => onFault(asFault(error)));
  }, config.heartbeat_interval_s * 1000);
  const forget = setInterval(
    () => parts.recent.release(parts.journal.first()),
    config.checkpoint_interval_ms,
  );
  const timers = [beat, forget];
  if (config.coverage_interval_s > 0) {
    const check = () => auditor.check().catch((error: unknown) => onFault(asFault(error)));
    timers.push(setInterval(check, config.coverage_interval_s * 1000));
  }
  for (const timer of timers) timer.unref();
  return () => {
    for (const timer of timers) clearInterval(timer);
  };
}

async function statusOf(parts: Parts) {
  const { data, journal } = parts;
  const engine = await engineStatus(parts);
  return { data, journal: journal.status(), engine, tenants: tenantsOf(parts) };
}

/** An index that has stopped is said, not thrown: whoever asks how things are must be told. */
async function engineStatus({ engine, indexer, journal }: Parts): Promise<TrailStatus['engine']> {
  const lag = journal.head() - indexer.cursor();
  const stopped = { rows: 0, bytes: 0, files: 0, open_calls: 0, cut_rows: 0 };
  const unknown = { ...stopped, cursor: indexer.cursor() };
  try {
    const failure = indexer.failure();
    if (failure) return { ...unknown, lag, failure: failure.toJSON() };
    return { ...(await engine.status()), lag };
  } catch (error) {
    return { ...unknown, lag, failure: asFault(error).toJSON() };
  }
}

function tenantsOf({ journal, ledger }: Parts) {
  return journal.tenants().map((tenant) => {
    const signed = ledger.checkpoint(tenant);
    return {
      tenant,
      recorded: journal.size(tenant),
      tree_size: signed?.size ?? 0,
      ...(signed ? { checkpoint_at: new Date(signed.at_ms).toISOString() } : {}),
    };
  });
}

function eventOf(note: Note): Draft & { tenant_id: string } {
  const { type, tenant, user, tool, arguments: args, result } = note;
  return {
    type,
    tenant_id: tenant,
    session_id: readerSession(user),
    user: { id: user },
    agent: { id: 'claw' },
    action: type === 'access' ? 'query' : 'admin',
    tool,
    arguments: args,
    ...(result === undefined ? {} : { result }),
    status: 'success',
    source: { kind: 'api', runtime: 'claw' },
  };
}
