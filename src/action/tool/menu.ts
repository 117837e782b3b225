/** The runtimes whose tools are known. A new runtime is one line here and a file beside this. */
import { CLAUDE_CODE } from './claude-code.ts';
import { CODEX } from './codex.ts';
import { GEMINI } from './gemini.ts';
import { OPENCLAW } from './openclaw.ts';
import { OPENCODE } from './opencode.ts';
import type { Tool, Tools } from './tool.ts';

/** By runtime, as `agent.runtime` names it. */
const TOOLS: Readonly<Record<string, Tools>> = {
  'claude-code': CLAUDE_CODE,
  'claude-agent-sdk': CLAUDE_CODE,
  codex: CODEX,
  gemini: GEMINI,
  opencode: OPENCODE,
  openclaw: OPENCLAW,
};

/** What is known about a runtime's own tool; undefined for all others. */
export function toolOf(runtime: string | undefined, tool: string): Tool | undefined {
  if (runtime === undefined || !Object.hasOwn(TOOLS, runtime)) return undefined;
  const tools = TOOLS[runtime];
  return tools && Object.hasOwn(tools, tool) ? tools[tool] : undefined;
}
