/** Sends drafts in batches, as slowly and in as small parts as the server asks for. */
import { setTimeout } from 'node:timers/promises';
import type { Draft } from '../../event/event.ts';
import { asFault, type Fault, type FaultBody } from '../../fault/fault.ts';
import type { Receipt } from '../../trail/trail.ts';
import type { Client } from '../reach/client.ts';

export type Place = { readonly file: string; readonly place: number };
export type Parcel = { readonly draft: Draft; readonly from: Place };

export type SenderOptions = {
  readonly client: Client;
  readonly signal: AbortSignal;
  /** To be told of each receipt. */
  readonly onReceipt: (receipt: Receipt, from: Place) => void;
};

export type Sender = {
  readonly add: (parcel: Parcel) => Promise<void>;
  /** Resolves when everything is recorded. */
  readonly flush: () => Promise<void>;
};

const BATCH_EVENTS = 500;
/** Characters of JSON in one batch, about. */
const BATCH_CHARS = 4 * 1024 * 1024;
/** Times that a busy server is asked again; each wait is twice as long as the one before. */
const TRIES = 8;
const LONGEST_WAIT_S = 30;

/** Throws what no waiting and no splitting helps against: nothing of that batch is recorded. */
export function openSender({ client, signal, onReceipt }: SenderOptions): Sender {
  let batch: Parcel[] = [];
  let chars = 0;
  const send = async (parcels: readonly Parcel[]): Promise<void> => {
    if (parcels.length === 0) return;
    try {
      const events = parcels.map(({ draft }) => draft);
      const receipts = await patiently(() => post(client, events), signal);
      for (const [i, { from }] of parcels.entries()) {
        const receipt = receipts[i];
        if (receipt !== undefined) onReceipt(receipt, from);
      }
    } catch (error) {
      const fault = asFault(error);
      if (fault.status !== 413) throw error;
      const [only] = parcels;
      if (parcels.length === 1 && only) {
        onReceipt({ status: 'rejected', error: fault.toJSON() }, only.from);
        return;
      }
      const middle = Math.ceil(parcels.length / 2);
      await send(parcels.slice(0, middle));
      await send(parcels.slice(middle));
    }
  };
  const flush = async () => {
    const parcels = batch;
    batch = [];
    chars = 0;
    await send(parcels);
  };
  return {
    flush,
    add: async (parcel) => {
      const size = JSON.stringify(parcel.draft).length;
      if (batch.length > 0 && chars + size > BATCH_CHARS) await flush();
      batch.push(parcel);
      chars += size;
      if (batch.length >= BATCH_EVENTS) await flush();
    },
  };
}

async function post(client: Client, events: readonly Draft[]): Promise<readonly Receipt[]> {
  const { results } = await client.post<{ results: readonly Receipt[] }>('/v1/events', events);
  return results;
}

async function patiently<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await work();
    } catch (error) {
      const fault = asFault(error);
      signal.throwIfAborted();
      if (!isBusy(fault) || tried >= TRIES) throw error;
      const wait_s = fault.detail.retry_after_s ?? 2 ** (tried - 1) / 4;
      await setTimeout(Math.min(wait_s, LONGEST_WAIT_S) * 1000, undefined, { signal });
    }
  }
}

/** Full, closing, or not reachable: what was sent before may well be recorded all the same. */
function isBusy({ code }: Fault): boolean {
  const busy: readonly FaultBody['code'][] = [
    ...(['queue.full', 'request.too_many', 'request.timeout'] as const),
    ...(['server.closing', 'server.unreachable'] as const),
  ];
  return busy.includes(code);
}
