/** Every command of clawctl: a new one is a file in `command/`, a line here, and its words. */
import type { Command } from './command/command.ts';

/** Loads a command's file only when it is called, or completed. */
export type MenuEntry = { readonly path: string; readonly load: () => Promise<Command> };

export const MENU = [
  { path: 'serve', load: async () => (await import('./command/serve.ts')).serve },
  { path: 'status', load: async () => (await import('./command/status.ts')).status },
  { path: 'logs search', load: async () => (await import('./command/logs-search.ts')).logsSearch },
  { path: 'logs tail', load: async () => (await import('./command/logs-tail.ts')).logsTail },
  { path: 'logs export', load: async () => (await import('./command/logs-export.ts')).logsExport },
  { path: 'logs show', load: async () => (await import('./command/logs-show.ts')).logsShow },
  {
    path: 'sessions list',
    load: async () => (await import('./command/sessions-list.ts')).sessionsList,
  },
  {
    path: 'sessions show',
    load: async () => (await import('./command/sessions-show.ts')).sessionsShow,
  },
  { path: 'timeline', load: async () => (await import('./command/timeline.ts')).timeline },
  { path: 'coverage', load: async () => (await import('./command/coverage.ts')).coverage },
  { path: 'why', load: async () => (await import('./command/why.ts')).why },
  { path: 'verify', load: async () => (await import('./command/verify.ts')).verify },
  { path: 'proof', load: async () => (await import('./command/proof.ts')).proof },
  {
    path: 'verify-proof',
    load: async () => (await import('./command/verify-proof.ts')).verifyProof,
  },
  { path: 'reindex', load: async () => (await import('./command/reindex.ts')).reindex },
  {
    path: 'token create',
    load: async () => (await import('./command/token-create.ts')).tokenCreate,
  },
  { path: 'token list', load: async () => (await import('./command/token-list.ts')).tokenList },
  {
    path: 'token revoke',
    load: async () => (await import('./command/token-revoke.ts')).tokenRevoke,
  },
  {
    path: 'policy check',
    load: async () => (await import('./command/policy-check.ts')).policyCheck,
  },
  {
    path: 'policy test',
    load: async () => (await import('./command/policy-test.ts')).policyTest,
  },
  {
    path: 'policy diff',
    load: async () => (await import('./command/policy-diff.ts')).policyDiff,
  },
  {
    path: 'policy apply',
    load: async () => (await import('./command/policy-apply.ts')).policyApply,
  },
  {
    path: 'policy list',
    load: async () => (await import('./command/policy-list.ts')).policyList,
  },
  {
    path: 'policy show',
    load: async () => (await import('./command/policy-show.ts')).policyShow,
  },
  {
    path: 'policy versions',
    load: async () => (await import('./command/policy-versions.ts')).policyVersions,
  },
  {
    path: 'policy replay',
    load: async () => (await import('./command/policy-replay.ts')).policyReplay,
  },
  {
    path: 'import',
    load: async () => (await import('./command/import.ts')).importTranscripts,
  },
  {
    path: 'model-proxy',
    load: async () => (await import('./command/model-proxy.ts')).modelProxy,
  },
  {
    path: 'egress-proxy',
    load: async () => (await import('./command/egress-proxy.ts')).egressProxy,
  },
  { path: 'install', load: async () => (await import('./command/install.ts')).install },
  { path: 'doctor', load: async () => (await import('./command/doctor.ts')).doctor },
  { path: 'uninstall', load: async () => (await import('./command/uninstall.ts')).uninstall },
  { path: 'mcp-proxy', load: async () => (await import('./command/mcp-proxy.ts')).mcpProxy },
  { path: 'tasks list', load: async () => (await import('./command/tasks-list.ts')).tasksList },
  { path: 'tasks show', load: async () => (await import('./command/tasks-show.ts')).tasksShow },
  { path: 'tasks close', load: async () => (await import('./command/tasks-close.ts')).tasksClose },
  {
    path: 'approvals list',
    load: async () => (await import('./command/approvals-list.ts')).approvalsList,
  },
  {
    path: 'approvals show',
    load: async () => (await import('./command/approvals-show.ts')).approvalsShow,
  },
  {
    path: 'approvals approve',
    load: async () => (await import('./command/approvals-approve.ts')).approvalsApprove,
  },
  {
    path: 'approvals deny',
    load: async () => (await import('./command/approvals-deny.ts')).approvalsDeny,
  },
  {
    path: 'approvals link',
    load: async () => (await import('./command/approvals-link.ts')).approvalsLink,
  },
  {
    path: 'approvals watch',
    load: async () => (await import('./command/approvals-watch.ts')).approvalsWatch,
  },
  { path: 'validate', load: async () => (await import('./command/validate.ts')).validate },
  {
    path: 'enforcement show',
    load: async () => (await import('./command/enforcement-show.ts')).enforcementShow,
  },
  {
    path: 'enforcement set',
    load: async () => (await import('./command/enforcement-set.ts')).enforcementSet,
  },
  { path: 'mcp', load: async () => (await import('./command/mcp.ts')).mcp },
  { path: 'rollback', load: async () => (await import('./command/rollback.ts')).rollback },
  { path: 'completion', load: async () => (await import('./command/completion.ts')).completion },
] as const satisfies readonly MenuEntry[];

export type CommandPath = (typeof MENU)[number]['path'];
