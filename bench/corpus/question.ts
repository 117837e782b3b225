/** What a responder asks, with the parameters of real events, the same for Claw and its peers. */
import type { Generated } from '../generate.ts';
import type { Corpus, Sampling } from './corpus.ts';
import { COMMON_WORDS, rankOf } from './text.ts';

export const KINDS = [
  'timeline',
  'tool_day',
  'blocked',
  'rare_words',
  'common_word',
  'common_count',
  'japanese_2',
  'japanese_4',
  'substring',
  'facets',
  'histogram',
  'deep_page',
] as const;
export type Kind = (typeof KINDS)[number];

/** Each kind reads what it needs; all of it stands in the event that it was taken from. */
export type Question = {
  readonly tenant: string;
  readonly session: string;
  readonly tool: string;
  /** The day of the event, and the month of the corpus; RFC 3339, the end exclusive. */
  readonly day: Range;
  readonly month: Range;
  readonly rare: readonly [string, string];
  readonly common: string;
  readonly japanese_2: string;
  readonly japanese_4: string;
  /** Eight characters from within the id of a resource. */
  readonly part: string;
};

export type Range = { readonly from: string; readonly to: string };

const DAY_MS = 86_400_000;
/** A word of such a rank is in about one of a thousand events, or fewer. */
const RARE_RANK = 5000;

export type Questions = Readonly<Record<Kind, readonly Question[]>>;

/** As many of each kind as are sampled, the same for the same seed. */
export async function questions(corpus: Corpus, sampling: Sampling): Promise<Questions> {
  const { count, seed } = sampling;
  const asked = new Map<Kind, Question[]>(KINDS.map((kind) => [kind, []]));
  for (let round = 0; [...asked.values()].some((some) => some.length < count); round++) {
    const more = { ...sampling, count: count * 4, seed: seed + round };
    for (const event of await corpus.sample(more)) {
      const question = questionOf(event, corpus);
      for (const [kind, some] of asked) {
        if (some.length < count && holds(question, kind)) some.push(question);
      }
    }
  }
  return Object.fromEntries(asked) as Record<Kind, Question[]>;
}

/** Whether the event holds what such a question looks for. */
export function holds(question: Question, kind: Kind): boolean {
  const { rare, tool, japanese_2, japanese_4, part } = question;
  if (kind === 'tool_day') return tool !== '';
  if (kind === 'rare_words') return rare[1] !== '';
  if (kind === 'japanese_2') return japanese_2 !== '';
  if (kind === 'japanese_4') return japanese_4 !== '';
  return kind !== 'substring' || part !== '';
}

export function questionOf(
  event: Generated,
  { from_ms, to_ms }: Pick<Corpus, 'from_ms' | 'to_ms'>,
): Question {
  const { tenant_id, session_id, time, tool, content, result } = event;
  const prose = JSON.stringify([content, event['arguments'], result]);
  const words = new Set(prose.match(/\b[a-z]+\b/g) ?? []);
  const [first = '', second = ''] = [...words].filter((word) => rankOf(word) >= RARE_RANK);
  const day_ms = Math.floor(Date.parse(time) / DAY_MS) * DAY_MS;
  const [resource] = (event['resources'] ?? []) as readonly { id: string }[];
  const stretch = /[a-z0-9/.-]{16,}/.exec(resource?.id ?? '')?.[0] ?? '';
  return {
    tenant: tenant_id,
    session: session_id,
    tool: String(tool ?? ''),
    day: range(day_ms, day_ms + DAY_MS),
    month: range(from_ms, to_ms),
    rare: [first, second],
    common: COMMON_WORDS[(first.length + session_id.charCodeAt(3)) % COMMON_WORDS.length] ?? '',
    japanese_2: /\p{Script=Han}{2}/u.exec(prose)?.[0] ?? '',
    japanese_4: /\p{Script=Han}{4}/u.exec(prose)?.[0] ?? '',
    part: stretch.slice(-12, -4),
  };
}

function range(from_ms: number, to_ms: number): Range {
  return { from: new Date(from_ms).toISOString(), to: new Date(to_ms).toISOString() };
}
