/** What `clawctl policy …` says, in English. */

export const policyAbout = {
  check: 'say what is wrong with policy files',
  test: 'run the tests that stand beside policies (exit 1 where one fails)',
  diff: 'show what changes against the policies in force',
  apply: 'put policy files in force, in place of all others',
  list: 'list the policies in force',
  show: 'show the text of a policy in force',
  versions: 'list the policy sets that were in force',
  replay: 'ask past decisions again of other policies (exit 1 where one differs)',
} as const;

export const policyOptions = {
  policyTests: 'test file or folder (default: the folder of the policies)',
  against: 'folder to compare with, in place of the policies in force',
  versionOf: 'version to compare with, in place of the policies in force',
  reason: 'why; it is recorded',
  replayLimit: 'most decisions, the latest first, 1 to 100000 (10000)',
} as const;

export const policyArguments = {
  policies: 'folder of *.cedar files, or one file (policies)',
  policy: "a policy's id; all of them without it",
} as const;

export const policyProblems = {
  noPolicies: {
    message: 'There are no policies at {{path}}.',
    hint: 'Name a folder of *.cedar files: clawctl policy check ./policies',
  },
  noExamples: {
    message: 'There are no tests at {{path}}.',
    hint: 'Tests stand in *.test.json beside the policies, or where --tests says.',
  },
  noPolicy: {
    message: 'No policy {{id}} is in force.',
    hint: '"clawctl policy list" lists them.',
  },
  policyErrors: { message: 'The policies have errors: {{count}}.' },
  policyTests: { message: 'Tests of the policies fail: {{failed}}; {{passed}} pass.' },
  replayDiffers: {
    message: 'Decisions would come out otherwise: {{different}} of {{decisions}}.',
  },
  notApplied: { message: 'Nothing was put in force.' },
} as const;

export const policy = {
  error: 'error:',
  warning: 'warning:',
  checked_one: '{{count}} policy, nothing wrong: {{version}}',
  checked_other: '{{count}} policies, nothing wrong: {{version}}',
  tested_one: '{{count}} test: {{passed}} passed, {{failed}} failed',
  tested_other: '{{count}} tests: {{passed}} passed, {{failed}} failed',
  expected: 'expected',
  got: 'got     ',
  notHolding: '{{id}} did not hold.',
  noSuch: 'There is no policy {{id}}.',
  surplus: '{{id}} held, and was not expected: {{place}}',
  unchanged: 'Nothing changes.',
  added: 'Added: {{id}}',
  removed: 'Removed: {{id}}',
  changed: 'Changed: {{id}}',
  sure: 'Put these policies in force? [y/N] ',
  applied: 'In force: {{version}}',
  appliedBy: 'Recorded as {{id}}.',
  inForce: '{{version}}, in force since {{at}} by {{author}}',
  place: '{{place}}',
  noVersions: 'No policies were put in force yet: those that Claw brings along count.',
  before: 'then',
  after: 'now ',
  replayed_one:
    '{{count}} decision: {{same}} the same, {{otherwise}} by other policies,' +
    ' {{different}} different',
  replayed_other:
    '{{count}} decisions: {{same}} the same, {{otherwise}} by other policies,' +
    ' {{different}} different',
  detail: 'clawctl logs show {{id}}',
  untold_one: '… and {{count}} more',
  untold_other: '… and {{count}} more',
  unreadable_one: '{{count}} decision holds no request that could be asked again.',
  unreadable_other: '{{count}} decisions hold no request that could be asked again.',
  older_one: 'Only the latest decision was asked; --limit asks more.',
  older_other: 'Only the latest {{count}} decisions were asked; --limit asks more.',
} as const;
