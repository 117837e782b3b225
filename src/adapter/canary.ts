/** A made-up call as each runtime would tell it: what proves that an installation records. */

export type Canary = {
  /** Names no session of the runtime's own. */
  readonly session_id: string;
  readonly call_id: string;
  readonly cwd: string;
  /** Unix milliseconds. */
  readonly now_ms: number;
};

/** The tool of every canary's call. */
export const CANARY_TOOL = 'claw_canary';

/** Before and after the call, in the shape that the runtime's hooks or plugin have. */
export function canaryRecords(runtime: string, canary: Canary): readonly object[] {
  switch (runtime) {
    case 'gemini':
      return gemini(canary);
    case 'opencode':
      return opencode(canary);
    case 'openclaw':
      return openclaw(canary);
    default:
      return hooks(canary);
  }
}

function hooks({ session_id, call_id, cwd }: Canary): readonly object[] {
  const base = { session_id, cwd, tool_name: CANARY_TOOL, tool_input: {}, tool_use_id: call_id };
  return [
    { ...base, hook_event_name: 'PreToolUse' },
    { ...base, hook_event_name: 'PostToolUse', tool_response: 'ok' },
  ];
}

function gemini({ session_id, cwd, now_ms }: Canary): readonly object[] {
  const timestamp = new Date(now_ms).toISOString();
  const base = { session_id, cwd, timestamp, tool_name: CANARY_TOOL, tool_input: {} };
  return [
    { ...base, hook_event_name: 'BeforeTool' },
    { ...base, hook_event_name: 'AfterTool', tool_response: { llmContent: 'ok' } },
  ];
}

function opencode({ session_id, call_id }: Canary): readonly object[] {
  const input = { tool: CANARY_TOOL, sessionID: session_id, callID: call_id };
  const output = { title: '', output: 'ok', metadata: {} };
  return [
    { hook: 'tool.execute.before', input, output: { args: {} } },
    { hook: 'tool.execute.after', input: { ...input, args: {} }, output },
  ];
}

function openclaw({ session_id, call_id }: Canary): readonly object[] {
  const ctx = { toolName: CANARY_TOOL, sessionId: session_id, sessionKey: session_id };
  const event = { toolName: CANARY_TOOL, params: {}, toolCallId: call_id };
  const result = { content: [{ type: 'text', text: 'ok' }] };
  return [
    { hook: 'before_tool_call', event, ctx },
    { hook: 'after_tool_call', event: { ...event, result, durationMs: 1 }, ctx },
  ];
}
