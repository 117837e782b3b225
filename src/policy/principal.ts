/** What policies may read of whoever acts. */
import { type Attributes, text } from './attribute.ts';
import type { PolicyRequest } from './policy.ts';

export const PRINCIPAL: Attributes<PolicyRequest['principal']> = {
  id: { type: 'String', about: "The agent's id.", of: (who) => text(who.agent_id) },
  name: { type: 'String', about: "The agent's name.", of: (who) => text(who.agent_name) },
  runtime: {
    type: 'String',
    about: 'What it runs in: claude-code, codex, gemini-cli, opencode, openclaw.',
    of: (who) => text(who.runtime),
  },
  version: { type: 'String', about: "The runtime's version.", of: (who) => text(who.version) },
  user: { type: 'String', about: 'The id of its user.', of: (who) => text(who.user_id) },
  on_behalf_of: {
    type: 'String',
    about: 'On whose behalf it acts.',
    of: (who) => text(who.on_behalf_of),
  },
};
