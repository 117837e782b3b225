/** Turns what a route answers into a tool's result, and what it refuses into words for a model. */
import type { CallToolResult } from '@modelcontextprotocol/server';
import { Fault } from '../../fault/fault.ts';
import { ANSWER_CHARS, fit } from './cut.ts';
import { NOTICE, type Tool } from './tool.ts';

/** Undefined where it is too large even with every value cut: fewer must be asked for. */
export function resultOf(tool: Tool, body: unknown): CallToolResult | undefined {
  const pages = Object.hasOwn(tool.input.shape, 'limit');
  const whole = tool.whole ?? false;
  const { value, cut, fits } = fit(body, { most: ANSWER_CHARS, pages, whole });
  if (!fits) return undefined;
  const object = value as Readonly<Record<string, unknown>>;
  if (tool.answer === 'own') return both(object, sentenceOf(object, cut));
  const notice = [NOTICE, ...(cut ? [CUT] : []), ...(object['cursor'] ? [MORE] : [])].join(' ');
  return both({ notice, ...object }, notice);
}

const CUT = 'Long values are cut: get_event shows one event, read_field all of one of its fields.';
const MORE = 'There is more: ask again with this cursor.';

/** Clients show their model one or the other: each says all of it. */
function both(value: Readonly<Record<string, unknown>>, sentence: string): CallToolResult {
  return {
    content: [
      { type: 'text', text: sentence },
      { type: 'text', text: JSON.stringify(value) },
    ],
    structuredContent: { ...value },
  };
}

/** What a step of the lifecycle came to, for a model that reads no further. */
function sentenceOf(body: Readonly<Record<string, unknown>>, cut: boolean): string {
  const { allowed, outcome, reason, state, approval } = body;
  const more = cut ? ' Long values are cut.' : '';
  if (typeof allowed === 'boolean') {
    const may = allowed ? 'You may do this.' : 'Do not do this.';
    const wait = approval && outcome === 'escalate' ? ' A person has been asked to approve.' : '';
    return `${may} ${String(outcome)}: ${String(reason)}${wait}${more}`;
  }
  return `Done${typeof state === 'string' ? `; its state is ${state}` : ''}.${more}`;
}

export function tooLarge(): Fault {
  return new Fault('request.too_large', 'The answer is too large to be shown.', {
    limit: ANSWER_CHARS,
    hint: 'Ask for one event (get_event), or for one of its fields (read_field).',
  });
}
