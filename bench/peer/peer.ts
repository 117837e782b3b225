/** What all peers have in common: how much they are measured with, and what keeps them away. */
import { BODY_EVENTS, type Corpus } from '../corpus/corpus.ts';
import type { Ground } from '../part/part.ts';

/** Peers are measured with so many events at most: some would take hours with more. */
const MOST_EVENTS = 1_000_000;

/** Bodies of a corpus that a peer is measured with. */
export function peerBodies(corpus: Corpus): number {
  return Math.min(corpus.bodies, MOST_EVENTS / BODY_EVENTS);
}

/** The figure that says that a peer ran, or why it could not. */
type Token = { readonly peer: string; readonly id: string };

/** A peer that cannot run here is said in the results, and the others go on. */
export async function whereItRuns(
  ground: Ground,
  { peer, id }: Token,
  measure: () => Promise<void>,
): Promise<void> {
  try {
    await ground.resting();
    await measure();
  } catch (error) {
    ground.missing(peer, id, error instanceof Error ? error.message : String(error));
  }
}
