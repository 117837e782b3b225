/** An MCP client, of either line (1.x, 2.x), that records what it asks of its server. */
import type { Call, Session } from '../sdk.ts';
import {
  at,
  followed,
  given,
  guarded,
  type Host,
  type IntegrationOptions,
  listAt,
  marks,
  nameOf,
  witnessed,
} from './witness.ts';

export type McpOptions = IntegrationOptions & {
  /** The server's name, as in `mcp__NAME__TOOL`; else what the server calls itself. */
  readonly server?: string;
};

type Method = (this: unknown, ...args: unknown[]) => unknown;

const RUNTIME = 'mcp';
/** Methods that touch something, and what they are called in the trail. */
const METHODS: ReadonlyMap<string, string | undefined> = new Map([
  ['callTool', undefined],
  ['readResource', 'resources/read'],
  ['getPrompt', 'prompts/get'],
]);

/**
 * The same client: `callTool`, `readResource` and `getPrompt` are recorded, all else passes.
 * Results and errors are what they were.
 */
export function wrapMcpClient<C extends object>(
  client: C,
  host: Host,
  options: McpOptions = {},
): C {
  const session = sessionOf(host, options);
  const hook = guarded(host, RUNTIME);
  const observe = (method: string, [params]: readonly unknown[], work: () => unknown) => {
    let call: Call | undefined;
    hook(method, () => {
      call = begin({ session: session(), client, options }, method, params);
    })();
    const settled = hook(method, (result: unknown) => settle(call, result));
    const failed = hook(method, (error: unknown) => void call?.error(error));
    return watched(work, settled, failed);
  };
  const wrapped = new WeakMap<object, Method>();
  return new Proxy(client, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key, target);
      const name = METHODS.has(String(key)) ? String(key) : undefined;
      // What was set from outside (`onclose`, `onerror`) is given back as it was set.
      if (typeof value !== 'function' || (name === undefined && Object.hasOwn(target, key))) {
        return value;
      }
      const known = wrapped.get(value);
      if (known) return known;
      const method: Method = (...args) => {
        const work = () => Reflect.apply(value, target, args);
        return name === undefined ? work() : observe(name, args, work);
      };
      wrapped.set(value, method);
      return method;
    },
    set: (target, key, value) => Reflect.set(target, key, value, target),
  });
}

/** Found once: a client has one session however many calls it makes. */
function sessionOf(host: Host, { session }: IntegrationOptions): () => Session {
  const marked = marks(RUNTIME);
  let own: Session | undefined;
  return () => {
    const given = typeof session === 'function' ? session() : session;
    if (typeof given === 'object') return witnessed(given, marked);
    if (given !== undefined) return witnessed(host.session({ session_id: given }), marked);
    own ??= witnessed(host.session(), marked);
    return own;
  };
}

type Asking = { readonly session: Session; readonly client: object; readonly options: McpOptions };

function begin({ session, client, options }: Asking, method: string, params: unknown): Call {
  const server = nameOf(options.server) ?? ownName(client) ?? 'server';
  const tool = nameOf(at(params, 'name')) ?? 'unknown';
  const meta = at(params, '_meta');
  const call_id = nameOf(at(meta, 'claudecode/toolUseId') ?? at(meta, 'callId'));
  const kind = METHODS.get(method);
  const fields = { ...given('call_id', call_id), attributes: { mcp_server: server } };
  if (kind === undefined) {
    const name = `mcp__${server}__${tool}`.slice(0, 512);
    return session.start(name, at(params, 'arguments'), fields);
  }
  const uri = nameOf(at(params, 'uri'));
  const touched = { kind: 'mcp_server', id: server, access: 'read' } as const;
  const resource = uri === undefined ? [] : [{ kind: 'other', id: uri, access: 'read' } as const];
  const { _meta, ...asked } = { ...(params as object) } as Readonly<Record<string, unknown>>;
  return session.start(kind, asked, {
    ...fields,
    action: 'read',
    resources: [touched, ...resource],
  });
}

function ownName(client: object): string | undefined {
  const version = (client as { readonly getServerVersion?: () => unknown }).getServerVersion;
  if (typeof version !== 'function') return undefined;
  return nameOf(at(Reflect.apply(version, client, []), 'name'));
}

function settle(call: Call | undefined, result: unknown): void {
  if (at(result, 'isError') !== true) {
    call?.success(result);
    return;
  }
  const text = listAt(result, 'content')
    .map((part) => at(part, 'text'))
    .filter((each) => typeof each === 'string')
    .join('\n');
  call?.error(text, { result: undefined });
}

/** Runs `work` and hears of its outcome; what it gives or throws is the caller's, untouched. */
function watched(
  work: () => unknown,
  settled: (result: unknown) => void,
  failed: (error: unknown) => void,
): unknown {
  let result: unknown;
  try {
    result = work();
  } catch (error) {
    failed(error);
    throw error;
  }
  if (result instanceof Promise) return followed(result, settled, failed);
  settled(result);
  return result;
}
