/** What the commands of tasks, approvals and enforcement say, in English. */

export const governAbout = {
  tasks: {
    list: 'list what agents have set out to do',
    show: 'show one task: goal, scope, budget',
    close: 'close a task; what waits in it is denied',
  },
  approvals: {
    list: 'list what waits for a person',
    show: 'show one approval with the exact action that it covers',
    approve: 'let that action run',
    deny: 'refuse it; the agent is told why',
    link: 'make a link by which one person decides, for a chat',
    watch: 'show approvals as they are asked for and decided',
  },
  validate: 'ask whether an action may be done (exit 0 allowed, 5 denied, 6 needs approval)',
  enforcement: {
    show: 'show which agents are held to decisions',
    set: 'hold agents to decisions, or only observe them',
  },
} as const;

export const governGroups = {
  tasks: 'what agents have set out to do',
  approvals: 'what waits for a person, and their decisions',
  enforcement: 'which agents are held to decisions',
} as const;

export const governOptions = {
  allApprovals: 'also those that are decided',
  approvalState: 'only those in this state',
  ofSession: 'session, by its id',
  ofTask: 'task, by its id',
  voteReason: 'why; it is recorded, and the agent is told',
  forSession: 'for the same action in its session, not only once',
  linkFor: 'who decides with it: their name or id',
  linkExpires: 'seconds until it ends (default: with the approval; never later)',
  linkBase: 'address of the server as that person reaches it',
  taskState: 'only open or closed ones',
  taskOutcome: 'what came of it (success)',
  taskSummary: 'what was done, in a sentence',
  asAgent: 'as this agent, where the token names none',
  asRuntime: 'as an agent of this runtime: it decides how the tool is understood',
  asEnvironment: 'in this environment',
  asAction: 'what the tool does, where Claw cannot tell',
  asCwd: 'where the command would run',
  asCall: "the model's id of the call: the same one gets the same answer",
  heldMode: 'observe or enforce',
  waitFor: 'seconds to wait for an approval, up to 600 (0)',
  enforceAgent: 'agents whose id fits (* stands for any text)',
  enforceRuntime: 'agents of runtimes that fit',
  enforceEnvironment: 'agents in environments that fit',
  enforceRemove: 'take the line of these agents out, or the default',
} as const;

export const governArguments = {
  approval: "an approval's id, or its first characters",
  task: "a task's id, or its first characters",
  tool: "the tool's name",
  json: 'its arguments as JSON ({})',
} as const;

export const tasks = {
  none: 'No task was declared.',
  column: { state: 'STATE', declared: 'DECLARED', used: 'USED', goal: 'GOAL' },
  state: { open: 'open', closed: 'closed' },
  outcome: { success: 'success', failed: 'failed', abandoned: 'abandoned' },
  violation: { deny: 'is denied', escalate: 'needs approval' },
  field: {
    state: 'State',
    outcome: 'Outcome',
    summary: 'Summary',
    actions: 'Actions',
    tools: 'Tools',
    resources: 'Resources',
    violation: 'All else',
    calls: 'Calls used',
    tokens: 'Tokens used',
    seconds: 'Time limit',
    agent: 'Agent',
    user: 'Acting for',
    environment: 'Environment',
    session: 'Session',
    declared: 'Declared',
    closed: 'Closed',
    id: 'Task',
  },
} as const;

export const approvals = {
  none: 'Nothing waits for a person.',
  next: 'clawctl approvals show {{id}} says more; approve or deny it with a --reason.',
  more_one: 'It still needs {{count}} other person.',
  more_other: 'It still needs {{count}} other people.',
  linked: 'Whoever has this link decides as {{person}}, until {{until}}. Send it to nobody else.',
  watching: 'Waiting for approvals; Ctrl-C ends.',
  column: { state: 'STATE', asked: 'ASKED', left: 'LEFT' },
  state: {
    pending: 'pending',
    approved: 'approved',
    denied: 'denied',
    expired: 'expired',
    used: 'used',
  },
  scope: { once: 'for one run', session: 'for this session' },
  voted: { approve: '{{by}} approved:', deny: '{{by}} denied:' },
  field: {
    why: 'Why',
    conditions: 'To mind',
    request: 'Asked because',
    policies: 'Policies',
    resources: 'Touches',
    cwd: 'Folder',
    agent: 'Agent',
    user: 'Acting for',
    environment: 'Environment',
    session: 'Session',
    task: 'Task',
    asked: 'Asked',
    expires: 'Expires',
    quorum: 'Needed',
    scope: 'Given',
    id: 'Approval',
  },
} as const;

export const validate = {
  outcome: { permit: 'permitted', deny: 'denied', escalate: 'needs approval' },
  observed: 'The agent is only observed: it may go on all the same.',
  field: { policies: 'Policies', task: 'Task', approval: 'Approval', decision: 'Decision' },
} as const;

export const enforcement = {
  any: 'any',
  others: 'all others',
  asked: 'as the agent asks; enforced where it does not say',
  mode: { observe: 'observed', enforce: 'enforced' },
  column: { runtime: 'RUNTIME', environment: 'ENVIRONMENT', mode: 'MODE' },
} as const;

export const governProblems = {
  severalIds: {
    message: '{{count}} ids begin with {{start}}.',
    hint: 'Give more characters of it.',
  },
  noJson: {
    message: 'The arguments are no JSON.',
    hint: `Example: clawctl validate Bash '{"command": "ls"}'`,
  },
  modeOrRemove: {
    message: 'Either --mode or --remove is needed, and not both.',
    hint: 'Example: clawctl enforcement set --agent billing-bot --mode enforce',
  },
} as const;
