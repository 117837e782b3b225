/** The strips by the name of their API: adding one is a file and one line here. */
import { anthropic } from './anthropic.ts';
import { chat } from './chat.ts';
import { gemini } from './gemini.ts';
import { responses } from './responses.ts';
import type { Strip } from './strip.ts';

const STRIPS: ReadonlyMap<string, Strip> = new Map([
  ['anthropic.messages', anthropic],
  ['openai.chat_completions', chat],
  ['openai.responses', responses],
  ['gemini.generate_content', gemini],
]);

/** Throws for an API that has none: what it answers could not be held. */
export function stripOf(api: string): Strip {
  const strip = STRIPS.get(api);
  if (strip === undefined) throw new TypeError(`${api} cannot be stripped.`);
  return strip;
}
