/** Runs a tool with the rights of whoever calls: what its route does, its records among it. */
import type { CallToolResult } from '@modelcontextprotocol/server';
import { check } from '../../event/check.ts';
import { Fault } from '../../fault/fault.ts';
import type { RawCall } from '../call.ts';
import { demand, refuser } from '../guard.ts';
import { faultBody, wireFault } from '../reply.ts';
import { refusalOf } from './refusal.ts';
import { resultOf, tooLarge } from './result.ts';
import { type Arguments, place, type Tool } from './tool.ts';

export type Asked = {
  readonly tool: Tool;
  readonly args: unknown;
  /** The HTTP request that the call came in. */
  readonly call: RawCall;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Told of what is no fault of the caller's. */
  readonly onBug: (bug: Fault) => void;
};

/** Never throws: what goes wrong is a result that says so. */
export async function runTool(asked: Asked): Promise<CallToolResult> {
  try {
    return await answered(asked);
  } catch (error) {
    const fault = wireFault(error);
    if (fault.blame !== 'internal') return refusalOf(named(fault, asked.tool));
    asked.onBug(fault);
    return refusalOf(new Fault('internal.bug', faultBody(fault, '').message));
  }
}

async function answered({ tool, args: given, call, signal }: Asked): Promise<CallToolResult> {
  const { face, who, request } = call;
  const path = `${tool.route.path} (mcp ${tool.name})`;
  demand({ face, who, request }, { access: tool.access, path });
  const { tenant: usual } = Object(call.query);
  const takesTenant = usual !== undefined && Object.hasOwn(tool.input.shape, 'tenant');
  const asked = { ...(takesTenant && { tenant: usual }), ...Object(given) };
  let args: Arguments = check(tool.input, asked);
  const refuse = (reason: 'tenant') => refuser(face, path, request)(reason, who);
  for (;;) {
    const { params, query, body } = place(tool, args);
    const sent = tool.route.body ? { body } : {};
    const answer = await tool.route.handle({ ...call, ...sent, params, query, signal, refuse });
    if (answer.kind !== 'json') throw new RangeError(`${tool.name} answers no JSON`);
    const result = resultOf(tool, tool.shape ? tool.shape(answer.body, args) : answer.body);
    if (result) return result;
    const limit = Number(args['limit'] ?? 1);
    if (limit <= 1) throw tooLarge();
    args = { ...args, limit: Math.floor(limit / 2) };
  }
}

/** A field by the name that the tool gives it. */
function named(fault: Fault, { id }: Tool): Fault {
  const { code, message, detail } = fault;
  return id !== undefined && detail.field === 'id'
    ? new Fault(code, message, { ...detail, field: id, cause: fault.cause })
    : fault;
}
