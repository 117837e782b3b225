/** Gemini CLI's own tools: data. */
import type { Access } from '../../event/event.ts';
import type { Naming, Tool, Tools } from './tool.ts';

const file = (access: Access): readonly Naming[] => [
  { argument: 'file_path', kind: 'file', access },
];
const folder: readonly Naming[] = [
  { argument: 'dir_path', kind: 'directory', access: 'read', otherwise: { cwd: true } },
];
const server: readonly Naming[] = [{ argument: 'serverName', kind: 'mcp_server', access: 'read' }];

const PLAN: Tool = { action: 'plan' };
const QUERY: Tool = { action: 'query' };

/** Gemini CLI 0.61.0: captured requests, and `*_TOOL_NAME` and `*PARAM_*` in its bundle. */
export const GEMINI: Tools = {
  read_file: { action: 'read', names: file('read') },
  read_many_files: {
    action: 'read',
    names: [{ argument: 'include', kind: 'file', access: 'read' }],
  },
  glob: { action: 'read', names: folder },
  grep_search: { action: 'read', names: folder },
  search_file_content: { action: 'read', names: folder },
  list_directory: { action: 'read', names: folder },
  get_internal_docs: { action: 'read' },
  write_file: { action: 'write', names: file('write') },
  replace: { action: 'write', names: file('write') },
  save_memory: { action: 'write' },
  run_shell_command: {
    action: 'execute',
    names: [{ argument: 'command', kind: 'command', access: 'execute', holds: 'shell' }],
    cwd: 'dir_path',
  },
  list_background_processes: QUERY,
  read_background_output: {
    action: 'read',
    names: [{ argument: 'pid', kind: 'process', access: 'read' }],
  },
  web_fetch: {
    action: 'network',
    names: [{ argument: 'prompt', kind: 'url', access: 'network', holds: 'urls' }],
  },
  google_web_search: { action: 'network' },
  take_snapshot: { action: 'network' },
  invoke_agent: {
    action: 'delegate',
    names: [{ argument: 'agent_name', kind: 'agent', access: 'execute' }],
  },
  activate_skill: {
    action: 'read',
    names: [{ argument: 'name', kind: 'tool', access: 'read' }],
  },
  write_todos: PLAN,
  update_topic: PLAN,
  enter_plan_mode: PLAN,
  exit_plan_mode: PLAN,
  ask_user: PLAN,
  complete_task: PLAN,
  tracker_create_task: PLAN,
  tracker_update_task: PLAN,
  tracker_get_task: PLAN,
  tracker_list_tasks: PLAN,
  tracker_add_dependency: PLAN,
  tracker_visualize: PLAN,
  list_mcp_resources: { action: 'query', names: server },
  read_mcp_resource: {
    action: 'read',
    names: [{ argument: 'uri', kind: 'url', access: 'read' }],
  },
};
