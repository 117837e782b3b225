/** Claude Code's own tools: data. */
import type { Access } from '../../event/event.ts';
import type { Naming, Tool, Tools } from './tool.ts';

const file = (access: Access, argument = 'file_path'): readonly Naming[] => [
  { argument, kind: 'file', access },
];
const folder = (access: Access): readonly Naming[] => [
  { argument: 'path', kind: 'directory', access, otherwise: { cwd: true } },
];
const command: readonly Naming[] = [{ argument: 'command', kind: 'command', access: 'execute' }];
const shell: readonly Naming[] = command.map((naming) => ({ ...naming, holds: 'shell' }));
const url: readonly Naming[] = [{ argument: 'url', kind: 'url', access: 'network' }];
const server: readonly Naming[] = [{ argument: 'server', kind: 'mcp_server', access: 'read' }];

const PLAN: Tool = { action: 'plan' };
const QUERY: Tool = { action: 'query' };
const COMMUNICATE: Tool = { action: 'communicate' };

/** Claude Code 2.1.330: `BUILTIN_TOOL_NAMES` and the inputs in `sdk-tools.d.ts` of its SDK. */
export const CLAUDE_CODE: Tools = {
  Read: { action: 'read', names: file('read') },
  Grep: { action: 'read', names: folder('read') },
  Glob: { action: 'read', names: folder('read') },
  LSP: { action: 'read', names: file('read', 'filePath') },
  Write: { action: 'write', names: file('write') },
  Edit: { action: 'write', names: file('write') },
  MultiEdit: { action: 'write', names: file('write') },
  NotebookEdit: { action: 'write', names: file('write', 'notebook_path') },
  Bash: { action: 'execute', names: shell },
  PowerShell: { action: 'execute', names: command },
  Monitor: {
    action: 'execute',
    names: [...shell, { argument: 'ws.url', kind: 'url', access: 'network' }],
  },
  WebFetch: { action: 'network', names: url },
  WebSearch: { action: 'network' },
  SendMessage: {
    action: 'communicate',
    names: [{ argument: 'to', kind: 'agent', access: 'write' }],
  },
  PushNotification: COMMUNICATE,
  SendUserFile: { action: 'communicate', names: file('read') },
  SendUserMessage: COMMUNICATE,
  SendFeedback: COMMUNICATE,
  Artifact: { action: 'communicate', names: file('read') },
  Agent: {
    action: 'delegate',
    names: [
      {
        argument: 'subagent_type',
        kind: 'agent',
        access: 'execute',
        otherwise: { id: 'general-purpose' },
      },
    ],
  },
  Workflow: { action: 'delegate' },
  RemoteTrigger: { action: 'delegate' },
  SubagentHandback: { action: 'delegate' },
  Skill: { action: 'read', names: [{ argument: 'skill', kind: 'tool', access: 'read' }] },
  AskUserQuestion: PLAN,
  TodoWrite: PLAN,
  TaskCreate: PLAN,
  TaskUpdate: PLAN,
  TaskStop: PLAN,
  TaskGet: PLAN,
  TaskList: PLAN,
  EnterPlanMode: PLAN,
  ExitPlanMode: PLAN,
  CronCreate: PLAN,
  CronDelete: PLAN,
  CronList: PLAN,
  ScheduleWakeup: PLAN,
  SetGoal: PLAN,
  ReportFindings: PLAN,
  EndConversation: PLAN,
  EnterWorktree: {
    action: 'write',
    names: [{ argument: 'path', kind: 'directory', access: 'write' }],
  },
  ExitWorktree: { action: 'write' },
  ToolSearch: QUERY,
  ListAgents: QUERY,
  ReadNotifications: QUERY,
  WaitForMcpServers: QUERY,
  RefreshMcpTools: QUERY,
  TaskOutput: QUERY,
  BashOutput: QUERY,
  KillShell: { action: 'execute' },
  ListMcpResourcesTool: { action: 'query', names: server },
  ReadMcpResourceTool: {
    action: 'read',
    names: [...server, { argument: 'uri', kind: 'url', access: 'read' }],
  },
  ReadMcpResourceDirTool: {
    action: 'query',
    names: [...server, { argument: 'uri', kind: 'url', access: 'read' }],
  },
};
