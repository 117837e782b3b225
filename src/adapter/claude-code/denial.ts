/** What the text that the model got back says of a call that no other hook reported. */
import type { Draft } from '../../event/event.ts';
import { given } from '../record.ts';

export type Reading =
  /** It was not allowed to run. `by` is absent where the text does not tell. */
  | { readonly kind: 'denied'; readonly by?: 'human' | 'hook' | 'config'; readonly reason: string }
  /** The runtime refused it before it ran: an unknown tool, an argument that fails validation. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'interrupted'; readonly reason: string };

/**
 * Claude Code 2.1.330's own sentences, each anchored at the start: output of a tool that merely
 * quotes one inside is not taken for it. A person's refusal has its own words. Where nobody could
 * be asked (headless), the configuration's answer stands, and that is no person's decision,
 * though the transcript calls it `user-rejected`.
 */
const SENTENCES: readonly (readonly [RegExp, (match: RegExpExecArray) => Reading])[] = [
  [/^PreToolUse:\S+ hook error: (.*)/s, (m) => denied('hook', m[1] ?? '')],
  [/^The user doesn't want to (?:proceed|take)\b.*/s, (m) => denied('human', m[0])],
  [/^Permission for this tool use was denied\..*The user said:.*/s, (m) => denied('human', m[0])],
  [
    /^Permission for this tool use was denied[.:] ?(?:It|it) requires.*/s,
    (m) => denied('config', m[0]),
  ],
  [
    /^Permission for this (?:action|command) (?:was|has been) denied.*/s,
    (m) => denied('config', m[0]),
  ],
  [/^Permission for this tool use was denied.*/s, (m) => denied(undefined, m[0])],
  [/^Permission to use \S+ .*has been denied.*/s, (m) => denied('config', m[0])],
  [/^Permission to \w+ .* has been denied.*/s, (m) => denied('config', m[0])],
  [
    /^Claude requested permissions to .*, but you haven't granted it yet\..*/s,
    (m) => denied('config', m[0]),
  ],
  [
    /^[\w.-]+ (?:redirection (?:to|from)|in|targeting) '.*' (?:needs approval|was blocked)\..*/s,
    (m) => denied('config', m[0]),
  ],
  [/^\[Request interrupted by user.*/s, (m) => ({ kind: 'interrupted', reason: m[0] })],
  [
    /^<tool_use_error>(.*?)(?:<\/tool_use_error>|$)/s,
    (m) => ({ kind: 'refused', reason: m[1] ?? '' }),
  ],
];

/** Undefined where the text is not one of the runtime's own sentences. */
export function readResult(response: unknown): Reading | undefined {
  const text = textOf(response);
  if (text === undefined) return undefined;
  for (const [pattern, reading] of SENTENCES) {
    const match = pattern.exec(text);
    if (match) return reading(match);
  }
  return undefined;
}

/** The outcome of the call; undefined where the text told none. */
export function outcomeOf(reading: Reading | undefined): Partial<Draft> | undefined {
  switch (reading?.kind) {
    case undefined:
      return undefined;
    case 'denied': {
      const { by, reason } = reading;
      return { status: 'blocked', decision: { outcome: 'deny', ...given('by', by), reason } };
    }
    case 'refused':
      return { status: 'error', error: { code: 'refused', message: reading.reason } };
    case 'interrupted':
      return { status: 'error', error: { code: 'interrupted', message: reading.reason } };
  }
}

function denied(by: 'human' | 'hook' | 'config' | undefined, reason: string): Reading {
  return { kind: 'denied', ...(by === undefined ? {} : { by }), reason };
}

function textOf(response: unknown): string | undefined {
  if (typeof response === 'string') return response;
  if (!Array.isArray(response)) return undefined;
  const [first] = response as readonly { readonly text?: unknown }[];
  return typeof first?.text === 'string' ? first.text : undefined;
}
