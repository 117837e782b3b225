/** One exchange with a model's API as drafts of events; what requests repeat is said once. */
import { createHash } from 'node:crypto';
import type { Draft } from '../../event/event.ts';
import { given, nameIn } from '../record.ts';
import type { Message, ModelAnswer, ModelRequest } from './api.ts';
import { askedDrafts, refusedDrafts, toldDrafts } from './call.ts';
import { conversationId } from './client.ts';
import { isContext } from './context.ts';
import type { ExchangeMemory } from './memory.ts';
import { type Exchange, type Telling, tellingOf } from './telling.ts';

/** The session of what passed and told none. */
export const SESSIONLESS = 'claw-model-proxy';

/** In the order in which it happened: what the model was given, asked and told; then the call. */
export function draftsOf(
  exchange: Exchange,
  session_id: string,
  memory: ExchangeMemory,
): readonly Draft[] {
  const telling = tellingOf(exchange, session_id, memory);
  const { request, answer } = exchange;
  const drafts = [
    ...(request === undefined
      ? []
      : [...givenTo(telling, request), ...toldDrafts(telling, request.told)]),
    apiCall(telling),
    ...(answer === undefined ? [] : said(telling, answer)),
    ...(answer === undefined ? [] : askedDrafts(telling, answer)),
    ...refusedDrafts(telling),
  ];
  if (answer?.id !== undefined) memory.add(session_id, 'response', answer.id);
  return drafts;
}

/**
 * The session of an exchange. To be asked once for each: a conversation that begins again with the
 * same words becomes another one.
 */
export function sessionOf(exchange: Exchange, memory: ExchangeMemory): string {
  const { client, request, address, session_id } = exchange;
  const named = client.session_id ?? session_id;
  if (named !== undefined) return named;
  if (request === undefined) return SESSIONLESS;
  const [before] = memory.list('response', nameIn(request.body, 'previous_response_id') ?? '');
  if (before !== undefined) return before;
  const first = conversationId(request, address, '');
  const [generation = ''] = memory.list('generation', first).slice(-1);
  const current = generation === '' ? first : conversationId(request, address, generation);
  if (request.answered >= 0) {
    memory.first('progress', current);
    return current;
  }
  if (!memory.has('progress', current)) return current;
  // It begins again with the same words: another conversation.
  const next = String(exchange.passage.started_ms);
  memory.add(next, 'generation', first);
  return conversationId(request, address, next);
}

/** What the model is given that nobody typed once; of prompts those after its own last words. */
function givenTo({ exchange, memory, session_id, draft }: Telling, request: ModelRequest): Draft[] {
  const { runtime } = exchange.client;
  const at_ms = exchange.passage.started_ms;
  const fresh = memory.first('session', session_id);
  const isTyped = ({ role, text }: Message) => role === 'user' && !isContext(runtime, text);
  const last = request.messages.findLast(isTyped)?.index ?? -1;
  // Of a conversation that began elsewhere, the last prompt is what it is about.
  const from = fresh ? Math.min(request.answered + 1, last) : request.answered + 1;
  const side = isSide(exchange);
  return request.messages.flatMap((message) => {
    const { role, text, index } = message;
    const typed = isTyped(message);
    if (text === '' || (typed && (side || index < from))) return [];
    const operation = typed ? 'prompt' : role === 'system' ? 'system_prompt' : 'context';
    const key = [operation, typed ? String(index) : '', digest(text)] as const;
    if (!memory.first(session_id, ...key)) return [];
    if (typed) return [draft({ type: 'prompt', key, at_ms, content: text })];
    const detail = GIVEN[role];
    return [draft({ type: 'session', operation, key, at_ms, content: text, detail })];
  });
}

/** Long texts are hashed once, however often they are asked for. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

const GIVEN = {
  system: 'The runtime instructs the model.',
  user: 'The runtime gives the model context.',
} as const;

/** Runtimes that let the model call tools wherever it works, and do titles and the like without. */
const AGENTS = new Set(['claude-code', 'codex', 'gemini', 'opencode', 'openclaw']);

/** Not the agent's work but the runtime's own: it is told with its call. */
function isSide({ client, request }: Exchange): boolean {
  return AGENTS.has(client.runtime ?? '') && request?.tools === false;
}

function said({ exchange, draft }: Telling, answer: ModelAnswer): Draft[] {
  const { text, thinking, id } = answer;
  if (text === '' || isSide(exchange)) return [];
  const more = { ...given('response_id', id), ...(thinking === '' ? {} : { thinking }) };
  return [
    draft({
      type: 'output',
      key: ['output', id ?? `${exchange.passage.started_ms}`, digest(text)],
      content: text,
      ...given('model', modelOf(exchange)),
      attributes: { ...more, ...answer.attributes, usage: undefined },
    }),
  ];
}

/** Characters of a side request's words that are kept. */
const SIDE_CHARS = 8192;

function sideOf(exchange: Exchange) {
  if (!isSide(exchange)) return undefined;
  const users = exchange.request?.messages.filter(({ role }) => role === 'user') ?? [];
  const prompt = users.map(({ text }) => text).join('\n');
  const output = exchange.answer?.text ?? '';
  return { prompt: prompt.slice(0, SIDE_CHARS), output: output.slice(0, SIDE_CHARS) };
}

function apiCall({ exchange, draft }: Telling): Draft {
  const { passage, answer, client } = exchange;
  const { started_ms, ended_ms, first_byte_ms, request_id } = passage;
  const call_id = request_id ?? answer?.id;
  const thinking = answer?.text === '' && answer.thinking !== '' ? answer.thinking : undefined;
  return draft({
    type: 'api_call',
    key: ['api_call', call_id ?? '', String(started_ms)],
    at_ms: started_ms,
    ...given('call_id', call_id),
    ...outcomeOf(exchange),
    method: passage.method,
    destination: passage.host,
    endpoint: passage.endpoint,
    duration_ms: Math.max(0, ended_ms - started_ms),
    bytes: passage.sent_bytes + passage.received_bytes,
    ...given('status_code', passage.status_code),
    ...given('model', modelOf(exchange)),
    ...given('tokens', answer?.tokens),
    attributes: {
      ...answer?.attributes,
      ...given('thinking', thinking),
      ...given('side_request', sideOf(exchange)),
      ...given('response_id', answer?.id),
      ...given('first_byte_ms', first_byte_ms && Math.max(0, first_byte_ms - started_ms)),
      sent_bytes: passage.sent_bytes,
      received_bytes: passage.received_bytes,
      ...given('client', client.user_agent),
    },
  });
}

/** Success is only what the API itself said was whole. */
function outcomeOf({ passage, answer }: Exchange): Pick<Draft, 'status' | 'error'> {
  const { status_code, failure } = passage;
  if (answer?.error !== undefined) return { status: 'error', error: answer.error };
  if (failure !== undefined) return { status: 'error', error: failure };
  if (status_code === undefined) return { status: 'unknown' };
  if (status_code >= 400) return { status: 'error', error: { code: `http_${status_code}` } };
  return { status: answer?.finished === true ? 'success' : 'unknown' };
}

function modelOf({ answer, request }: Exchange): string | undefined {
  return answer?.model ?? request?.model;
}
