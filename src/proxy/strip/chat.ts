/** Strips answers of the OpenAI Chat Completions API: text stands in a refused call's place. */
import { type Fields, objectIn, objectsIn } from '../../adapter/model/api.ts';
import { callsOf } from '../../adapter/model/chat.ts';
import { nameIn } from '../../adapter/record.ts';
import { isObject } from '../../event/name.ts';
import { openChatStream } from './chat-stream.ts';
import { frameText } from './frame.ts';
import { bodyOf, isRefused, listIn, type Part, partIn, type Strip } from './strip.ts';

export const chat: Strip = { whole, stream: openChatStream, error, errorEvent };

function whole(value: unknown): Part {
  const body = bodyOf(value);
  const choices = listIn(body, 'choices');
  const messages = choices.map((choice) => partIn(choice, 'message') ?? {});
  for (const message of messages) {
    listIn(message, 'tool_calls');
    partIn(message, 'function_call');
  }
  const asked = messages.map(callsOf);
  return {
    calls: asked.flat(),
    answer_id: nameIn(body, 'id'),
    without: (refused) => {
      if (!isRefused(refused)) return undefined;
      let from = 0;
      const changed = choices.map((choice, i) => {
        const count = asked[i]?.length ?? 0;
        const own = refused.slice(from, from + count);
        from += count;
        return isRefused(own) ? stripped(choice, own) : choice;
      });
      return { ...body, choices: changed };
    },
  };
}

/** Calls in their order, the older single one last: as `callsOf` reads them. */
function stripped(choice: Fields, refused: readonly (string | undefined)[]): Fields {
  const { tool_calls, function_call, ...message } = objectIn(choice, 'message');
  const listed = objectsIn({ tool_calls }, 'tool_calls');
  const left = listed.filter((_, place) => refused[place] === undefined);
  const old = isObject(function_call) && refused[listed.length] === undefined;
  const texts = refused.filter((text) => text !== undefined);
  return {
    ...choice,
    message: {
      ...message,
      content: joined(message['content'], texts.join('\n')),
      ...(left.length === 0 ? {} : { tool_calls: left }),
      ...(old ? { function_call } : {}),
    },
    ...(left.length === 0 && !old ? ended(choice) : {}),
  };
}

function joined(content: unknown, text: string): unknown {
  if (Array.isArray(content)) return [...content, { type: 'text', text }];
  return typeof content === 'string' && content !== '' ? `${content}\n\n${text}` : text;
}

/** Whoever reads `tool_calls` waits for results of calls that are not there. */
function ended({ finish_reason }: Fields): Fields {
  const waits = finish_reason === 'tool_calls' || finish_reason === 'function_call';
  return waits ? { finish_reason: 'stop' } : {};
}

function error(_: number, message: string): Fields {
  return { error: { message, type: 'server_error', param: null, code: 'claw_undecided' } };
}

function errorEvent(message: string): string {
  return frameText(undefined, error(0, message));
}
