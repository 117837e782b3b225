/** What an MCP server is called until it says so itself: from its command line or its address. */
import { basename, dirname } from 'node:path';

/** Programs that run others. */
const LAUNCHERS = new Set(
  'node npx npm pnpm yarn bun bunx deno python python3 uv uvx pipx docker podman env sh bash'.split(
    ' ',
  ),
);
const SUBCOMMANDS = new Set(['exec', 'dlx', 'run', 'x', 'tool', '-m']);
/** Files that bear no name of their own. */
const FACELESS = new Set(['index', 'main', 'cli', 'server', 'dist', 'build', 'src', 'bin', 'lib']);

/**
 * The name of the package or file that a command line runs: `npx -y @scope/server-files@1 /tmp`
 * is `server-files`, `node /opt/weather/dist/index.js` is `weather`.
 */
export function nameOfCommand(words: readonly string[]): string {
  const named = words.find(
    (word) => !word.startsWith('-') && !/^\w+=/.test(word) && !isLauncher(word),
  );
  const name = named === undefined ? '' : nameOfWord(named);
  return name || nameOfWord(words[0] ?? '') || 'server';
}

function isLauncher(word: string): boolean {
  return LAUNCHERS.has(basename(word).replace(/\.(exe|cmd)$/, '')) || SUBCOMMANDS.has(word);
}

function nameOfWord(word: string): string {
  const path = word.replace(/(?<=.)@[^/@]*$/, '');
  let name = plain(path);
  for (let at = dirname(path); FACELESS.has(name) && at !== dirname(at); at = dirname(at)) {
    name = plain(at);
  }
  return name;
}

function plain(path: string): string {
  return basename(path).replace(/\.(exe|cmd|[cm]?[jt]s|py|sh)$/, '');
}
