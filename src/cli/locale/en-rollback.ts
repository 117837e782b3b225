/** What `clawctl rollback` says, in English. */

export const rollbackAbout = 'undo what an agent did to files; a dry run unless --apply';

export const rollbackOptions = {
  rollbackSession: 'undo a session, by its id or the beginning of it',
  rollbackTask: 'undo what was done in a task',
  rollbackCall: 'undo one call, by its id (with --session where two have it)',
  rollbackId: 'a rollback that was planned before, by its id',
  rollbackApply: 'change files; without it, only show what would become of each',
  rollbackRoot: 'touch no file outside of this folder (default: the present one)',
  rollbackPath: 'only files whose path fits: src/*.ts (* stands for any text)',
  rollbackCompensate:
    'run what your own file registers for calls of tools (claw.compensations.json)',
} as const;

export const rollback = {
  nothing: 'There is nothing to undo.',
  column: { kind: 'TO DO' },
  kind: {
    restore: 'restore',
    delete: 'delete',
    create: 'make again',
    compensate: 'compensate',
    manual: 'by hand',
  },
  status: {
    ready: 'ready',
    restored: 'restored',
    already: 'already so',
    conflict: 'CONFLICT',
    failed: 'FAILED',
    skipped: 'skipped',
    done: 'done',
    manual: 'for you',
  },
  why: {
    outside: 'outside of the folder: name it with --root',
    bad_path: 'this path is none that may be touched',
    protected: 'below .git or .claw: for a person',
    link: 'a symbolic link stands in the way',
    not_file: 'it is no regular file',
    hard_link: 'the file has other names too (hard links)',
    too_large: 'too large',
    bad_plan: 'the plan does not fit its own hash',
    changed: 'somebody changed it since the agent (unknown who)',
    line_endings: 'its line endings are not those of the record',
    exists: 'there is a file now, and the agent left none',
    gone: 'it is gone, and the agent did not remove it',
    raced: 'it changed in this very moment',
    left_out: 'not asked for',
    unfinished: 'a compensation of it began before and was cut off: look what it did',
    error: '{{detail}}',
  },
  byHand: 'For you to do by hand:',
  asText_one:
    '{{count}} file is known only as text: not whether its line ends were others, or it was empty.',
  asText_other:
    '{{count}} files are known only as text: not whether line ends were others, or any was empty.',
  dry_one: 'A dry run: {{count}} step would be taken below {{root}}. Add --apply to take it.',
  dry_other: 'A dry run: {{count}} steps would be taken below {{root}}. Add --apply to take them.',
  done_one: '{{count}} file is as it was before.',
  done_other: '{{count}} files are as they were before.',
  backup: 'What was replaced or deleted is kept in {{folder}}.',
} as const;

export const rollbackProblems = {
  rollbackWhat: {
    message: 'What is to be undone?',
    hint: 'Give --session, --task or --call; "clawctl sessions list" shows sessions.',
  },
  rollbackBehind: {
    message: 'The index has not read everything yet: the plan may miss calls.',
    hint: 'Try again in a moment; nothing was changed.',
  },
  compensationPlace: {
    message: '{{path}} stands below the folder that is rolled back: an agent may have written it.',
    hint: 'Keep it in your own folder of settings.',
  },
  compensationOpen: {
    message: '{{path}} may be written by others.',
    hint: 'It must be your own: chmod 600.',
  },
  compensationUnread: { message: '{{path}} cannot be read: {{reason}}.' },
  compensationForm: {
    message: '{{path}} does not hold compensations: {{reason}}.',
    hint: 'Its form: {"compensations": [{"tool": "send_*", "run": ["/usr/local/bin/unsend"]}]}',
  },
  compensationProgram: {
    message: '{{path}}: {{program}} is no absolute path of a program.',
    hint: 'Give it as /usr/local/bin/unsend.',
  },
} as const;
