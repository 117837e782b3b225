/** What `clawctl mcp-proxy` records with: the way to the server, the watchers, and known tools. */
import { randomBytes } from 'node:crypto';
import { openWatch } from '../adapter/mcp/watch.ts';
import type { Gate } from '../proxy/gate.ts';
import { openToolStore, type ToolStore } from '../proxy/mcp-state.ts';
import { openWatching, type Watching } from '../proxy/mcp-watching.ts';
import { type Context, type Input, option } from './command/command.ts';
import { openDeciding } from './reach/gate.ts';
import { openRecorder } from './reach/recorder.ts';

export type Recording = {
  /** A connection of its own; `session` is what the server calls it, hashed. */
  readonly open: (session?: string) => Watching;
  /** Decides what is held; undefined where all is only recorded. */
  readonly gate: Gate | undefined;
  /** Sends what is left, or spools it. */
  readonly close: () => Promise<void>;
};

export type Watched = {
  /** What the server is called until it says so itself. */
  readonly place: string;
  readonly transport: 'stdio' | 'http';
  /** What makes it this server: its command line or address; only hashed. */
  readonly identity: readonly string[];
};

/** What the end of the proxy waits for the server of Claw, in milliseconds; then it spools. */
const FLUSH_MS = 1000;
/** A runtime that says whose session it is in the environment of the servers that it starts. */
const SESSION_VARIABLES: ReadonlyMap<string, string> = new Map([
  ['claude-code', 'CLAUDE_CODE_SESSION_ID'],
]);

export async function openRecording(
  context: Context,
  input: Input,
  watched: Watched,
): Promise<Recording> {
  const { gate, close } = await openDeciding(context, input);
  const claw = await openRecorder(context, input, 'spool');
  const tools = toolStore(context, [option(input, 'name') ?? '', ...watched.identity]);
  return {
    open: (session) => {
      const options = watchOptions(context, input, { ...watched, session });
      const watch = openWatch({ ...options, known: tools.known });
      return openWatching({ watch, record: claw.record, now: Date.now, listed: tools.save });
    },
    gate,
    close: () => {
      close();
      return claw.close({ timeout_ms: FLUSH_MS });
    },
  };
}

function toolStore({ env, t, terminal }: Context, identity: readonly string[]): ToolStore {
  const onError = (reason: string) =>
    terminal.note({ text: t('mcp.noState', { reason }), style: 'warn' });
  return openToolStore({ env, identity, onError });
}

type Opened = Watched & { readonly session: string | undefined };

function watchOptions({ env }: Context, input: Input, { place, transport, session }: Opened) {
  const nonce = randomBytes(8).toString('hex');
  const given = option(input, 'session');
  return {
    server: option(input, 'name'),
    place,
    transport,
    nonce,
    scoped: transport === 'http' && session === undefined,
    cwd: transport === 'stdio' ? process.cwd() : undefined,
    sessionOf: (runtime: string) => {
      const variable = transport === 'stdio' ? SESSION_VARIABLES.get(runtime) : undefined;
      const named = variable === undefined ? undefined : env[variable];
      return given ?? (named || `mcp-${session ?? nonce}`);
    },
  };
}
