/** Gemini CLI's hooks, all 11 of version 0.61.0, as events; unknown ones are kept whole. */
import type { Adapter } from '../adapter.ts';
import { adaptedOf, type Handler, unknownKind } from '../draft.ts';
import { beforeTool } from '../gate.ts';
import { answered, asked } from './call.ts';
import { RUNTIME, readHook } from './record.ts';
import {
  answer,
  compress,
  modelAnswer,
  notification,
  prompt,
  sessionEnd,
  sessionStart,
} from './turn.ts';

const ASKS_MODEL = 'other hooks tell prompt and results; AfterModel tells that the model answered';

/** By `hook_event_name`. */
const HOOKS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['BeforeTool', asked],
  ['AfterTool', answered],
  ['BeforeAgent', prompt],
  ['AfterAgent', answer],
  ['AfterModel', modelAnswer],
  ['BeforeModel', () => ASKS_MODEL],
  ['BeforeToolSelection', () => ASKS_MODEL],
  ['Notification', notification],
  ['PreCompress', compress],
  ['SessionStart', sessionStart],
  ['SessionEnd', sessionEnd],
]);

/** The names that this adapter knows. */
export const GEMINI_HOOKS: readonly string[] = [...HOOKS.keys()];

export const gemini: Adapter = {
  runtime: RUNTIME,
  gate: beforeTool,
  adapt: (record, context) => {
    const hook = readHook(record, context);
    return adaptedOf((HOOKS.get(hook.origin.hook) ?? unknownKind)(hook));
  },
};
