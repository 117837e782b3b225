/** What LangChain's messages and results say; live objects and their serialised form alike. */
import { at, contentText, listAt, nameOf, textOf, tokensOf } from './witness.ts';

/** A field of a message: of the object itself, or of the form in which it is serialised. */
function field(message: unknown, name: string): unknown {
  return at(message, name) ?? at(message, 'kwargs', name);
}

/** What the user said to a chain: its last message, or the input that is text. */
export function promptOf(inputs: unknown): string | undefined {
  if (typeof inputs === 'string') return inputs;
  const messages = listAt(inputs, 'messages');
  if (messages.length > 0) return said(messages.at(-1));
  return ['input', 'question', 'query', 'prompt']
    .map((key) => textOf(at(inputs, key)))
    .find(Boolean);
}

/** What the user said to a model: messages of a chat, or the text of a prompt. */
export function asked(input: unknown): string | undefined {
  const [first] = Array.isArray(input) ? input : [];
  if (typeof first === 'string') return first;
  return said((Array.isArray(first) ? first : []).at(-1));
}

function said(message: unknown): string | undefined {
  if (typeof message === 'string') return message;
  if (Array.isArray(message)) return message[0] === 'human' ? textOf(message[1]) : undefined;
  const role = at(message, 'role') ?? at(message, 'type');
  const human = role === 'user' || role === 'human' || kindOf(message) === 'HumanMessage';
  return human ? contentText(field(message, 'content')) : undefined;
}

function kindOf(message: unknown): unknown {
  return listAt(message, 'id').at(-1) ?? listAt(message, 'lc_id').at(-1);
}

type Answer = {
  readonly text: string;
  readonly model: string | undefined;
  readonly usage: unknown;
};

export function answersOf(output: unknown): readonly Answer[] {
  return listAt(output, 'generations')
    .flatMap((list) => (Array.isArray(list) ? list : []))
    .map((generation) => {
      const message = at(generation, 'message');
      const text = textOf(at(generation, 'text')) || contentText(field(message, 'content'));
      const model = nameOf(at(field(message, 'response_metadata'), 'model_name'));
      return { text, model, usage: field(message, 'usage_metadata') };
    });
}

export function usageOf(output: unknown, answers: readonly Answer[]) {
  const usage = answers.map(({ usage }) => usage).find((found) => found !== undefined);
  if (usage !== undefined) return tokensOf(at(usage, 'input_tokens'), at(usage, 'output_tokens'));
  const used = at(output, 'llmOutput', 'tokenUsage');
  return tokensOf(at(used, 'promptTokens'), at(used, 'completionTokens'), at(used, 'totalTokens'));
}

export function modelOf(model: unknown, extra: unknown, metadata: unknown): string | undefined {
  const parameters = at(extra, 'invocation_params');
  return [
    at(metadata, 'ls_model_name'),
    at(parameters, 'model'),
    at(parameters, 'model_name'),
    at(model, 'kwargs', 'model'),
    at(model, 'kwargs', 'model_name'),
  ]
    .map(nameOf)
    .find(Boolean);
}

/** A tool's message says itself whether the tool failed. */
export function outputOf(output: unknown): { readonly failed: boolean; readonly value: unknown } {
  const message = field(output, 'tool_call_id') !== undefined;
  if (!message) return { failed: false, value: output };
  return { failed: field(output, 'status') === 'error', value: field(output, 'content') };
}
