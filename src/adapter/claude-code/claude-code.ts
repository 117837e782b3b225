/** Claude Code's hooks, all 33 of version 2.1.330, as events; unknown ones are kept whole. */
import type { Draft } from '../../event/event.ts';
import type { AdaptContext, Adapted, Adapter } from '../adapter.ts';
import { sentence } from '../draft.ts';
import { preToolUse } from '../gate.ts';
import { textIn } from '../record.ts';
import { answered, approval, asked, batch, denied, failed } from './call.ts';
import { draftOf, type Hook, RUNTIME, readHook } from './record.ts';
import {
  configChange,
  elicitation,
  elicitationResult,
  fileChanged,
  folder,
  instructionsLoaded,
  modelSwitch,
  task,
} from './surrounding.ts';
import {
  display,
  expansion,
  notification,
  prompt,
  sessionEnd,
  sessionNote,
  sessionStart,
  stop,
  stopFailure,
  subagentStart,
  subagentStop,
} from './turn.ts';

/** By `hook_event_name`; the schema of record is `sdk.d.ts` of `@anthropic-ai/claude-agent-sdk`. */
const HOOKS: ReadonlyMap<string, (hook: Hook) => Draft[]> = new Map([
  ['PreToolUse', asked],
  ['PostToolUse', answered],
  ['PostToolUseFailure', failed],
  ['PostToolBatch', batch],
  ['PermissionRequest', approval],
  ['PermissionDenied', denied],
  ['UserPromptSubmit', prompt],
  ['UserPromptExpansion', expansion],
  ['Stop', stop],
  ['StopFailure', stopFailure],
  ['MessageDisplay', display],
  ['Notification', notification],
  ['SessionStart', sessionStart],
  ['SessionEnd', sessionEnd],
  ['SubagentStart', subagentStart],
  ['SubagentStop', subagentStop],
  ['Setup', noted('Setup runs', 'trigger')],
  ['PreCompact', noted('The conversation is about to be compacted', 'trigger')],
  ['PostCompact', noted('The conversation was compacted', 'trigger')],
  ['TeammateIdle', noted('A teammate is idle', 'teammate_name')],
  ['PreModelSwitch', modelSwitch('The model is about to switch')],
  ['PostModelSwitch', modelSwitch('The model switched')],
  ['TaskCreated', task('create')],
  ['TaskCompleted', task('complete')],
  ['Elicitation', elicitation],
  ['ElicitationResult', elicitationResult],
  ['ConfigChange', configChange],
  ['InstructionsLoaded', instructionsLoaded],
  ['FileChanged', fileChanged],
  [
    'CwdChanged',
    folder({ type: 'session', operation: 'change_directory', key: 'new_cwd', access: 'read' }),
  ],
  [
    'DirectoryAdded',
    folder({ type: 'admin', operation: 'add_directory', key: 'directory', access: 'read' }),
  ],
  [
    'WorktreeCreate',
    folder({ type: 'file_operation', operation: 'create', key: 'name', access: 'write' }),
  ],
  [
    'WorktreeRemove',
    folder({ type: 'file_operation', operation: 'remove', key: 'worktree_path', access: 'delete' }),
  ],
]);

/** The names that this adapter knows. */
export const HOOK_EVENTS: readonly string[] = [...HOOKS.keys()];

export const claudeCode: Adapter = { runtime: RUNTIME, adapt, gate: preToolUse };

function adapt(record: unknown, context: AdaptContext): Adapted {
  const hook = readHook(record, context);
  const drafts = (HOOKS.get(hook.name) ?? unknown)(hook);
  if (drafts.length > 0) return { drafts };
  return { skipped: 'every call of this batch was reported by a hook of its own' };
}

/** A hook of a later version: what it means is not known, that it fired is. */
function unknown(hook: Hook): Draft[] {
  const detail = sentence('A hook that this version of Claw does not know', hook.name);
  return [draftOf(hook, { type: 'session', detail, used: [] })];
}

function noted(what: string, field: string): (hook: Hook) => Draft[] {
  return sessionNote((hook) => sentence(what, textIn(hook.fields, field)));
}
