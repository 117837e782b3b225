/** One record of each of Claude Code 2.1.330's 33 hook events, after `sdk.d.ts` of its SDK. */
const base = {
  session_id: 's1',
  transcript_path: '/home/dev/.claude/projects/p/s1.jsonl',
  cwd: '/home/dev/p',
  prompt_id: 'p1',
  permission_mode: 'default',
};
const call = { tool_name: 'Bash', tool_input: { command: 'ls' }, tool_use_id: 'toolu_1' };
const model = {
  from_model: 'a',
  to_model: 'b',
  requested_model: null,
  source: 'command',
  context_tokens: 0,
};
const task = { task_id: 't1', task_subject: 'Do it', task_description: 'All of it' };

const FIELDS: Readonly<Record<string, object>> = {
  PreToolUse: call,
  PostToolUse: { ...call, tool_response: { stdout: 'a', interrupted: false }, duration_ms: 3 },
  PostToolUseFailure: { ...call, error: 'Exit code 2\nno', is_interrupt: false, duration_ms: 4 },
  PostToolBatch: { tool_calls: [{ ...call, tool_response: 'PreToolUse:Bash hook error: no' }] },
  PermissionRequest: {
    tool_name: 'Bash',
    tool_input: { command: 'ls' },
    permission_suggestions: [],
  },
  PermissionDenied: { ...call, reason: 'classifier' },
  UserPromptSubmit: { prompt: 'Hello', source: 'user' },
  UserPromptExpansion: {
    expansion_type: 'slash_command',
    command_name: 'fix',
    command_args: '',
    prompt: '/fix',
  },
  Stop: { stop_hook_active: false, last_assistant_message: 'Done.' },
  StopFailure: { error: 'rate_limit', error_details: '429', last_assistant_message: 'Half' },
  MessageDisplay: { turn_id: 't', message_id: 'm', index: 0, final: true, delta: 'line' },
  Notification: { message: 'Waiting', title: 'Claude', notification_type: 'idle_prompt' },
  SessionStart: { source: 'startup', model: 'claude-opus-5-5' },
  SessionEnd: { reason: 'logout' },
  SubagentStart: { agent_id: 'a1', agent_type: 'Explore' },
  SubagentStop: {
    agent_id: 'a1',
    agent_type: 'Explore',
    agent_transcript_path: '/x.jsonl',
    stop_hook_active: false,
    last_assistant_message: 'Found it.',
  },
  Setup: { trigger: 'init' },
  PreCompact: { trigger: 'auto', custom_instructions: null },
  PostCompact: { trigger: 'auto', compact_summary: 'We did things.' },
  PreModelSwitch: model,
  PostModelSwitch: model,
  TeammateIdle: { teammate_name: 'bob', team_name: 't' },
  TaskCreated: task,
  TaskCompleted: task,
  Elicitation: { mcp_server_name: 'srv', message: 'Which?', mode: 'form', elicitation_id: 'e1' },
  ElicitationResult: { mcp_server_name: 'srv', action: 'accept', content: { a: 1 } },
  ConfigChange: { source: 'user_settings', file_path: '/home/dev/.claude/settings.json' },
  InstructionsLoaded: {
    file_path: '/home/dev/p/CLAUDE.md',
    memory_type: 'Project',
    load_reason: 'session_start',
  },
  FileChanged: { file_path: '/home/dev/p/.envrc', event: 'unlink' },
  CwdChanged: { old_cwd: '/home/dev/p', new_cwd: '/home/dev/q' },
  DirectoryAdded: { directory: '/home/dev/r', source: 'slash_command' },
  WorktreeCreate: { name: 'w1' },
  WorktreeRemove: { worktree_path: '/home/dev/w1' },
};

export type HookRecord = typeof base & { readonly hook_event_name: string };

export const EVERY_HOOK: readonly HookRecord[] = Object.entries(FIELDS).map(([name, fields]) => ({
  ...base,
  hook_event_name: name,
  ...fields,
}));
