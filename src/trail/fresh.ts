/** Plaintext of the newest events, so that followers which keep up need not unseal them again. */

export type Fresh = {
  readonly add: (seq: number, bytes: Uint8Array) => void;
  readonly get: (seq: number) => Uint8Array | undefined;
};

/** A bounded memory by `seq`: the oldest leave first. */
export function openFresh(limit_bytes: number): Fresh {
  const held = new Map<number, Uint8Array>();
  let size = 0;
  return {
    add: (seq, bytes) => {
      held.set(seq, bytes);
      size += bytes.length;
      for (const [oldest, old] of held) {
        if (size <= limit_bytes) break;
        held.delete(oldest);
        size -= old.length;
      }
    },
    get: (seq) => held.get(seq),
  };
}
