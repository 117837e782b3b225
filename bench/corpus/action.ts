/** What a coding agent asks leave for: commands, files and pages, each a little different. */

type Call = {
  readonly session_id: string;
  readonly tool: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly cwd: string;
  readonly agent: { readonly id: string; readonly runtime: string };
};

const CALLS: readonly ((n: number) => Pick<Call, 'tool' | 'arguments'>)[] = [
  (n) => ({ tool: 'Bash', arguments: { command: `npm test -- --grep "case ${n}"` } }),
  (n) => ({ tool: 'Read', arguments: { file_path: `/work/app/src/module-${n % 97}.ts` } }),
  (n) => ({ tool: 'Bash', arguments: { command: `git diff HEAD~${(n % 5) + 1} -- src | head -50` } }),
  (n) => ({
    tool: 'Edit',
    arguments: {
      file_path: `/work/app/src/module-${n % 97}.ts`,
      old_string: `const limit = ${n};`,
      new_string: `const limit = ${n + 1};`,
    },
  }),
  (n) => ({ tool: 'Grep', arguments: { pattern: `limit${n % 11}`, path: '/work/app/src' } }),
  (n) => ({
    tool: 'Write',
    arguments: { file_path: `/work/app/notes/${n % 31}.md`, content: `Note ${n}. `.repeat(40) },
  }),
  (n) => ({ tool: 'Bash', arguments: { command: `mkdir -p build && cp -r src build/${n % 7}` } }),
  (n) => ({ tool: 'WebFetch', arguments: { url: `https://developer.mozilla.org/page/${n % 53}` } }),
];

/** The nth call; the same for the same number. */
export function callOf(n: number): Call {
  const make = CALLS[n % CALLS.length] as (typeof CALLS)[number];
  const agent = { id: `agent-${n % 8}`, runtime: 'claude-code' };
  return { session_id: `bench-${n % 64}`, ...make(n), cwd: '/work/app', agent };
}
