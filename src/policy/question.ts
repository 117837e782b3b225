/** The Cedar requests that one action makes: one for the call, one for each resource. */
import type { StatefulAuthorizationCall } from '@cedar-policy/cedar-wasm/nodejs';
import type { Resource } from '../event/event.ts';
import type { PolicyRequest } from './policy.ts';

export type Question = {
  readonly call: Omit<StatefulAuthorizationCall, 'preparsedPolicySetId'>;
  /** What it is about, for messages. */
  readonly about: string;
};

const TYPES: ReadonlyMap<string, string> = new Map([
  ['file', 'File'],
  ['directory', 'Directory'],
  ['url', 'Url'],
  ['host', 'Host'],
  ['command', 'Command'],
  ['process', 'Process'],
  ['tool', 'Tool'],
  ['agent', 'AgentResource'],
  ['mcp_server', 'McpServer'],
]);

export function questionsOf(request: PolicyRequest): Question[] {
  const tool = { kind: 'tool', id: request.tool } as const;
  return [
    question(request, tool, request.action),
    ...request.resources.map((resource) => question(request, resource, resource.access)),
  ];
}

function question(
  request: PolicyRequest,
  { kind, id }: Pick<Resource, 'kind' | 'id'>,
  action: string,
): Question {
  const { principal, context, tool } = request;
  const agent = { type: 'Agent', id: principal.agent_id ?? 'unknown' };
  const resource = { type: TYPES.get(kind) ?? 'Other', id };
  const at = new Date(context.at);
  const { at: _, ...rest } = context;
  return {
    about: `${action} ${kind} ${id}`.slice(0, 200),
    call: {
      principal: agent,
      action: { type: 'Action', id: action },
      resource,
      context: { ...rest, tool, hour: at.getUTCHours(), weekday: at.getUTCDay() },
      entities: [
        { uid: agent, attrs: { ...principal }, parents: [] },
        { uid: resource, attrs: { kind, id }, parents: [] },
      ],
    },
  };
}
