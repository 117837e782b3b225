/** OpenCode's log records and inner spans: a diagnostic log that tells of no call by its id. */
import { nameIn } from '../record.ts';
import type { Family } from './draft.ts';

export const opencode: Family = {
  owns: ({ resource, scope }) =>
    scope === 'opencode' || nameIn(resource, 'service.name') === 'opencode',
  adapt: () => ({ skipped: "OpenCode's diagnostic log: its plugin tells of calls and prompts" }),
};
