/** OpenClaw's own tools: data. */
import type { Access } from '../../event/event.ts';
import type { Naming, Tool, Tools } from './tool.ts';

const named = (argument: string, kind: string, access: Access): Naming => ({
  argument,
  kind,
  access,
});
const file = (access: Access): readonly Naming[] => [named('path', 'file', access)];
const shell: Tool = {
  action: 'execute',
  names: [
    { argument: 'command', kind: 'command', access: 'execute', holds: 'shell' },
    named('node', 'host', 'network'),
  ],
  cwd: 'workdir',
};
/** Paths on a paired device are not paths here. */
const onNode = (action: 'read' | 'write'): Tool => ({
  action,
  names: [named('path', 'other', action), named('node', 'host', 'network')],
});
const url: readonly Naming[] = [named('url', 'url', 'network')];

const PLAN: Tool = { action: 'plan' };
const QUERY: Tool = { action: 'query' };
const ADMIN: Tool = { action: 'admin' };
const NONE: Tool = { action: 'none' };
const WRITE: Tool = { action: 'write' };
const NETWORK: Tool = { action: 'network' };
const EXECUTE: Tool = { action: 'execute' };

/** OpenClaw 2026.9.6: captured catalogue of 58 tools, and `docs/gateway/config-tools`. */
export const OPENCLAW: Tools = {
  read: { action: 'read', names: file('read') },
  ls: {
    action: 'read',
    names: [{ ...named('path', 'directory', 'read'), otherwise: { cwd: true } }],
  },
  view_image: { action: 'read', names: [...file('read'), named('paths', 'file', 'read')] },
  pdf: { action: 'read', names: file('read') },
  memory_get: { action: 'read', names: file('read') },
  memory_search: QUERY,
  transcripts: { action: 'read' },
  write: { action: 'write', names: file('write') },
  edit: { action: 'write', names: file('write') },
  apply_patch: {
    action: 'write',
    names: [{ ...named('input', 'file', 'write'), holds: 'patch' }],
  },
  skill_workshop: WRITE,
  exec: shell,
  bash: shell,
  process: { action: 'execute', names: [named('sessionId', 'process', 'execute')] },
  terminal: { action: 'execute', names: [named('sessionId', 'process', 'execute')] },
  code_execution: EXECUTE,
  tool_search_code: EXECUTE,
  // the call inside is reported beside it, under its own name
  tool_call: { action: 'execute', names: [named('id', 'tool', 'execute')] },
  tool_search: QUERY,
  tool_describe: { action: 'query', names: [named('id', 'tool', 'read')] },
  wait: QUERY,
  mobile_ui: { action: 'execute', names: [named('node', 'host', 'network')] },
  computer: EXECUTE,
  nodes: {
    action: 'execute',
    names: [named('invokeCommand', 'command', 'execute'), named('node', 'host', 'network')],
  },
  node_inference: { action: 'network', names: [named('node', 'host', 'network')] },
  file_fetch: onNode('read'),
  dir_list: onNode('read'),
  dir_fetch: onNode('read'),
  file_write: onNode('write'),
  web_fetch: { action: 'network', names: url },
  web_search: NETWORK,
  x_search: NETWORK,
  browser: {
    action: 'network',
    names: [...url, named('targetUrl', 'url', 'network')],
  },
  canvas: { action: 'communicate', names: url },
  image_generate: NETWORK,
  music_generate: NETWORK,
  video_generate: NETWORK,
  portal: NETWORK,
  message: {
    action: 'communicate',
    names: [
      named('target', 'other', 'write'),
      named('targets', 'other', 'write'),
      named('media', 'file', 'read'),
    ],
  },
  conversations_send: {
    action: 'communicate',
    names: [named('conversationRef', 'other', 'write')],
  },
  conversations_turn: {
    action: 'communicate',
    names: [named('conversationRef', 'other', 'write')],
  },
  tts: { action: 'communicate' },
  talk_voice: { action: 'communicate' },
  heartbeat_respond: { action: 'communicate' },
  sessions_spawn: {
    action: 'delegate',
    names: [{ ...named('agentId', 'agent', 'execute'), otherwise: { id: 'subagent' } }],
  },
  sessions_send: {
    action: 'delegate',
    names: [named('sessionKey', 'session', 'write'), named('agentId', 'agent', 'execute')],
  },
  subagents: { action: 'delegate', names: [named('taskId', 'other', 'execute')] },
  openclaw: { action: 'delegate' },
  sessions: { action: 'admin', names: [named('sessionKey', 'session', 'write')] },
  sessions_list: QUERY,
  sessions_search: QUERY,
  sessions_history: { action: 'read', names: [named('sessionKey', 'session', 'read')] },
  session_status: { action: 'query', names: [named('sessionKey', 'session', 'read')] },
  conversations_list: QUERY,
  agents_list: QUERY,
  agents_wait: QUERY,
  gateway: ADMIN,
  plugins: {
    action: 'admin',
    names: [named('pluginId', 'other', 'write'), named('packageName', 'other', 'write')],
  },
  secrets: { action: 'admin', names: [named('name', 'other', 'read')] },
  sessions_yield: PLAN,
  ask_user: PLAN,
  automations: PLAN,
  cron: PLAN,
  intent: PLAN,
  create_goal: PLAN,
  get_goal: PLAN,
  update_goal: PLAN,
  progress_card: PLAN,
  suggest_task: PLAN,
  dashboard: WRITE,
  screen: NONE,
  theme: WRITE,
  show_widget: NONE,
};
