/** The contract of stripping: what an answer asks for, and how it reads without some of it. */
import type { Asked, Fields } from '../../adapter/model/api.ts';
import { isObject } from '../../event/name.ts';
import type { Frame } from './frame.ts';

/** By place among the calls: what stands in the place of a refused one; undefined passes. */
export type Refused = readonly (string | undefined)[];

export type Part = {
  readonly calls: readonly Asked[];
  /** The vendor's own id of the answer, where it is known. */
  readonly answer_id: string | undefined;
  /** Undefined where nothing changes. */
  readonly without: (refused: Refused) => unknown;
};

/** Events that belong together, in the order in which they came. */
export type Step = {
  readonly frames: readonly Frame[];
  readonly calls: readonly Asked[];
  readonly answer_id?: string | undefined;
  /**
   * Asked in the order of the steps, when all earlier ones are decided: what reads in their place;
   * undefined where every byte stays.
   */
  readonly without?: (refused: Refused) => string | undefined;
};

export type StripStream = {
  /** Nothing while events are held back. Throws `Unreadable`. */
  readonly push: (frame: Frame) => Step | undefined;
  /** What is left when the stream has ended well. Throws `Unreadable`. */
  readonly end: () => Step | undefined;
};

/** How each API writes tool requests, what stands in their place, and errors. */
export type Strip = {
  /** Throws `Unreadable`. */
  readonly whole: (body: unknown) => Part;
  readonly stream: () => StripStream;
  readonly error: (status: number, message: string) => Fields;
  /** The same as an event of a stream. */
  readonly errorEvent: (message: string) => string;
};

/** What cannot be read to the end cannot be decided. */
export function unreadable(what: string): Error {
  return new Error(`The answer cannot be decided: ${what}.`);
}

/** JSON of an event; undefined for a comment and for `[DONE]`. */
export function dataOf({ data }: Frame): Fields | undefined {
  if (data === undefined || data.trim() === '' || data.trim() === '[DONE]') return undefined;
  const value = parsed(data);
  if (isObject(value)) return value;
  throw unreadable('an event is no JSON object');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The objects of a list; none where it is missing or null. Throws for all else. */
export function listIn(fields: Fields, key: string): readonly Fields[] {
  const value = Object.hasOwn(fields, key) ? fields[key] : undefined;
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.every(isObject)) return value;
  throw unreadable(`${key} is no list of objects`);
}

/** An object; undefined where it is missing or null. Throws for all else. */
export function partIn(fields: Fields, key: string): Fields | undefined {
  const value = Object.hasOwn(fields, key) ? fields[key] : undefined;
  if (value === undefined || value === null) return undefined;
  if (isObject(value)) return value;
  throw unreadable(`${key} is no object`);
}

export function bodyOf(value: unknown): Fields {
  if (isObject(value)) return value;
  throw unreadable('its body is no JSON object');
}

export function passed(frame: Frame): Step {
  return { frames: [frame], calls: [] };
}

export function isRefused(refused: Refused): boolean {
  return refused.some((text) => text !== undefined);
}
