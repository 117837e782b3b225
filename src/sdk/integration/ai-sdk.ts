/** Vercel's AI SDK 7: its telemetry as events, with the model's own ids of tool calls. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Fields } from '../sdk.ts';
import { continued, type Operation, recordAnswers, recordStep } from './ai-sdk-part.ts';
import {
  at,
  contentText,
  countOf,
  failureOf,
  given,
  guarded,
  type Host,
  hostOf,
  type IntegrationOptions,
  keepOpen,
  listAt,
  marks,
  nameOf,
  type Open,
  openPart,
  openRun,
  textOf,
  tokensOf,
} from './witness.ts';

type Hook = (event: unknown) => void;
type Run<T> = {
  readonly callId: string;
  readonly toolCallId: string;
  readonly execute: () => PromiseLike<T>;
};

/** Fits `Telemetry` of the package `ai`. */
export type AiSdkTelemetry = {
  readonly onStart: Hook;
  readonly onLanguageModelCallStart: Hook;
  readonly onLanguageModelCallEnd: Hook;
  readonly onObjectStepEnd: Hook;
  readonly onToolExecutionStart: Hook;
  readonly onToolExecutionEnd: Hook;
  readonly onStepEnd: Hook;
  readonly onEnd: Hook;
  readonly onAbort: Hook;
  readonly onError: Hook;
  /** Runs the tool unchanged; what it generates itself is a sub-agent's session. */
  readonly executeTool: <T>(run: Run<T>) => PromiseLike<T>;
};

type Kept = {
  readonly host: Host;
  readonly options: IntegrationOptions;
  readonly operations: Open<Operation>;
  readonly waiting: Operation['waiting'];
  /** The operation whose tool is running here. */
  readonly inside: AsyncLocalStorage<Operation>;
};

export const RUNTIME = 'ai-sdk';
/** Operations at once, and calls that wait for an approval or for the client's own result. */
const OPEN = 10_000;
/** Their operations generate text; all others are one call of a model. */
const GENERATION = /^ai\.(generate|stream)(Text|Object)$/;

/**
 * For `registerTelemetry(…)`, or for `telemetry.integrations` of one call, which then takes the
 * place of those registered. What `recordInputs` and `recordOutputs` hide stays hidden.
 */
export function aiSdkTelemetry(host: Host, options: IntegrationOptions = {}): AiSdkTelemetry {
  const kept: Kept = {
    host,
    options,
    operations: keepOpen<Operation>(OPEN, (operation) => leave(operation, 'It was never ended.')),
    waiting: keepOpen(OPEN),
    inside: new AsyncLocalStorage<Operation>(),
  };
  const hook = guarded(host, RUNTIME);
  const within = (name: string, record: (operation: Operation, event: unknown) => void) =>
    hook(name, (event: unknown) => {
      const operation = kept.operations.get(String(at(event, 'callId')));
      if (operation !== undefined) record(operation, event);
    });
  return {
    onStart: hook('onStart', (event) => start(kept, event)),
    onLanguageModelCallStart: within('onLanguageModelCallStart', (operation, event) => {
      operation.model = { since_ms: performance.now(), name: nameOf(at(event, 'modelId')) };
    }),
    onLanguageModelCallEnd: within('onLanguageModelCallEnd', answered),
    onObjectStepEnd: within('onObjectStepEnd', answered),
    onToolExecutionStart: within('onToolExecutionStart', ({ session, calls }, event) => {
      const call_id = nameOf(at(event, 'toolCall', 'toolCallId'));
      const tool = nameOf(at(event, 'toolCall', 'toolName')) ?? 'unknown';
      const call = session.start(tool, at(event, 'toolCall', 'input'), given('call_id', call_id));
      calls.set(call.call_id, call);
    }),
    onToolExecutionEnd: within('onToolExecutionEnd', ended),
    onStepEnd: within('onStepEnd', (operation, event) =>
      recordStep(operation, listAt(event, 'content')),
    ),
    onEnd: within('onEnd', (operation, event) => {
      if (!operation.generates) answered(operation, event);
      close(kept, operation, { status: 'success', detail: 'The run ended.' });
    }),
    onAbort: within('onAbort', (operation) => {
      close(kept, operation, { status: 'unknown', detail: 'The run was aborted.' });
    }),
    onError: within('onError', (operation, event) => failed(kept, operation, at(event, 'error'))),
    executeTool: ({ callId, execute }) => {
      const operation = kept.operations.get(callId);
      return operation === undefined ? execute() : kept.inside.run(operation, execute);
    },
  };
}

