/** Ids that Claw makes for its own events, before the front door sees them. */

export type Mint = {
  readonly newId: () => string;
  /** Whether it was made here and not asked for since: nobody else can have sent it before. */
  readonly minted: (id: string) => boolean;
};

/** Ids that wait to be used; what was made for nothing is forgotten, and looked up like any. */
const WAITING = 10_000;

export function openMint(make: () => string): Mint {
  const made = new Set<string>();
  return {
    newId: () => {
      const id = make();
      made.add(id);
      if (made.size > WAITING) {
        for (const oldest of made) {
          made.delete(oldest);
          break;
        }
      }
      return id;
    },
    minted: (id) => made.delete(id),
  };
}
