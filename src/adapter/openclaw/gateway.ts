/** OpenClaw's hooks about the gateway itself: its life, its jobs, what is installed in it. */
import type { Draft } from '../../event/event.ts';
import { draftOf, type Handler, type Seen, sentence, type Told, wordsAt } from '../draft.ts';
import { given } from '../record.ts';

/** What happened to the gateway, not in a conversation. */
export function noted(what: string): Handler {
  return (seen) => {
    const detail = sentence(what, wordsAt(seen.read, 'event.reason'));
    return [draftOf(seen, { ...ADMIN, detail })];
  };
}

/** channel_pairing_requested. Its code lets its holder in: it is never recorded. */
export function pairing(seen: Seen): Told {
  seen.read.told('event.code');
  return [draftOf(seen, { ...ADMIN, detail: 'Somebody asks to be paired with a channel.' })];
}

/** cron_changed: a job was added, changed or removed, or it ran. */
export function cron(seen: Seen): Told {
  const { read } = seen;
  const detail = sentence('A scheduled job', wordsAt(read, 'event.action'));
  const job = given('task_id', read.name('event.jobId'));
  const duration = given('duration_ms', read.count('event.durationMs'));
  return [draftOf(seen, { ...ADMIN, ...job, ...duration, ...ran(seen), detail })];
}

/** skill_changed. */
export function skill(seen: Seen): Told {
  const detail = sentence('A skill', wordsAt(seen.read, 'event.action'));
  return [draftOf(seen, { ...ADMIN, detail })];
}

const ADMIN = { type: 'admin', action: 'admin' } as const;

function ran({ read }: Seen): Partial<Draft> {
  if (read.peek('event.action') !== 'finished') return {};
  const status = read.peek('event.status');
  if (status === 'ok') return { status: 'success' };
  if (status !== 'error') return { status: 'unknown' };
  return { status: 'error', error: { ...given('message', read.text('event.error')) } };
}
