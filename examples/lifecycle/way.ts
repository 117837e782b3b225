/** The lifecycle's calls, as three ways of making them have in common. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { type Approval, type AuditEntry, connect, type Decision, type Task } from 'claw';

export type Fields = Readonly<Record<string, unknown>>;

export type Way = {
  readonly declare_task: (request: Fields) => Promise<Task>;
  readonly validate_action: (request: Fields) => Promise<Decision>;
  readonly approve: (approval_id: string, vote: Fields) => Promise<Approval>;
  readonly close_task: (task_id: string, request: Fields) => Promise<Task>;
  readonly audit_log: (request: Fields) => Promise<readonly AuditEntry[]>;
  readonly close: () => Promise<void>;
};

/** Whose token makes a call: the agent asks and acts, a person approves and reads. */
export type Access = { readonly url: string; readonly agent: string; readonly person: string };

export function bySdk({ url, agent, person }: Access): Way {
  const acting = connect({ url, token: agent });
  const approving = connect({ url, token: person });
  return {
    declare_task: (request) => acting.declare_task(request as never),
    validate_action: (request) => acting.validate_action(request as never),
    approve: (approval_id, vote) => approving.approve(approval_id, vote as never),
    close_task: (task_id, request) => acting.close_task(task_id, request),
    audit_log: (request) => approving.audit_log(request),
    close: async () => {
      await acting.close();
      await approving.close();
    },
  };
}

export function byHttp({ url, agent, person }: Access): Way {
  const call = async <T>(token: string, path: string, body?: Fields): Promise<T> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const sent = body && { method: 'POST', body: JSON.stringify(body) };
    const answer = await fetch(`${url}${path}`, { headers, ...sent });
    const json = (await answer.json()) as T & { error?: { message: string } };
    if (!answer.ok) throw new Error(json.error?.message);
    return json;
  };
  return {
    declare_task: (request) => call(agent, '/v1/tasks', request),
    validate_action: (request) => call(agent, '/v1/actions/validate', request),
    approve: (id, vote) => call(person, `/v1/approvals/${id}/approve`, vote),
    close_task: (id, request) => call(agent, `/v1/tasks/${id}/close`, request),
    audit_log: async (request) => {
      const query = new URLSearchParams(request as Record<string, string>);
      const answer = await call<{ entries: AuditEntry[] }>(person, `/v1/audit_log?${query}`);
      return answer.entries;
    },
    close: async () => {},
  };
}

export async function byMcp({ url, agent, person }: Access): Promise<Way> {
  const acting = await openMcp(url, agent);
  const approving = await openMcp(url, person);
  const call = async <T>(client: Client, name: string, args: Fields): Promise<T> => {
    const result = await client.callTool({ name, arguments: args });
    if (result.isError) throw new Error(JSON.stringify(result.content));
    return result.structuredContent as T;
  };
  return {
    declare_task: (request) => call(acting, 'declare_task', request),
    validate_action: (request) => call(acting, 'validate_action', request),
    approve: (id, vote) => call(approving, 'approve', { approval_id: id, ...vote }),
    close_task: (id, request) => call(acting, 'close_task', { task_id: id, ...request }),
    audit_log: async (request) => {
      const { entries } = await call<{ entries: AuditEntry[] }>(approving, 'audit_log', request);
      return entries;
    },
    close: async () => {
      await acting.close();
      await approving.close();
    },
  };
}

async function openMcp(url: string, token: string): Promise<Client> {
  const client = new Client({ name: 'lifecycle-example', version: '1.0.0' });
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit }));
  return client;
}
