/** Items of the OpenAI Responses API that ask for a tool, and what stands in their place. */
import { createHash } from 'node:crypto';
import type { Asked, Fields } from '../../adapter/model/api.ts';
import { callOf, HOSTED, kindOf } from '../../adapter/model/responses.ts';
import { nameIn } from '../../adapter/record.ts';

/** What the vendor runs itself has been run; what it asks leave for has not. */
export function isHeld(item: Fields): boolean {
  const kind = kindOf(item);
  return kind === 'mcp_approval_request' || (kind.endsWith('_call') && !HOSTED.has(kind));
}

export function askedIn(item: Fields): Asked {
  const kind = kindOf(item);
  return callOf(item, kind === 'mcp_approval_request' ? 'mcp_call' : kind);
}

/** Its id is made from the call's, in the vendor's form: clients send it back. */
export function messageOf(item: Fields, text: string): Fields {
  const { call_id = '', tool } = askedIn(item);
  const seed = JSON.stringify([nameIn(item, 'id') ?? '', call_id, tool]);
  const id = `msg_${createHash('sha256').update(seed).digest('hex').slice(0, 48)}`;
  const content = [{ type: 'output_text', text, annotations: [], logprobs: [] }];
  return { id, type: 'message', status: 'completed', role: 'assistant', content };
}
