/** Records of the four runtimes that speak through hooks of one shape or a plugin. */

/** Codex: a hook's record, with what all of them bear. */
export const codexHook = (hook_event_name: string, fields: object = {}) => ({
  session_id: 's1',
  turn_id: 'u1',
  transcript_path: '/home/dev/.codex/sessions/s1.jsonl',
  cwd: '/p',
  hook_event_name,
  model: 'gpt-5.5',
  permission_mode: 'default',
  ...fields,
});

/** Gemini: a hook's record; `second` tells moments apart. */
export const geminiHook = (hook_event_name: string, fields: object = {}, second = 0) => ({
  session_id: 's1',
  transcript_path: '/home/dev/.gemini/tmp/p/chats/s1.json',
  cwd: '/p',
  hook_event_name,
  timestamp: new Date(Date.UTC(2026, 10, 21, 12, 0, second)).toISOString(),
  ...fields,
});

/** OpenCode: what the plugin posts of a hook. */
export const openHook = (hook: string, input: object, output: object = {}) => ({
  hook,
  input: { sessionID: 'ses_1', ...input },
  output,
  at: 1_795_000_000_000,
});

/** OpenCode: what the plugin posts of a bus event. */
export const busEvent = (type: string, properties: object) => ({
  hook: 'event',
  event: { id: 'evt_1', type, properties: { sessionID: 'ses_1', ...properties } },
  at: 1_795_000_000_000,
});

/** OpenClaw: what the plugin posts. */
export const clawHook = (hook: string, event: object = {}, ctx: object = {}) => ({
  hook,
  event,
  ctx: { agentId: 'main', sessionKey: 'agent:main:main', sessionId: 's1', runId: 'r1', ...ctx },
  at: 1_795_000_000_000,
});
