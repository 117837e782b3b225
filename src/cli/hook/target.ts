/** Where a hook's records go, and as whom: its arguments, environment and private file say it. */
import { RUNTIME } from './spool.ts';
import { readTokenFile, tokenFor, tokenPath } from './token.ts';

export type Env = Readonly<Record<string, string | undefined>>;
export type Target = { readonly server: URL; readonly token: string; readonly runtime: string };

const DEFAULT_SERVER = 'http://127.0.0.1:4620';

/** Undefined for arguments that make no sense. */
export function targetOf(argv: readonly string[], env: Env): Target | undefined {
  const [runtime = '', ...options] = argv;
  const server = valueAfter(options, '--server') ?? env['CLAW_URL'] ?? DEFAULT_SERVER;
  if (!RUNTIME.test(runtime) || !URL.canParse(server)) return undefined;
  const url = new URL(server);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
  return { server: url, token: tokenOf(options, { server, runtime, env }), runtime };
}

export function valueAfter(options: readonly string[], name: string): string | undefined {
  const at = options.indexOf(name);
  return at < 0 ? undefined : options[at + 1];
}

type Asked = { readonly server: string; readonly runtime: string; readonly env: Env };

/**
 * The private file comes first: a runtime that another one has started inherits that one's
 * CLAW_TOKEN. Claude Code's own token stands in its settings, which set that variable.
 */
function tokenOf(options: readonly string[], { server, runtime, env }: Asked): string {
  const path = valueAfter(options, '--tokens') ?? tokenPath(env);
  const own =
    runtime === 'claude-code' ? undefined : tokenFor(readTokenFile(path), server, runtime);
  return own ?? env['CLAW_TOKEN'] ?? '';
}
