/** Sends a record on, and what waits in the spool after it. */
import { type Answer, post } from './post.ts';
import type { Entry, Spool } from './spool.ts';
import type { Target } from './target.ts';

export function send(target: Target, entry: Entry, ends_at: number): Promise<Answer> {
  const url = new URL(`/v1/capture/${entry.runtime}`, target.server);
  const headers = {
    'X-Claw-Captured-At': entry.captured_at,
    ...(entry.blocked === undefined ? {} : { 'X-Claw-Blocked': entry.blocked }),
  };
  return post(url, { token: target.token, headers, body: entry.record, ends_at });
}

/** Oldest first, until the limit: the first that cannot be sent ends it. */
export async function replay(spool: Spool, target: Target, ends_at: number): Promise<void> {
  await spool.reportDrops((gap) => {
    const url = new URL('/v1/events', target.server);
    const body = Buffer.from(JSON.stringify(gap));
    return post(url, { token: target.token, headers: {}, body, ends_at });
  });
  for (const name of spool.waiting()) {
    if (performance.now() > ends_at) return;
    const claimed = spool.claim(name);
    if (!claimed) continue;
    const answer = await send(target, claimed.entry, ends_at);
    if (answer === 'away') return claimed.release();
    if (answer === 'refused') spool.drop();
    claimed.done();
  }
}
