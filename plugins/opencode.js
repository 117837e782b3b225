// Claw: records what OpenCode does. Made by "clawctl install opencode"; "clawctl uninstall
// opencode" takes it out. It changes nothing that OpenCode does, and nothing waits for it.
import { openSender } from './sender.js';

const SETTINGS = { server: 'http://127.0.0.1:4620' };

/** Events that say nothing of what the agent does, or are told again when they are complete. */
const LEFT_ALONE =
  /^(message\.part\.delta|session\.diff|plugin\.|catalog\.|reference\.|integration\.|lsp\.|tui\.|server\.|file\.watcher\.|installation\.|ide\.|vcs\.|pty\.|mcp\.tools)/;

/** Hooks whose records are sent as OpenCode hands them over. */
const HOOKS = /** @type {const} */ ([
  'chat.message',
  'permission.ask',
  'command.execute.before',
  'tool.execute.before',
  'tool.execute.after',
]);

const sender = openSender({ ...SETTINGS, runtime: 'opencode' });

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

export const Claw = async () => {
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
    event: async (/** @type {{ event: any }} */ { event }) => {
      if (LEFT_ALONE.test(String(event?.type)) || isUnfinished(event)) return;
      sender.record({ hook: 'event', event });
      // "opencode run" ends soon after this.
      if (isOver(event)) await sender.flush(1000);
    },
  };
};
