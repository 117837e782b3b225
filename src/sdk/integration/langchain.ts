/** LangChain.js and LangGraph: their callbacks as events, with the model's own ids of calls. */
import type { Fields } from '../sdk.ts';
import { openRuns, type Run, type Runs, sessionOf } from './langchain-run.ts';
import { answersOf, asked, modelOf, outputOf, promptOf, usageOf } from './langchain-value.ts';
import {
  argumentsOf,
  at,
  countOf,
  failureOf,
  given,
  guarded,
  type Host,
  hostOf,
  type IntegrationOptions,
  listAt,
  nameOf,
  textOf,
} from './witness.ts';

type Handle = (...args: unknown[]) => void;

/** Fits `CallbackHandlerMethods` of `@langchain/core`. */
export type LangchainHandler = {
  readonly name: string;
  /** Callbacks are waited for, so that what is recorded keeps its order. */
  readonly awaitHandlers: true;
  readonly handleChainStart: Handle;
  readonly handleChainEnd: Handle;
  readonly handleChainError: Handle;
  readonly handleChatModelStart: Handle;
  readonly handleLLMStart: Handle;
  readonly handleLLMEnd: Handle;
  readonly handleLLMError: Handle;
  readonly handleToolStart: Handle;
  readonly handleToolEnd: Handle;
  readonly handleToolError: Handle;
  readonly handleRetrieverStart: Handle;
  readonly handleRetrieverEnd: Handle;
  readonly handleRetrieverError: Handle;
};

/**
 * For `callbacks` of any runnable. Without a session of its own, a run is recorded in that of its
 * metadata (`session_id`, `thread_id` or `conversation_id`), else in a new one of the run's id.
 */
export function langchainHandler(host: Host, options: IntegrationOptions = {}): LangchainHandler {
  const runs = openRuns(host, options);
  const hook = guarded(host, 'langchain');
  return {
    name: 'claw',
    awaitHandlers: true,
    handleChainStart: hook('handleChainStart', (...args) => chainStarted(runs, args)),
    handleChainEnd: hook('handleChainEnd', (_outputs, id) => runs.end(id, {})),
    handleChainError: hook('handleChainError', (error, id) => runs.end(id, failure(error))),
    handleChatModelStart: hook('handleChatModelStart', (...args) => modelStarted(runs, args)),
    handleLLMStart: hook('handleLLMStart', (...args) => modelStarted(runs, args)),
    handleLLMEnd: hook('handleLLMEnd', (output, id) => modelAnswered(runs, id, output)),
    handleLLMError: hook('handleLLMError', (error, id) => modelFailed(runs, id, error)),
    handleToolStart: hook('handleToolStart', (...args) => toolStarted(runs, args)),
    handleToolEnd: hook('handleToolEnd', (output, id) => toolAnswered(runs, id, output)),
    handleToolError: hook('handleToolError', (error, id) => toolFailed(runs, id, error)),
    handleRetrieverStart: hook('handleRetrieverStart', (...args) => retrieving(runs, args)),
    handleRetrieverEnd: hook('handleRetrieverEnd', (documents, id) =>
      settle(runs, id, (run) => run.call?.success(documents)),
    ),
    handleRetrieverError: hook('handleRetrieverError', (error, id) => toolFailed(runs, id, error)),
  };
}

function chainStarted(runs: Runs, args: readonly unknown[]): void {
  const [chain, inputs, id, parent, , metadata, , name] = args;
  const run = runs.begin({ id, parent, metadata, kind: 'chain', name: nameIn(chain, name) });
  if (run?.parent === undefined) ask(run, promptOf(inputs));
}

/** A root's first model names what the user said, where the chain itself did not. */
function ask(run: Run | undefined, text: string | undefined): void {
  if (run === undefined || text === undefined || run.root.prompted) return;
  run.root.prompted = true;
  run.root.session.prompt(text);
}

