/** What `clawctl why` says beside the explanation itself, in English. */

export const why = {
  subject: 'For the person concerned',
  unknown: 'What is not known',
  kind: {
    prompt: 'Asked',
    context: 'Shown before',
    model: 'Model',
    task: 'Task',
    decision: 'Decision',
    policy: 'Policy',
    approval: 'Approval',
    action: 'Done',
    result: 'Result',
    followed: 'What followed',
    gap: 'Not seen',
    rights: 'Your rights',
  },
} as const;
