/** Strips answers of the OpenAI Responses API: a message stands in a refused call's place. */
import type { Fields } from '../../adapter/model/api.ts';
import { nameIn } from '../../adapter/record.ts';
import { frameText } from './frame.ts';
import { askedIn, isHeld, messageOf } from './responses-item.ts';
import { openResponsesStream } from './responses-stream.ts';
import { bodyOf, isRefused, listIn, type Part, type Strip } from './strip.ts';

export const responses: Strip = { whole, stream: openResponsesStream, error, errorEvent };

function whole(value: unknown): Part {
  const body = bodyOf(value);
  const items = listIn(body, 'output');
  return {
    calls: items.filter(isHeld).map(askedIn),
    answer_id: nameIn(body, 'id'),
    without: (refused) => {
      if (!isRefused(refused)) return undefined;
      let place = -1;
      const output = items.map((item) => {
        if (isHeld(item)) place++;
        const text = isHeld(item) ? refused[place] : undefined;
        return text === undefined ? item : messageOf(item, text);
      });
      return { ...body, output };
    },
  };
}

function error(_: number, message: string): Fields {
  return { error: { message, type: 'server_error', param: null, code: 'claw_undecided' } };
}

function errorEvent(message: string): string {
  const data = { type: 'error', code: 'claw_undecided', message, param: null };
  return frameText('error', { ...data, sequence_number: 0 });
}
