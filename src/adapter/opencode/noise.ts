/** What OpenCode says that adds nothing to the trail, and why: data. */

const BEGINS = 'tool.execute.before tells that the call begins, its last state how it ended';
const ABOUT = 'what the editor and its services do; no act of the agent';

const QUIET: ReadonlyMap<string, string> = new Map([
  ['init', 'the plugin was loaded'],
  ['chat.params', 'settings of a request to the model; message.updated tells what came of it'],
  ['chat.headers', 'headers of a request to the model'],
  ['text.complete', 'the completed text part tells it'],
  ['experimental.text.complete', 'the completed text part tells it'],
  ['permission.ask', 'the event permission.asked tells it'],
  ['shell.env', BEGINS],
  ['tool.definition', 'a definition of a tool; no act of the agent'],
  ['message.part.delta', 'a streamed piece of a part: its last state tells all of it'],
  [
    'session.updated',
    'title, counts and times of the session; what happened has events of its own',
  ],
  ['session.diff', 'what changed so far; each change is a call of a tool'],
  ['session.idle', 'the turn ended; its output tells it'],
  ['file.edited', 'the call of the tool that edited it tells it'],
  ['file.watcher.updated', 'a file changed on disk; the call of the tool tells what the agent did'],
  ['todo.updated', 'the call of the todo tool tells it'],
  ['command.executed', 'command.execute.before tells it'],
  ['question.asked', 'the call of the question tool tells question and answer'],
  ['question.replied', 'the call of the question tool tells question and answer'],
  ['question.rejected', 'the call of the question tool tells question and answer'],
]);

const QUIET_FAMILIES: readonly (readonly [string, string])[] = [
  ['session.next.', 'the same is told by the events that this adapter maps'],
  ...[
    'account',
    'catalog',
    'global',
    'ide',
    'installation',
    'integration',
    'lsp',
    'mcp',
    'plugin',
    'project',
    'pty',
    'reference',
    'server',
    'tui',
    'vcs',
    'workspace',
    'worktree',
  ].map((family) => [`${family}.`, ABOUT] as const),
];

/** Why a kind of record is left out; undefined where it is not. */
export function quietReason(kind: string): string | undefined {
  return QUIET.get(kind) ?? QUIET_FAMILIES.find(([family]) => kind.startsWith(family))?.[1];
}
