/** What a client of MCP is told in the place of an answer that no server gave. */
import { type Fields, fieldsIn, own } from '../adapter/mcp/message.ts';
import type { Refusal } from './gate.ts';

/** JSON-RPC leaves what is not below -32000 to applications. */
const REFUSED = 403;
const PARSE_ERROR = -32_700;

/**
 * A call of a tool gets a result that is an error: clients hand that to the model, which can do
 * something else, while an error of the protocol is an exception to many and may end the turn.
 * What has no such result (a task, a resource, a prompt) gets the protocol's error.
 */
export function refusalAnswer(request: Fields, { text, decision }: Refusal): Fields {
  const params = fieldsIn(request, 'params');
  const head = { jsonrpc: '2.0', id: own(request, 'id') };
  if (own(request, 'method') !== 'tools/call' || own(params, 'task') !== undefined) {
    const { outcome, policy_ids } = decision;
    return { ...head, error: { code: REFUSED, message: text, data: { outcome, policy_ids } } };
  }
  const result = { content: [{ type: 'text', text }], isError: true };
  return { ...head, result: isModern(params) ? { resultType: 'complete', ...result } : result };
}

/** Since 2026-07-28 every request names its version, and every result its kind. */
function isModern(params: Fields): boolean {
  const meta = fieldsIn(params, '_meta');
  return own(meta, 'io.modelcontextprotocol/protocolVersion') !== undefined;
}

/** A message that could be read in two ways, or not at all. */
export function unclearAnswer(why: string): Fields {
  const message = `Claw's MCP proxy enforces policy and did not pass a message on: ${why}.`;
  return { jsonrpc: '2.0', id: null, error: { code: PARSE_ERROR, message } };
}

/** `n` counts: each of a call's notifications is further than the last, and none near its end. */
export function progressNotice(progressToken: unknown, n: number, message: string): Fields {
  const params = { progressToken, progress: n / 1_000_000, message };
  return { jsonrpc: '2.0', method: 'notifications/progress', params };
}

/** A message as an event of a stream over HTTP. */
export function eventText(message: Fields): string {
  return `event: message\ndata: ${JSON.stringify(message)}\n\n`;
}
