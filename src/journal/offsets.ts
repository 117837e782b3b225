/** Where the records of one journal file are: by place in the file, and by tenant and index. */

/** Eight bytes a record. An ordinal is a record's place in its file, from 0. */
export type Offsets = {
  readonly add: (tenant: string, index: number, offset: number) => void;
  readonly count: () => number;
  readonly offset: (ordinal: number) => number;
  /** The ordinal of a tenant's record, if this file holds it. */
  readonly ordinal: (tenant: string, index: number) => number | undefined;
  /** Each tenant of the file with the index of its first record here. */
  readonly firsts: () => ReadonlyMap<string, number>;
};

export function newOffsets(): Offsets {
  const offsets = numberList();
  const firsts = new Map<string, number>();
  const ordinals = new Map<string, NumberList>();

  return {
    add(tenant, index, offset) {
      let list = ordinals.get(tenant);
      if (list === undefined) {
        list = numberList();
        ordinals.set(tenant, list);
        firsts.set(tenant, index);
      }
      list.add(offsets.count());
      offsets.add(offset);
    },
    count: offsets.count,
    offset: (ordinal) => offsets.at(ordinal) ?? 0,
    ordinal(tenant, index) {
      const first = firsts.get(tenant);
      return first === undefined ? undefined : ordinals.get(tenant)?.at(index - first);
    },
    firsts: () => firsts,
  };
}

type NumberList = {
  readonly add: (value: number) => void;
  readonly at: (place: number) => number | undefined;
  readonly count: () => number;
};

/** Unsigned 32-bit numbers without an object each. */
function numberList(): NumberList {
  let values = new Uint32Array(4);
  let count = 0;
  return {
    add(value) {
      if (count === values.length) {
        const larger = new Uint32Array(count * 2);
        larger.set(values);
        values = larger;
      }
      values[count++] = value;
    },
    at: (place) => (place < count ? values[place] : undefined),
    count: () => count,
  };
}
