/** The model APIs that the proxy reads: adding one is a file and one line here. */
import { anthropic } from './anthropic.ts';
import type { ModelApi } from './api.ts';
import { chat } from './chat.ts';
import { gemini } from './gemini.ts';
import { responses } from './responses.ts';

const APIS: readonly ModelApi[] = [anthropic, chat, responses, gemini];

/** The API of a request; undefined for what passes unread. `path` is without its query. */
export function apiOf(method: string, path: string): ModelApi | undefined {
  return method === 'POST' ? APIS.find((api) => api.handles(path)) : undefined;
}
