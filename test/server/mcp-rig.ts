/** Official MCP clients of both eras in front of a Claw server, and policies that they meet. */
import {
  Client as ModernClient,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

export const POLICIES = [
  {
    name: 'test.cedar',
    text: `
@id("baseline") permit (principal, action, resource);
@id("restrict-prod-edits") @reason("Production is not edited.")
forbid (principal, action == Action::"write", resource is File)
when { resource.id like "/prod/*" };
@id("ask") @escalate("Deleting needs approval.")
forbid (principal, action == Action::"delete", resource);
`,
  },
];

export type Result = {
  readonly content: readonly { readonly type: string; readonly text: string }[];
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  readonly structuredContent?: any;
  readonly isError?: boolean;
};

export type Listed = {
  readonly name: string;
  readonly description?: string | undefined;
  readonly inputSchema: Readonly<Record<string, unknown>>;
  readonly outputSchema?: Readonly<Record<string, unknown>> | undefined;
  readonly annotations?: { readonly readOnlyHint?: boolean | undefined } | undefined;
};

export type CallOptions = {
  readonly signal?: AbortSignal;
  readonly onprogress?: (progress: { readonly progress: number }) => void;
};

/** What both SDKs' clients do, in one form. Calls check results against the tools' own schemas. */
export type McpClient = {
  readonly tools: () => Promise<readonly Listed[]>;
  readonly call: (name: string, args?: object, options?: CallOptions) => Promise<Result>;
  readonly session: () => string | undefined;
  readonly close: () => Promise<void>;
};

export const ERAS = ['2025-11-25', '2026-07-28'] as const;
export type Era = (typeof ERAS)[number];

export async function openClient(era: Era, base: string, token: string): Promise<McpClient> {
  const url = new URL(`${base}/mcp`);
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  if (era === '2025-11-25') {
    const transport = new LegacyTransport(url, { requestInit });
    return legacyClient(transport, () => transport.sessionId);
  }
  return modernClient(new StreamableHTTPClientTransport(url, { requestInit }));
}

export async function legacyClient(
  transport: unknown,
  session: () => string | undefined = () => undefined,
): Promise<McpClient> {
  const client = new Client({ name: 'legacy-client', version: '1' });
  await client.connect(transport as Parameters<typeof client.connect>[0]);
  return {
    tools: async () => (await client.listTools()).tools,
    call: async (name, args = {}, options = {}) => {
      const params = { name, arguments: { ...args } };
      return (await client.callTool(params, undefined, options)) as Result;
    },
    session,
    close: () => client.close(),
  };
}

export async function modernClient(
  transport: Parameters<ModernClient['connect']>[0],
): Promise<McpClient> {
  const versionNegotiation = { mode: { pin: '2026-07-28' } };
  const client = new ModernClient({ name: 'modern-client', version: '2' }, { versionNegotiation });
  await client.connect(transport);
  return {
    tools: async () => (await client.listTools()).tools,
    call: async (name, args = {}, options = {}) =>
      (await client.callTool({ name, arguments: { ...args } }, options)) as Result,
    session: () => undefined,
    close: () => client.close(),
  };
}