function modelStarted(runs: Runs, args: readonly unknown[]): void {
  const [model, input, id, parent, extra, , metadata, name] = args;
  const run = runs.begin({ id, parent, metadata, kind: 'model', name: nameIn(model, name) });
  if (run === undefined) return;
  run.model = modelOf(model, extra, metadata);
  run.destination = hostOf(at(model, 'kwargs', 'configuration', 'baseURL'));
  if (run.below === undefined) ask(run, asked(input));
}

function modelAnswered(runs: Runs, id: unknown, output: unknown): void {
  settle(runs, id, (run) => {
    const answers = answersOf(output);
    const text = answers
      .map(({ text }) => text)
      .filter(Boolean)
      .join('\n');
    const tokens = usageOf(output, answers);
    const model = answers.map(({ model }) => model).find(Boolean) ?? run.model;
    const session = sessionOf(run);
    session.record({
      type: 'api_call',
      status: 'success',
      ...modelFacts(run),
      ...given('model', model),
      ...(text === '' ? tokens : {}),
    });
    if (text !== '') session.output(text, { ...tokens, ...given('model', model) });
  });
}

function modelFailed(runs: Runs, id: unknown, error: unknown): void {
  settle(runs, id, (run) => {
    const facts = { ...modelFacts(run), ...failure(error) };
    sessionOf(run).record({ type: 'api_call', ...facts });
  });
}

function modelFacts(run: Run): Fields {
  const duration_ms = performance.now() - run.since_ms;
  const { destination, model } = run;
  return { duration_ms, ...given('destination', destination), ...given('model', model) };
}

function toolStarted(runs: Runs, args: readonly unknown[]): void {
  const [tool, input, id, parent, , metadata, name, call_id] = args;
  const run = runs.begin({ id, parent, metadata, kind: 'tool', name: nameIn(tool, name) });
  if (run === undefined) return;
  const known = nameOf(call_id) ?? nameOf(id);
  run.call = sessionOf(run).start(run.name, argumentsOf(input), given('call_id', known));
}

function toolAnswered(runs: Runs, id: unknown, output: unknown): void {
  settle(runs, id, ({ call }) => {
    const { failed, value } = outputOf(output);
    if (failed) call?.error(value);
    else call?.success(value);
  });
}

/** A graph that stops to ask somebody throws, and the call is begun anew when it goes on. */
function toolFailed(runs: Runs, id: unknown, error: unknown): void {
  settle(runs, id, (run) => {
    if (at(error, 'is_bubble_up') !== true && at(error, 'name') !== 'GraphInterrupt') {
      run.call?.error(error);
      return;
    }
    const { call_id } = run.call ?? {};
    const decision = { outcome: 'escalate', by: 'config' } as const;
    const fields = { tool: run.name, ...given('call_id', call_id), decision } as const;
    const attributes = { interrupts: JSON.stringify(listAt(error, 'interrupts')).slice(0, 10_000) };
    sessionOf(run).record({ type: 'approval', status: 'escalated', ...fields, attributes });
  });
}

function retrieving(runs: Runs, args: readonly unknown[]): void {
  const [retriever, query, id, parent, , metadata, name] = args;
  const run = runs.begin({ id, parent, metadata, kind: 'tool', name: nameIn(retriever, name) });
  if (run === undefined) return;
  const fields = { action: 'query', ...given('call_id', nameOf(id)) } as const;
  run.call = sessionOf(run).start(run.name, { query: textOf(query) }, fields);
}

function settle(runs: Runs, id: unknown, work: (run: Run) => void): void {
  const run = runs.get(id);
  if (run === undefined) return;
  work(run);
  runs.end(id, {});
}

function nameIn(serialized: unknown, name: unknown): string {
  return nameOf(name) ?? nameOf(listAt(serialized, 'id').at(-1)) ?? 'unknown';
}

function failure(error: unknown): Fields {
  const status_code = given('status_code', countOf(at(error, 'status')));
  return { status: 'error', error: failureOf(error), ...status_code };
}
