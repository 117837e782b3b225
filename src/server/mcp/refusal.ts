/** Says a fault to a model: a sentence, its code, and the way out. */
import type { CallToolResult } from '@modelcontextprotocol/server';
import type { Fault } from '../../fault/fault.ts';
import { printableBlock } from '../../search/safe.ts';

/** A refusal is a result that the model reads and can act on, not an error of the protocol. */
export function refusalOf(fault: Fault): CallToolResult {
  const { code, message, ...detail } = fault.toJSON();
  const { hint, ...rest } = detail;
  const more = Object.entries(rest).map(([name, value]) => `${name}: ${String(value)}`);
  const lines = [`${message} (${[code, ...more].join('; ')})`, ...(hint ? [hint] : [])];
  return { isError: true, content: [{ type: 'text', text: printableBlock(lines.join('\n')) }] };
}
