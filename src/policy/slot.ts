/** Policy sets that Cedar holds ready under a name: a bounded number for the whole process. */
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { Fault } from '../fault/fault.ts';

/** A set of policies, made ready when it is first asked and again where it had to give way. */
export type Slot = { readonly policies: Readonly<Record<string, cedar.PolicyJson>> };

/**
 * Cedar keeps what it was given under a name for ever, so names are used again: the set that was
 * asked longest ago makes room. What is never asked again holds no more than its slot.
 */
const SLOTS = 256;
/** In the order of their last use. */
const held = new Map<Slot, string>();

/** The name under which Cedar holds it now. */
export function readied(slot: Slot): string {
  const known = held.get(slot);
  if (known !== undefined) {
    held.delete(slot);
    held.set(slot, known);
    return known;
  }
  const name = nextName();
  const answer = cedar.preparsePolicySet(name, { staticPolicies: { ...slot.policies } });
  if (answer.type === 'failure') {
    throw new Fault('internal.bug', `Cedar refused: ${answer.errors[0]?.message ?? 'unknown'}`);
  }
  held.set(slot, name);
  return name;
}

function nextName(): string {
  if (held.size < SLOTS) return `slot-${held.size}`;
  for (const [oldest, name] of held) {
    held.delete(oldest);
    return name;
  }
  return 'slot-0';
}
