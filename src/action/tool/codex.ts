/** Codex's own tools: data. Hooks call every shell `Bash`; the model knows it by other names. */
import type { Access } from '../../event/event.ts';
import type { Naming, Tool, Tools } from './tool.ts';

const file = (access: Access, argument: string): readonly Naming[] => [
  { argument, kind: 'file', access },
];
const folder = (argument: string): readonly Naming[] => [
  { argument, kind: 'directory', access: 'read', otherwise: { cwd: true } },
];
const shell = (argument: string): Tool => ({
  action: 'execute',
  names: [{ argument, kind: 'command', access: 'execute', holds: 'shell' }],
  cwd: 'workdir',
});
const agent = (argument: string): Tool => ({
  action: 'delegate',
  names: [{ argument, kind: 'agent', access: 'execute' }],
});
/** The hook says `command`, the model a bare text or `input`. */
const patch: readonly Naming[] = ['command', 'input', 'patch', ''].map((argument) => ({
  argument,
  kind: 'file',
  access: 'write',
  holds: 'patch',
}));
const server: readonly Naming[] = [{ argument: 'server', kind: 'mcp_server', access: 'read' }];

const PLAN: Tool = { action: 'plan' };
const QUERY: Tool = { action: 'query' };
const ADMIN: Tool = { action: 'admin' };
const NONE: Tool = { action: 'none' };

/** Codex 0.169.0: captured requests, and the names and descriptions in its binary. */
export const CODEX: Tools = {
  Bash: shell('command'),
  shell: shell('command'),
  shell_command: shell('command'),
  exec_command: shell('cmd'),
  unified_exec: shell('cmd'),
  'container.exec': shell('cmd'),
  local_shell: { ...shell('command'), cwd: 'working_directory' },
  local_shell_call: { ...shell('action.command'), cwd: 'action.working_directory' },
  // what is typed into a program that runs already, whichever that is
  write_stdin: {
    action: 'execute',
    names: [{ argument: 'chars', kind: 'command', access: 'execute' }],
  },
  js_repl: { action: 'execute' },
  exec: { action: 'execute' },
  wait: QUERY,
  apply_patch: { action: 'write', names: patch },
  view_image: { action: 'read', names: file('read', 'path') },
  read_file: { action: 'read', names: file('read', 'file_path') },
  list_dir: { action: 'read', names: folder('dir_path') },
  grep_files: { action: 'read', names: folder('path') },
  web_search: { action: 'network' },
  web_search_call: { action: 'network' },
  image_gen: { action: 'network' },
  spawn_agent: {
    action: 'delegate',
    names: [
      { argument: 'agent_type', kind: 'agent', access: 'execute', otherwise: { id: 'default' } },
    ],
  },
  send_input: agent('target'),
  send_message: agent('target'),
  followup_task: agent('target'),
  interrupt_agent: agent('target'),
  close_agent: agent('target'),
  resume_agent: agent('id'),
  wait_agent: QUERY,
  list_agents: QUERY,
  update_plan: PLAN,
  request_user_input: PLAN,
  request_user_input_async: PLAN,
  create_goal: PLAN,
  get_goal: PLAN,
  update_goal: PLAN,
  send_user_message_async: { action: 'communicate' },
  send_message_to_user_async: { action: 'communicate' },
  request_permissions: ADMIN,
  request_plugin_install: ADMIN,
  list_available_plugins_to_install: QUERY,
  tool_search: QUERY,
  tool_suggest: QUERY,
  current_time: QUERY,
  get_context_remaining: QUERY,
  new_context: NONE,
  sleep: NONE,
  wait_for_environment: NONE,
  list_mcp_resources: { action: 'query', names: server },
  list_mcp_resource_templates: { action: 'query', names: server },
  read_mcp_resource: {
    action: 'read',
    names: [...server, { argument: 'uri', kind: 'url', access: 'read' }],
  },
};
