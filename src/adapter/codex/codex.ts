/** Codex's hooks, all 12 of version 0.169.0, as events; unknown ones are kept whole. */
import type { Adapter } from '../adapter.ts';
import { adaptedOf, type Handler, unknownKind } from '../draft.ts';
import { preToolUse } from '../gate.ts';
import { answered, approval, asked } from './call.ts';
import { RUNTIME, readHook } from './record.ts';
import {
  noted,
  prompt,
  sessionEnd,
  sessionStart,
  stop,
  subagentStart,
  subagentStop,
} from './turn.ts';

/** By `hook_event_name`; the schemas of record are in the `codex` binary (`….command.input`). */
const HOOKS: ReadonlyMap<string, Handler> = new Map([
  ['PreToolUse', asked],
  ['PostToolUse', answered],
  ['PermissionRequest', approval],
  ['UserPromptSubmit', prompt],
  ['Stop', stop],
  ['SessionStart', sessionStart],
  ['SessionEnd', sessionEnd],
  ['SubagentStart', subagentStart],
  ['SubagentStop', subagentStop],
  ['Interrupt', noted('The turn was interrupted')],
  ['PreCompact', noted('The conversation is about to be compacted')],
  ['PostCompact', noted('The conversation was compacted')],
]);

/** The names that this adapter knows. */
export const CODEX_HOOKS: readonly string[] = [...HOOKS.keys()];

export const codex: Adapter = {
  runtime: RUNTIME,
  gate: preToolUse,
  adapt: (record, context) => {
    const hook = readHook(record, context);
    return adaptedOf((HOOKS.get(hook.origin.hook) ?? unknownKind)(hook));
  },
};
