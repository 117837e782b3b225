// Claw: records what OpenCode does. Made by "clawctl install opencode"; "clawctl uninstall
// opencode" takes it out. It changes nothing that OpenCode does, and nothing waits for it, unless
// it is told to ask: then a tool runs only when Claw allows it.
import { openGate } from './gate.js';
import { openSender } from './sender.js';

/** @type {{ server: string, mode?: string, wait_s?: number }} */
const SETTINGS = { server: 'http://127.0.0.1:4620' };

/** Events that say nothing of what the agent does, or are told again when they are complete. */
const LEFT_ALONE =
  /^(message\.part\.delta|session\.diff|plugin\.|catalog\.|reference\.|integration\.|lsp\.|tui\.|server\.|file\.watcher\.|installation\.|ide\.|vcs\.|pty\.|mcp\.tools)/;

/** Hooks whose records are sent as OpenCode hands them over. */
const HOOKS = /** @type {const} */ ([
  'chat.message',
  'permission.ask',
  'command.execute.before',
  'tool.execute.after',
]);

const sender = openSender({ ...SETTINGS, runtime: 'opencode' });
const gate = openGate(SETTINGS, sender);

/** @param {unknown} event */
function isOver(event) {
  const type = /** @type {{ type?: unknown } | null} */ (event)?.type;
  return type === 'session.idle' || type === 'session.error' || type === 'session.deleted';
}

/** A part that is still being written comes again. @param {any} event */
function isUnfinished(event) {
  const part = event?.type === 'message.part.updated' ? event.properties?.part : undefined;
  return ['text', 'reasoning'].includes(part?.type) && part.time && !part.time.end;
}

/** What becomes of a call that was blocked here. @param {any} event */
function marked(event) {
  const record = { hook: 'event', event };
  return gate?.mark(record, event?.properties?.part?.callID) ?? record;
}

/**
 * What is thrown here OpenCode gives to the model as the error of the call, which does not run.
 * @param {string | undefined} cwd
 */
function beforeCall(cwd) {
  return async (/** @type {any} */ input, /** @type {any} */ output) => {
    const record = { hook: 'tool.execute.before', input, output, ...(cwd ? { cwd } : {}) };
    if (gate === undefined) {
      sender.record(record);
      return;
    }
    const verdict = await gate.ask(record, { id: input?.callID });
    if (!verdict.allowed) throw new Error(verdict.reason);
  };
}

export const Claw = async (/** @type {{ directory?: unknown } | undefined} */ project) => {
  const cwd = typeof project?.directory === 'string' ? project.directory : undefined;
  const hooks = Object.fromEntries(
    HOOKS.map((hook) => [
      hook,
      async (/** @type {unknown} */ input, /** @type {unknown} */ output) => {
        sender.record({ hook, input, output });
      },
    ]),
  );
  return {
    ...hooks,
    'tool.execute.before': beforeCall(cwd),
    event: async (/** @type {{ event: any }} */ { event }) => {
      if (LEFT_ALONE.test(String(event?.type)) || isUnfinished(event)) return;
      sender.record(marked(event));
      // "opencode run" ends soon after this.
      if (isOver(event)) await sender.flush(1000);
    },
  };
};
