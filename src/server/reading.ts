/** Notes down who read what, for the routes that read. */
import type { RawCall } from './call.ts';

export type Reading = {
  /** `logs.search`, `timeline`, … */
  readonly tool: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
};

/** Recorded after the answer; what could not be recorded is counted. */
export function noteReading(call: RawCall & { readonly tenant: string }, reading: Reading): void {
  const { face, who, tenant } = call;
  if (!who) return;
  const asked = Object.entries(reading.arguments).filter(([, value]) => value !== undefined);
  face.notebook.note({
    type: 'access',
    tenant,
    user: who.name,
    ...reading,
    arguments: Object.fromEntries(asked),
  });
}
