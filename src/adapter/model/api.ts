/** The contract of a model API's reading: a request and its answer in, what they say out. */
import type { Draft } from '../../event/event.ts';
import { isObject } from '../../event/name.ts';
import { fit, given } from '../record.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** Whose API it is, and so whose key belongs there. */
export type Vendor = 'anthropic' | 'openai' | 'gemini';

/** Text that a request gives the model beside results of tools. */
export type Message = {
  readonly role: 'system' | 'user';
  readonly text: string;
  /** Place of its message in the request. */
  readonly index: number;
};

/** A tool that the model asks for. */
export type Asked = {
  /** As the API names the call; older Gemini versions name none. */
  readonly call_id: string | undefined;
  readonly tool: string;
  readonly arguments: unknown;
  /** When its last byte came by, in Unix milliseconds; without it, with the whole answer. */
  readonly at_ms?: number | undefined;
};

/** What the model is told of a call that it asked for earlier. */
export type Told = {
  readonly call_id: string | undefined;
  /** From the request's own history. */
  readonly tool: string | undefined;
  readonly arguments: unknown;
  readonly result: unknown;
  /** Only where the API itself has a word for it; text of a result proves nothing. */
  readonly status?: 'success' | 'error' | undefined;
  /** Where no id is given: how many equal calls of the history come after this one. */
  readonly after?: number | undefined;
};

export type ModelRequest = {
  readonly model: string | undefined;
  /** In order; of a message with several texts, one each. */
  readonly messages: readonly Message[];
  /** Place of the last message that the model wrote; -1 in a fresh conversation. */
  readonly answered: number;
  readonly told: readonly Told[];
  /** Whether the model may call tools: runtimes do their side work, such as titles, without. */
  readonly tools: boolean;
  readonly body: Fields;
};

export type ModelAnswer = {
  readonly id: string | undefined;
  readonly model: string | undefined;
  readonly text: string;
  /** What the model shows of its reasoning. */
  readonly thinking: string;
  readonly asked: readonly Asked[];
  /** Of tools that the vendor ran itself. */
  readonly told: readonly Told[];
  readonly tokens: Draft['tokens'];
  readonly attributes: Fields;
  /** What the API says went wrong. */
  readonly error: { readonly code?: string; readonly message?: string } | undefined;
  /** The API's own sign that nothing more comes was there. */
  readonly finished: boolean;
};

/** Collects a streamed answer. */
export type StreamReader = {
  /** One event's data, read as JSON. */
  readonly push: (data: unknown, at_ms: number) => void;
  readonly answer: () => ModelAnswer;
};

export type ModelApi = {
  /** As in `attributes.api`. */
  readonly name: string;
  readonly vendor: Vendor;
  /** Path without query. */
  readonly handles: (path: string) => boolean;
  readonly request: (body: Fields, path: string) => ModelRequest;
  readonly answer: (body: unknown) => ModelAnswer;
  readonly stream: () => StreamReader;
};

/** The objects of a list; nothing where there is no list. */
export function objectsIn(fields: Fields, key: string): readonly Fields[] {
  const value = Object.hasOwn(fields, key) ? fields[key] : undefined;
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function objectIn(fields: Fields, key: string): Fields {
  const value = Object.hasOwn(fields, key) ? fields[key] : undefined;
  return isObject(value) ? value : {};
}

/** A count; nothing where there is none. */
export function countIn(fields: Fields, key: string): number | undefined {
  const value = Object.hasOwn(fields, key) ? fields[key] : undefined;
  return typeof value === 'number' && value >= 0 && Number.isFinite(value) ? value : undefined;
}

/** Tokens of an exchange; nothing where none is known. */
export function tokensOf(
  input: number | undefined,
  output: number | undefined,
  total?: number,
): Draft['tokens'] {
  if (input === undefined && output === undefined && total === undefined) return undefined;
  return { ...given('input', input), ...given('output', output), ...given('total', total) };
}

/** Arguments that the API carries as JSON text; what is no JSON stays text. */
export function argumentsOf(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** The error object that all vendors use, more or less. */
export function errorIn(body: Fields): ModelAnswer['error'] {
  const value = body['error'];
  if (typeof value === 'string') return { message: value };
  if (!isObject(value)) return undefined;
  const code = [value['type'], value['status'], value['code']]
    .map((one) => (typeof one === 'number' ? `${one}` : one))
    .find((one) => typeof one === 'string' && one !== '');
  const { message } = value;
  return {
    ...(typeof code === 'string' ? { code: fit(code) } : {}),
    ...(typeof message === 'string' ? { message } : {}),
  };
}
