/** One plain sentence on what an event says happened, in the reader's language. */
import type { Event } from '../event/event.ts';
import { mainArgument } from './argument.ts';
import { askedOf, endOf, goalOf, rollbackOf } from './governed.ts';
import { ENGLISH, JAPANESE, type Phrases } from './phrase.ts';
import { excerpt } from './safe.ts';

export type Language = 'en' | 'ja';

/** Characters (UTF-16 units) of a sentence. */
export const SENTENCE_CHARS = 400;
const WORD_CHARS = 80;
const TEXT_CHARS = 160;

/** What a sentence is made of; a row whose content was erased has little more than its type. */
export type Told = Partial<Event> & Pick<Event, 'type'>;

/**
 * What happened, on one line of at most `SENTENCE_CHARS`, printable: every recorded character
 * that could act on a terminal is written out. What was not seen is said to be unseen.
 */
export function sentence(event: Told, language: Language): string {
  return excerpt(told(event, language === 'ja' ? JAPANESE : ENGLISH), SENTENCE_CHARS);
}

/** Whether a prompt is a runtime's own message to its agent: no user wrote it. */
export function isNotice({ type, channel }: Told): boolean {
  return type === 'prompt' && channel === 'task_notification';
}

function told(event: Told, say: Phrases): string {
  switch (event.type) {
    case 'prompt':
      if (isNotice(event)) return noted(event, say.notice(), say);
      return say.prompt(who(event), text(event.content));
    case 'output':
      return say.output(text(event.content));
    case 'tool_call':
      return acted(event, say.tool(word(event.tool), subject(event)), say);
    case 'api_call':
      return acted(answered(event), say.api(request(event), event.status_code), say);
    case 'file_operation':
      if (event.tool === 'rollback') {
        return acted(event, say.undone(word(event.operation), path(event)), say);
      }
      return acted(event, say.file(word(event.operation), path(event), event.bytes), say);
    case 'decision':
      return decided(event, say);
    case 'approval':
      return approved(event, say);
    case 'task':
      return tasked(event, say);
    case 'session':
      return noted(event, say.session(word(event.operation).toLowerCase()), say);
    case 'access':
      return say.access(who(event), subject(event), word(event.tool));
    case 'admin':
      return say.admin(who(event), word(event.tool), subject(event));
    case 'finding':
      return noted(event, say.finding(), say);
    case 'gap':
      return missing(event, say) ?? noted(event, say.gap(), say);
  }
}

function acted(event: Told, noun: string, say: Phrases): string {
  const { status, duration_ms, error, decision } = event;
  return say.act({
    noun,
    ...(status === undefined ? {} : { status }),
    ...(duration_ms === undefined ? {} : { duration_ms }),
    answered: event.result !== undefined,
    policies: policies(event),
    reason: text(error?.message ?? error?.code ?? decision?.reason ?? undoing(event)),
  });
}

/** Why a step of a rollback was not taken. */
function undoing({ tool, detail }: Told): string | undefined {
  return tool === 'rollback' ? detail : undefined;
}

/** An answer of the other side was seen, so its status code is an outcome. */
function answered(event: Told): Told {
  if (event.status !== undefined || event.status_code === undefined) return event;
  return { ...event, status: event.status_code < 400 ? 'success' : 'error' };
}

function decided(event: Told, say: Phrases): string {
  const { decision, status } = event;
  const approver = word(decision?.approver);
  const policy = decision?.by === 'policy';
  const reason = text(decision?.reason ?? event.detail);
  // The reason of a permit that rests on an approval is what the approver said.
  const said = `${approver} approved it: `;
  return say.verdict({
    by: (policy ? '' : approver) || say.by(decision?.by, policies(event)),
    ...(decision?.outcome === undefined ? {} : { outcome: decision.outcome }),
    on: act(event, say),
    reason: approver && reason.startsWith(said) ? reason.slice(said.length) : reason,
    // What a policy permits after an approval, it permits because of whoever gave it.
    approver: policy && decision?.outcome === 'permit' ? approver : '',
    observed: askedOf(event) !== undefined && status === 'unknown',
  });
}

function approved(event: Told, say: Phrases): string {
  const { decision, tool, status } = event;
  const on = act(event, say);
  const reason = text(decision?.reason);
  if (decision?.outcome === undefined) return say.awaited(on);
  if (askedOf(event) === undefined) return decided(event, say);
  if (tool === 'request_approval') return say.asked(on, reason);
  if (decision.by === 'config') return say.lapsed(on, reason);
  const by = word(decision.approver) || say.by(decision.by, '');
  const vote = tool === 'approve' ? 'approve' : 'deny';
  return say.voted({ by, vote, on, reason, more: status === 'escalated' });
}

function tasked(event: Told, say: Phrases): string {
  const goal = text(goalOf(event));
  if (goal !== '' && event.tool === 'declare_task') return say.declared(goal);
  if (goal !== '' && event.tool === 'close_task') {
    const { outcome, summary } = endOf(event);
    return say.closed({ goal, outcome: word(outcome), summary: text(summary) });
  }
  const { by, steps } = rollbackOf(event);
  if (by !== '' && event.tool === 'rollback' && event.operation === 'plan') {
    return say.planned(word(by), steps);
  }
  return noted(event, say.task(word(event.task_id)), say);
}

/** A gap that coverage found is told in the reader's language. */
function missing(event: Told, say: Phrases): string | undefined {
  const found = event.attributes?.['coverage'];
  const kind: unknown = Object(found).kind;
  const phrase = say.missing.get(kind)?.(word(event.tool) || '?');
  return phrase && say.noted(say.gap(), phrase);
}

function noted(event: Told, noun: string, say: Phrases): string {
  const note = text(event.detail ?? event.content);
  return note === '' ? noun : say.noted(noun, note);
}

/** What was, or is to be, done: the tool with its main argument. */
function act(event: Told, say: Phrases): string {
  const asked = askedOf(event);
  const about = asked ? text(asked.about) : subject(event);
  const name = word(asked?.tool ?? event.tool ?? event.operation ?? event.action);
  if (name === '' || about === '') return name || about;
  return say.on(name, about);
}

function who({ user }: Told): string {
  return word(user?.name ?? user?.id);
}

function policies({ decision }: Told): string {
  return word(decision?.policy_ids?.slice(0, 8).join(', '));
}

function request({ method, destination, endpoint }: Told): string {
  return text([method, `${destination ?? ''}${endpoint ?? ''}`].filter(Boolean).join(' '));
}

function path(event: Told): string {
  return text(event.path ?? event.resources?.[0]?.id);
}

function subject(event: Told): string {
  return text(mainArgument(event));
}

function word(value: string | undefined): string {
  return excerpt(value ?? '', WORD_CHARS);
}

function text(value: string | undefined): string {
  return excerpt(value ?? '', TEXT_CHARS);
}
