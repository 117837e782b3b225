// Which of OpenClaw's hooks are recorded, and how; where it is told to enforce, a tool runs only
// when Claw allows it.
import { openGate } from '../gate.js';
import { openSender } from '../sender.js';

/** Told as they come. OpenClaw runs these beside its own work. */
const OBSERVED = [
  'agent_end',
  'model_call_started',
  'model_call_ended',
  'llm_input',
  'llm_output',
  'after_tool_call',
  'message_received',
  'message_sent',
  'channel_pairing_requested',
  'session_start',
  'session_end',
  'before_compaction',
  'after_compaction',
  'before_reset',
  'subagent_spawned',
  'subagent_progress',
  'subagent_ended',
  'gateway_start',
  'gateway_stop',
  'cron_changed',
  'skill_changed',
];
/** After these a process may end: what is noted is sent at once, within a limit. */
const ENDING = new Set(['agent_end', 'session_end', 'gateway_stop']);
/** Milliseconds of the tool call's own time, where the disk hangs. */
const BEFORE_CALL_MS = 2000;
const ENDING_MS = 1500;
/** Above every other plugin: what one of them blocks is recorded too. */
const FIRST = 1000;
/** Below every other plugin: of parameters that several return, the last are what runs. */
const LAST = -1000;

/**
 * @typedef {(event: any, ctx: any) => unknown} Handler
 * @typedef {object} Api
 * @property {Record<string, unknown>} [pluginConfig]
 * @property {(name: string, handler: Handler, options?: object) => void} on
 * @property {{ events?: { registerAgentEventSubscription?: (subscription: object) => void } }} [agent]
 */

/** What an answered request for approval came to, in the words of `onResolution`. */
const DECISIONS = new Map([
  ['approved', 'allow-once'],
  ['denied', 'deny'],
  ['unavailable', 'cancelled'],
]);

/** @param {Api} api */
export function register(api) {
  const config = api.pluginConfig ?? {};
  const sender = senderFor(config);
  const gate = gateFor(config, sender);
  const mark = (/** @type {any} */ record) =>
    gate?.mark(record, record.event?.toolCallId ?? record.ctx?.toolCallId) ?? record;
  for (const hook of OBSERVED) {
    api.on(hook, async (event, ctx) => {
      sender.record(mark({ hook, event, ctx }));
      if (ENDING.has(hook)) await sender.flush(ENDING_MS);
    });
  }
  if (gate === undefined) recordCalls(api, sender);
  else askFirst(api, gate, sender);
  // A second witness of the outcome: some setups lose after_tool_call (openclaw#155081).
  api.on('tool_result_persist', (event, ctx) => {
    sender.record(mark({ hook: 'tool_result_persist', event, ctx }));
  });
  // Whoever asks for it, OpenClaw's own exec policy or a plugin: it has no hook, but events.
  api.agent?.events?.registerAgentEventSubscription?.({
    id: 'claw-approvals',
    description: 'Records approvals',
    streams: ['approval'],
    handle: (/** @type {any} */ told) => sender.record(approvalOf(told)),
  });
}

/**
 * Durable before the tool runs: whatever the call does, that it was asked for is on the disk.
 * @param {Api} api
 * @param {import('../sender.js').Sender} sender
 */
function recordCalls(api, sender) {
  api.on(
    'before_tool_call',
    async (event, ctx) => {
      await sender.keep({ hook: 'before_tool_call', event, ctx }, BEFORE_CALL_MS);
    },
    { priority: FIRST, timeoutMs: 2 * BEFORE_CALL_MS },
  );
}

/**
 * OpenClaw waits for a handler as long as it was registered for, and blocks the call where that is
 * over. It is not asked for an approval of its own: it has no room for who may approve and why,
 * and there is none where nobody sits at a channel.
 * @param {Api} api
 * @param {import('../gate.js').Gate} gate
 * @param {import('../sender.js').Sender} sender
 */
