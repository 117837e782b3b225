/** Collects what a command line is seen to touch, within limits, and every doubt about it. */
import type { Access, Resource } from '../../event/event.ts';
import { RESOURCE_CHARS, RESOURCES } from '../../event/event.ts';

export type Trace = {
  /** Each is kept once, in the order of its first sight. */
  readonly add: (kind: string, id: string, access: Access) => void;
  /** The lowest confidence counts, and the first reason for it. */
  readonly doubt: (confidence: number, reason: string) => void;
  /** What could not be parsed. */
  readonly error: (message: string) => void;
  /** False once the work for one command line is used up; everything stops then. */
  readonly spend: (units: number) => boolean;
};

export type Findings = {
  readonly resources: readonly Resource[];
  readonly errors: readonly string[];
  /** From 0 to 1. */
  readonly confidence: number;
  readonly reason: string;
};

/** Confidence that every effect of a command line is listed, by what stands in the way. */
export const SURE = {
  /** Every program is in the table and every word is known. */
  whole: 0.9,
  /** Words that only the running shell knows. */
  words: 0.7,
  /** Programs or code whose effects the words do not tell. */
  program: 0.5,
  /** Commands that come from elsewhere: a download, a decoder. */
  fed: 0.4,
  /** Parse errors, or more than may be read. */
  broken: 0.3,
} as const;

/** Parse errors that are kept. */
const ERRORS = 8;
/** Work for one command line: characters of words looked at, 16 more a word. */
const UNITS = 400_000;

export function traced(): { readonly trace: Trace; readonly findings: () => Findings } {
  const seen = new Map<string, Resource>();
  const errors: string[] = [];
  let confidence: number = SURE.whole;
  let reason = 'parsed whole';
  let units = UNITS;
  const doubt = (level: number, why: string) => {
    if (level >= confidence) return;
    confidence = level;
    reason = why.slice(0, 120);
  };
  const trace: Trace = {
    add(kind, text, access) {
      const id = text.slice(0, RESOURCE_CHARS);
      const key = `${access}\0${kind}\0${id}`;
      if (id === '' || seen.has(key)) return;
      if (seen.size < RESOURCES) seen.set(key, { kind, id, access });
      else doubt(SURE.broken, `more than ${RESOURCES} resources`);
    },
    doubt,
    error(message) {
      if (errors.length < ERRORS) errors.push(message);
      doubt(SURE.broken, `could not be parsed whole: ${message}`);
    },
    spend(amount) {
      units -= amount;
      if (units < 0) doubt(SURE.broken, 'too much to follow');
      return units >= 0;
    },
  };
  return { trace, findings: () => ({ resources: [...seen.values()], errors, confidence, reason }) };
}
