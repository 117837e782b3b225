/** Bounds the streams of one kind that are open at once, in all and of one tenant. */
import { Fault } from '../fault/fault.ts';

export type Slots = {
  /** Gives back what ends it, which may be called again. Throws `request.too_many`. */
  readonly take: (tenant: string) => () => void;
  readonly taken: () => number;
};

/** Seconds after which one may be free again. */
const RETRY_S = 30;

/** No tenant has more than half, so that none keeps the others out. */
export function openSlots(what: string, most: number): Slots {
  const each = Math.ceil(most / 2);
  const tenants = new Map<string, number>();
  let taken = 0;
  return {
    taken: () => taken,
    take: (tenant) => {
      const own = tenants.get(tenant) ?? 0;
      if (taken >= most) throw tooMany(what, most);
      if (own >= each) throw tooMany(what, each);
      taken++;
      tenants.set(tenant, own + 1);
      let over = false;
      return () => {
        if (over) return;
        over = true;
        taken--;
        const left = (tenants.get(tenant) ?? 1) - 1;
        if (left === 0) tenants.delete(tenant);
        else tenants.set(tenant, left);
      };
    },
  };
}

function tooMany(what: string, limit: number): Fault {
  return new Fault('request.too_many', `There are ${limit} ${what} already.`, {
    limit,
    retry_after_s: RETRY_S,
  });
}