function askFirst(api, gate, sender) {
  api.on(
    'before_tool_call',
    async (event, ctx) => {
      const record = { hook: 'before_tool_call', event, ctx };
      if (wraps.takes(event, ctx)) {
        await sender.keep(record, BEFORE_CALL_MS);
        return undefined;
      }
      const call = { id: event?.toolCallId ?? ctx?.toolCallId, signal: ctx?.abortSignal };
      const verdict = await gate.ask(record, call);
      if (verdict.allowed) wraps.note(event, ctx);
      return verdict.allowed ? undefined : { block: true, blockReason: verdict.reason };
    },
    { priority: FIRST, timeoutMs: gate.limit_ms },
  );
  if (gate.mode === 'observe') return;
  // What was allowed is what runs: OpenClaw tells no handler what another has made of it.
  api.on('before_tool_call', ({ params }) => (hasAny(params) ? { params } : undefined), {
    priority: LAST,
  });
}

/** Calls that carry another, which are remembered until that comes. */
const WRAPS = 1000;
/** The id of a call that was made from inside another. */
const INSIDE = /^tool_search_code:(.{1,400}):[^:]{1,200}:\d{1,9}$/s;

/** `tool_call {id, args}` is asked about as what it carries: which runs once, and is not asked again. */
function openWraps() {
  /** @type {Set<string>} */
  const allowed = new Set();
  return {
    /** @param {any} event @param {any} ctx */
    note: ({ toolName, toolCallId, params }, ctx) => {
      if (toolName !== 'tool_call' || typeof params?.id !== 'string') return;
      const tool = params.id.slice(params.id.lastIndexOf(':') + 1);
      allowed.add(actOf(ctx, { id: toolCallId, tool, args: params.args }));
      if (allowed.size > WRAPS) allowed.delete([...allowed][0] ?? '');
    },
    /** @param {any} event @param {any} ctx */
    takes: ({ toolName, toolCallId, params }, ctx) => {
      const id = INSIDE.exec(String(toolCallId))?.[1];
      return id !== undefined && allowed.delete(actOf(ctx, { id, tool: toolName, args: params }));
    },
  };
}

/**
 * The runtime replaces some characters where it makes ids of ids.
 * @param {any} ctx
 * @param {{ id: unknown, tool: unknown, args: unknown }} act
 */
function actOf(ctx, { id, tool, args }) {
  const session = ctx?.sessionId ?? ctx?.sessionKey ?? null;
  return JSON.stringify([session, String(id).replaceAll(/[^A-Za-z0-9]/g, ''), tool, args ?? {}]);
}

const wraps = openWraps();

/** @param {unknown} params */
function hasAny(params) {
  return typeof params === 'object' && params !== null && Object.keys(params).length > 0;
}

/** @param {any} told */
function approvalOf({ data = {}, runId, sessionKey, sessionId, agentId }) {
  const asked = data.phase === 'requested';
  const decision = asked ? undefined : DECISIONS.get(data.status);
  const description = data.command ?? data.message ?? data.reason;
  return {
    hook: asked ? 'approval_requested' : 'approval_resolved',
    event: { ...data, description, decision, toolName: data.kind === 'exec' ? 'exec' : undefined },
    ctx: { runId, sessionKey, sessionId, agentId },
  };
}

/** OpenClaw registers a plugin several times in one process: one sender serves them all. */
const senders = new Map();

/** @param {Record<string, unknown>} config as the schema of this plugin has it */
function senderFor(config) {
  const key = JSON.stringify(config);
  const { server = 'http://127.0.0.1:4620', tokens, drain } = /** @type {any} */ (config);
  const open = senders.get(key) ?? openSender({ runtime: 'openclaw', server, tokens, drain });
  senders.set(key, open);
  return open;
}

/** It remembers what it blocked: one serves all registrations too. */
const gates = new Map();

/** @param {Record<string, unknown>} config @param {import('../sender.js').Sender} sender */
function gateFor(config, sender) {
  const key = JSON.stringify(config);
  const gate = gates.get(key) ?? openGate(config, sender);
  gates.set(key, gate);
  return gate;
}
