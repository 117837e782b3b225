/** The answer to `tools/list`: what a server offers, and whether a tool became another. */
import type { Draft } from '../../event/event.ts';
import { given } from '../record.ts';
import { type Changed, listTools } from './definition.ts';
import { type Fields, own } from './message.ts';
import { outcome } from './outcome.ts';
import { draftOf, type Open, type State, serverResource, toolOf, without } from './state.ts';

/** Findings of one list; a server that changes more is told with the count of the rest. */
const FINDINGS = 100;

/**
 * Every tool with its hash, the definitions that are new to this connection in full, and a
 * finding for each that is not what it was. Annotations are the server's own claims: they are
 * kept with the definition and decide nothing.
 */
export function listed(state: State, open: Open, result: Fields): Draft[] {
  const tools = own(result, 'tools');
  if (!Array.isArray(tools)) return [outcome(state, open, { status: 'unknown', result })];
  const { known } = state.options;
  const { listed: all, fresh, changed, passed_over } = listTools(tools, known, state.recorded);
  const rest = without(result, ['tools']);
  const list = outcome(state, open, {
    status: 'success',
    result: { ...rest, tools: fresh },
    attributes: {
      tools: all,
      ...(changed.length > FINDINGS ? { tools_changed: changed.length } : {}),
      ...given('passed_over', passed_over > 0 ? passed_over : undefined),
    },
  });
  return [list, ...changed.slice(0, FINDINGS).map((one) => finding(state, open, one))];
}

function finding(state: State, open: Open, changed: Changed): Draft {
  const { name, sha256, sha256_before, definition } = changed;
  return draftOf(state, {
    about: open,
    fact: 'tool-changed',
    type: 'finding',
    call_id: undefined,
    tool: toolOf(state, name),
    resources: [serverResource(state, 'read')],
    detail: `The server changed the definition of its tool ${name}.`,
    raw: definition,
    attributes: {
      finding: 'mcp_tool_changed',
      mcp_tool: name,
      sha256_before,
      sha256,
      mcp_list: open.call_id,
    },
  });
}
