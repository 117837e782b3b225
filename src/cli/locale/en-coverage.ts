/** What `clawctl coverage` says, in English. */

export const coverage = {
  none: 'No session matches.',
  verdict: {
    complete: 'COMPLETE: every call that was asked for was seen, and what came of it.',
    incomplete: 'INCOMPLETE: something is missing.',
    unknown: 'UNKNOWN: nothing is known to be missing, but not everything could be checked.',
  },
  word: { complete: 'complete', incomplete: 'incomplete', unknown: 'unknown' },
  doubt: {
    one_witness: 'Nobody independent saw it: record the model’s traffic and the runtime, both.',
    open: 'The session has not said that it ended.',
    behind: 'The index has not read everything yet: ask again.',
    erased: 'Some of its content was erased.',
    lost: 'Records were lost meanwhile, and nobody knows whose they were.',
    partial: 'It is longer than what is read for this.',
  },
  column: {
    prompts: 'PROMPTS',
    outputs: 'OUTPUTS',
    asked: 'ASKED',
    answered: 'ANSWERED',
    approvals: 'APPROVALS',
  },
  runtimes: 'runtime: {{runtimes}}',
  calls: 'tool calls: {{calls}}, seen by every witness that shows such calls: {{all}}',
  missing: 'What is missing:',
  shortfall: {
    not_recorded: '{{tool}}: the model asked for it, the runtime never recorded it.',
    no_result: '{{tool}}: asked for, and nobody saw what came of it.',
    no_request: '{{tool}}: a result came, and nobody saw it asked for.',
    gap: 'A producer told of a loss.',
    silent: 'The agent fell silent in the middle of its work.',
  },
  unseen: 'What a witness did not show, and others did:',
  unseenBy: {
    call: '{{tool}}: not shown by {{by}}, but by {{seen}}',
    request: '{{tool}}: that it was asked for, not by {{by}}, but by {{seen}}',
    result: '{{tool}}: what came of it, not by {{by}}, but by {{seen}}',
  },
  more_one: '… and {{count}} more',
  more_other: '… and {{count}} more',
  someTool: 'a tool',
  detail: 'clawctl coverage {{session}} says more.',
} as const;
