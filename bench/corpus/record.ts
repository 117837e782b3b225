/** Records of each runtime's hooks, plugins and telemetry, as they arrive: a call is two of them. */

/** The records of the n-th call of a run. */
export type RecordMaker = (n: number) => readonly unknown[];

/** Calls of one session. */
const CALLS = 40;
const OUTPUT = 'ok 1 - parses\nok 2 - prints\n'.repeat(20);

const sessionOf = (n: number): string => {
  const number = Math.floor(n / CALLS);
  return `5e551000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
};
const callOf = (n: number): string => `call_${n.toString(16).padStart(16, '0')}`;
const commandOf = (n: number): string => `npm test -- --run ${n} 2>&1 | tail -n 40`;

/** The same fields for Claude Code and Codex, whose hooks share one shape. */
const hooks =
  (turn: string, response: unknown): RecordMaker =>
  (n) => {
    const base = {
      session_id: sessionOf(n),
      transcript_path: `/home/dev/.agent/${sessionOf(n)}.jsonl`,
      cwd: '/home/dev/project',
      [turn]: `turn-${Math.floor(n / 8)}`,
      permission_mode: 'default',
      tool_name: 'Bash',
      tool_input: { command: commandOf(n), description: 'Runs the tests' },
      tool_use_id: callOf(n),
    };
    return [
      { ...base, hook_event_name: 'PreToolUse' },
      { ...base, hook_event_name: 'PostToolUse', tool_response: response, duration_ms: 1200 },
    ];
  };

const gemini: RecordMaker = (n) => {
  const base = {
    session_id: sessionOf(n),
    transcript_path: `/home/dev/.gemini/tmp/project/chats/${sessionOf(n)}.jsonl`,
    cwd: '/home/dev/project',
    timestamp: new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString(),
    tool_name: 'run_shell_command',
    tool_input: { command: commandOf(n), description: 'Runs the tests' },
  };
  const tool_response = { llmContent: `Output: ${OUTPUT}`, returnDisplay: OUTPUT };
  return [
    { ...base, hook_event_name: 'BeforeTool' },
    { ...base, hook_event_name: 'AfterTool', tool_response },
  ];
};

const opencode: RecordMaker = (n) => {
  const input = { tool: 'bash', sessionID: `ses_${sessionOf(n)}`, callID: callOf(n) };
  const args = { command: commandOf(n), description: 'Runs the tests' };
  const at = Date.UTC(2026, 0, 1) + n * 1000;
  const output = { output: OUTPUT, title: 'Runs the tests', metadata: { exit: 0 } };
  return [
    { hook: 'tool.execute.before', input, output: { args }, at },
    { hook: 'tool.execute.after', input: { ...input, args }, output, at: at + 900 },
  ];
};

const openclaw: RecordMaker = (n) => {
  const event = {
    toolName: 'exec',
    params: { command: commandOf(n), workdir: '/home/dev/project' },
    runId: `run-${Math.floor(n / 8)}`,
    toolCallId: callOf(n),
  };
  const ctx = { agentId: 'main', sessionKey: 'agent:main:main', sessionId: sessionOf(n) };
  const at = Date.UTC(2026, 0, 1) + n * 1000;
  const details = { status: 'completed', exitCode: 0, durationMs: 900 };
  const result = { content: [{ type: 'text', text: OUTPUT }], details };
  return [
    { hook: 'before_tool_call', event, ctx, at },
    { hook: 'after_tool_call', event: { ...event, result, durationMs: 950 }, ctx, at: at + 950 },
  ];
};

/** By runtime, as `/v1/capture/:runtime` names it. */
export const RECORDS: Readonly<Record<string, RecordMaker>> = {
  'claude-code': hooks('prompt_id', { stdout: OUTPUT, stderr: '', interrupted: false }),
  codex: hooks('turn_id', OUTPUT),
  gemini,
  opencode,
  openclaw,
};

/** Claude Code's telemetry of calls, as one export of OTLP/JSON logs. */
export function exportOf(from: number, count: number): object {
  const logRecords = Array.from({ length: count }, (_, i) => logOf(from + i));
  const resource = { attributes: [attribute('service.name', 'claude-code')] };
  const scope = { name: 'com.anthropic.claude_code.events', version: '2.1.330' };
  return { resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords }] }] };
}

function logOf(n: number): object {
  const timeUnixNano = `${Date.UTC(2026, 0, 1) + n * 1000}000000`;
  const attributes = {
    'event.name': 'tool_result',
    'session.id': sessionOf(n),
    'prompt.id': `turn-${Math.floor(n / 8)}`,
    tool_name: 'Bash',
    tool_use_id: callOf(n),
    success: 'true',
    duration_ms: '1200',
    tool_input: JSON.stringify({ command: commandOf(n) }),
  };
  return {
    timeUnixNano,
    body: { stringValue: 'claude_code.tool_result' },
    attributes: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
  };
}

function attribute(key: string, value: string): object {
  return { key, value: { stringValue: value } };
}
