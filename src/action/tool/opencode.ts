/** OpenCode's own tools: data. */
import type { Access } from '../../event/event.ts';
import type { Naming, Tool, Tools } from './tool.ts';

const file = (access: Access): readonly Naming[] => [
  { argument: 'filePath', kind: 'file', access },
];
const folder: readonly Naming[] = [
  { argument: 'path', kind: 'directory', access: 'read', otherwise: { cwd: true } },
];
const server: readonly Naming[] = [{ argument: 'server', kind: 'mcp_server', access: 'read' }];

const PLAN: Tool = { action: 'plan' };

/** OpenCode 1.18.33: captured requests, and the tools defined in its binary. */
export const OPENCODE: Tools = {
  read: { action: 'read', names: file('read') },
  glob: { action: 'read', names: folder },
  grep: { action: 'read', names: folder },
  list: { action: 'read', names: folder },
  lsp: { action: 'read', names: file('read') },
  write: { action: 'write', names: file('write') },
  edit: { action: 'write', names: file('write') },
  multiedit: { action: 'write', names: file('write') },
  apply_patch: {
    action: 'write',
    names: [{ argument: 'patchText', kind: 'file', access: 'write', holds: 'patch' }],
  },
  patch: {
    action: 'write',
    names: [{ argument: 'patchText', kind: 'file', access: 'write', holds: 'patch' }],
  },
  bash: {
    action: 'execute',
    names: [{ argument: 'command', kind: 'command', access: 'execute', holds: 'shell' }],
    cwd: 'workdir',
  },
  webfetch: {
    action: 'network',
    names: [{ argument: 'url', kind: 'url', access: 'network' }],
  },
  websearch: { action: 'network' },
  codesearch: { action: 'network' },
  task: {
    action: 'delegate',
    names: [{ argument: 'subagent_type', kind: 'agent', access: 'execute' }],
  },
  skill: { action: 'read', names: [{ argument: 'name', kind: 'tool', access: 'read' }] },
  todowrite: PLAN,
  todoread: PLAN,
  question: PLAN,
  plan_enter: PLAN,
  plan_exit: PLAN,
  // a call that could not be read: it does nothing
  invalid: { action: 'none' },
  list_mcp_resources: { action: 'query', names: server },
  list_mcp_resource_templates: { action: 'query', names: server },
  read_mcp_resource: {
    action: 'read',
    names: [...server, { argument: 'uri', kind: 'url', access: 'read' }],
  },
};
