/** Strips answers of the Gemini API: a refused call becomes a part of text. */
import { type Fields, objectIn } from '../../adapter/model/api.ts';
import { gemini as api } from '../../adapter/model/gemini.ts';
import { nameIn } from '../../adapter/record.ts';
import { isObject } from '../../event/name.ts';
import { type Frame, frameText } from './frame.ts';
import {
  bodyOf,
  dataOf,
  isRefused,
  listIn,
  type Part,
  partIn,
  passed,
  type Refused,
  type Step,
  type Strip,
  type StripStream,
  unreadable,
} from './strip.ts';

export const gemini: Strip = { whole, stream, error, errorEvent };

/** A body of the streaming method without `alt=sse` is an array of chunks. */
function whole(value: unknown): Part {
  const chunks = Array.isArray(value) ? value.map(bodyOf) : [bodyOf(value)];
  const parts = chunks.map(partOf);
  const answer_id = parts.find((part) => part.answer_id !== undefined)?.answer_id;
  return {
    calls: parts.flatMap(({ calls }) => calls),
    answer_id,
    without: (refused) => {
      if (!isRefused(refused)) return undefined;
      let from = 0;
      const changed = parts.map(({ calls, without }, i) => {
        const own = refused.slice(from, from + calls.length);
        from += calls.length;
        return without(own) ?? chunks[i];
      });
      return Array.isArray(value) ? changed : changed[0];
    },
  };
}

function isCall(part: Fields): boolean {
  return Object.hasOwn(part, 'functionCall') && part['functionCall'] !== null;
}

function partOf(chunk: Fields): Part {
  const candidates = listIn(chunk, 'candidates');
  for (const part of candidates.flatMap(partsOf).filter(isCall)) {
    const call = partIn(part, 'functionCall') ?? {};
    const pieces = call['willContinue'] === true || Object.hasOwn(call, 'partialArgs');
    if (pieces) throw unreadable('a call comes in pieces');
  }
  return {
    calls: api.answer(chunk).asked,
    answer_id: nameIn(chunk, 'responseId'),
    without: (refused) => {
      if (!isRefused(refused)) return undefined;
      let place = -1;
      const change = (part: Fields) => {
        if (isCall(part)) place++;
        const text = isCall(part) ? refused[place] : undefined;
        return text === undefined ? part : { text };
      };
      return {
        ...chunk,
        candidates: candidates.map((candidate) => {
          const content = objectIn(candidate, 'content');
          if (!partsOf(candidate).some(isCall)) return candidate;
          return { ...candidate, content: { ...content, parts: partsOf(candidate).map(change) } };
        }),
      };
    },
  };
}

function partsOf(candidate: Fields): readonly Fields[] {
  return listIn(partIn(candidate, 'content') ?? {}, 'parts');
}

/** Each event holds its calls whole. */
function stream(): StripStream {
  return { push, end: () => undefined };
}

function push(frame: Frame): Step {
  const data = dataOf(frame);
  if (!isObject(data)) return passed(frame);
  const { calls, answer_id, without } = partOf(data);
  const written = (refused: Refused) => {
    const changed = without(refused);
    return changed === undefined ? undefined : frameText(frame.event, changed);
  };
  return { frames: [frame], calls, answer_id, without: written };
}

function error(status: number, message: string): Fields {
  return { error: { code: status, message, status: 'UNAVAILABLE' } };
}

function errorEvent(message: string): string {
  return frameText(undefined, error(502, message));
}