function start(kept: Kept, event: unknown): void {
  const { host, options, operations, waiting } = kept;
  const id = nameOf(at(event, 'callId'));
  if (id === undefined) return;
  const generates = GENERATION.test(String(at(event, 'operationId')));
  const marked = marks(RUNTIME, nameOf(at(event, 'aiVersion')));
  const name = nameOf(at(event, 'functionId'));
  const fields: Fields = {
    ...marked,
    agent: { ...marked.agent, ...given('name', name) },
    ...(generates ? { turn_id: id } : {}),
  };
  const outer = kept.inside.getStore();
  const earlier = generates ? continued(waiting, listAt(event, 'messages')) : undefined;
  const opened = outer
    ? { session: generates ? openPart(outer.session, id, fields) : outer.session, own: generates }
    : openRun(host, earlier ? { session: earlier } : options, { session_id: id, fields });
  const operation: Operation = { id, ...opened, generates, calls: keepOpen(OPEN), waiting };
  operation.model = { since_ms: performance.now(), name: nameOf(at(event, 'modelId')) };
  operations.set(id, operation);
  if (generates) asked(operation, event);
}

/** What is new since the last answer: the user's words, approvals, and results of the client's. */
function asked(operation: Operation, event: unknown): void {
  const messages = listAt(event, 'messages');
  recordAnswers(operation, messages);
  const last = messages.at(-1);
  if (at(last, 'role') !== 'user') return;
  const instructions = contentText(at(event, 'instructions') ?? at(event, 'system'));
  const attributes = instructions === '' ? {} : { attributes: { instructions } };
  operation.session.prompt(contentText(at(last, 'content')), attributes);
}

/** One call of the model, and what it wrote. Its tokens stand once: with the text, if any. */
function answered(operation: Operation, event: unknown): void {
  const { session, model: asked } = operation;
  delete operation.model;
  const content = listAt(event, 'content');
  const model = nameOf(at(event, 'modelId')) ?? asked?.name;
  const parts = content.filter((part) => at(part, 'type') === 'text');
  const text = textOf(at(event, 'objectText')) ?? contentText(parts);
  const tokens = usage(event);
  const since = asked && performance.now() - asked.since_ms;
  const host = hostOf(at(event, 'request', 'url'));
  const provider = nameOf(at(event, 'provider'));
  const reason = nameOf(at(event, 'finishReason'));
  session.record({
    type: 'api_call',
    status: 'success',
    ...given('destination', host),
    ...given('model', model),
    ...given('duration_ms', countOf(at(event, 'performance', 'responseTimeMs')) ?? since),
    ...(text === '' ? tokens : {}),
    attributes: {
      ...given('provider', provider),
      ...given('finish_reason', reason),
      ...given('response_id', nameOf(at(event, 'responseId') ?? at(event, 'response', 'id'))),
    },
  });
  if (text !== '') session.output(text, { ...tokens, ...given('model', model) });
}

function usage(event: unknown) {
  const found = at(event, 'usage');
  const total = at(found, 'totalTokens') ?? at(found, 'tokens');
  return tokensOf(at(found, 'inputTokens'), at(found, 'outputTokens'), total);
}

function ended({ session, calls }: Operation, event: unknown): void {
  const id = nameOf(at(event, 'toolCall', 'toolCallId')) ?? '';
  const tool = nameOf(at(event, 'toolCall', 'toolName')) ?? 'unknown';
  const call = calls.take(id) ?? session.start(tool, at(event, 'toolCall', 'input'));
  const took = given('duration_ms', countOf(at(event, 'toolExecutionMs')));
  const output = at(event, 'toolOutput');
  const type = at(output, 'type');
  if (type === 'tool-error') call.error(at(output, 'error'), took);
  else if (type === 'tool-result') call.success(at(output, 'output'), took);
  else call.unknown('The library told no outcome.', took);
}

function failed(kept: Kept, operation: Operation, error: unknown): void {
  const { session, model } = operation;
  const status_code = given('status_code', countOf(at(error, 'statusCode')));
  const failure = { status: 'error', error: failureOf(error) } as const;
  if (model !== undefined) {
    const duration_ms = performance.now() - model.since_ms;
    const host = given('destination', hostOf(at(error, 'url')));
    const facts = { ...failure, ...status_code, ...host, ...given('model', model.name) };
    session.record({ type: 'api_call', ...facts, duration_ms });
  }
  close(kept, operation, { ...failure, detail: 'The run failed.' });
}

function close({ operations }: Kept, operation: Operation, fields: Fields): void {
  operations.take(operation.id);
  for (const call of operation.calls.values()) call.unknown('The run ended before the call did.');
  const { session, own } = operation;
  // A session that others hold goes on: it only hears of what went wrong.
  if (own) session.end(fields);
  else if (fields.status !== 'success') {
    session.record({ type: 'session', operation: 'run', ...fields });
  }
}

function leave({ calls, session, own }: Operation, reason: string): void {
  for (const call of calls.values()) call.unknown(reason);
  if (own) session.end({ status: 'unknown', detail: reason });
}
