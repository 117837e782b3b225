/** Which of Claude Code's hook events are recorded, and by which kind of hook. */

/** HTTP hooks never fire for these; Claude Code's own log says "not supported". */
export const COMMAND_EVENTS: readonly string[] = ['SessionStart', 'Setup'];

export const HTTP_EVENTS: readonly string[] = [
  'UserPromptSubmit',
  'UserPromptExpansion',
  'PreToolUse',
  'PermissionRequest',
  'PermissionDenied',
  'PostToolUse',
  'PostToolUseFailure',
  'PostToolBatch',
  'SubagentStart',
  'SubagentStop',
  'Stop',
  'StopFailure',
  'Notification',
  'PreCompact',
  'PostCompact',
  'PreModelSwitch',
  'PostModelSwitch',
  'TeammateIdle',
  'TaskCreated',
  'TaskCompleted',
  'Elicitation',
  'ElicitationResult',
  'ConfigChange',
  'InstructionsLoaded',
  'CwdChanged',
  'DirectoryAdded',
  'FileChanged',
  'SessionEnd',
];

/** Events that are left alone, and why. Where they are hooked by hand, the adapter takes them. */
export const LEFT_ALONE: ReadonlyMap<string, string> = new Map([
  ['WorktreeCreate', 'a hook on it replaces the way Claude Code makes worktrees'],
  ['WorktreeRemove', 'it belongs to WorktreeCreate'],
  ['MessageDisplay', 'it fires for every line shown and would hold up the display'],
]);
