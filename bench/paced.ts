/** Requests at a fixed rate, in an open loop: each is sent when it is due. */
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Whether or not those before were answered. Measured from the sending, in milliseconds; how much
 * later than due that was is told apart, since it is the client's own.
 */
export async function paced(
  count: number,
  per_ms: number,
  send: (i: number) => Promise<unknown>,
): Promise<{ readonly took: number[]; readonly late: number[] }> {
  const took: number[] = [];
  const late: number[] = [];
  const waiting: Promise<unknown>[] = [];
  const began = performance.now();
  for (let i = 0; i < count; i++) {
    const due = began + i / per_ms;
    const early = due - performance.now();
    if (early > 0) await pause(early);
    const sent = performance.now();
    late.push(sent - due);
    const answered = send(i).then(() => took.push(performance.now() - sent));
    // Nobody awaits it yet; what failed is thrown below.
    answered.catch(() => undefined);
    waiting.push(answered);
  }
  await Promise.all(waiting);
  return { took, late };
}
