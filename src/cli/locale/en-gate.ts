/** What holding calls back means for each runtime, in English. */

export const gate = {
  enforces:
    '{{runtime}} asks Claw before each call, and runs none that is not allowed. ' +
    'A call that needs approval waits up to {{wait}} s.',
  observes: '{{runtime}} tells Claw of each call first: what would have been decided is recorded.',
  ended: 'Calls of {{runtime}} are no longer held to decisions: --enforce was not given.',
  holes: 'What this does not hold back in {{runtime}}:',
  hole: {
    rejectedBeforeGate:
      'A call that Claude Code rejects before its hooks is not decided on: nothing of it runs.',
    hooksCanBeOff: 'Whoever may change the settings can switch hooks off: doctor notices.',
    untrustedNotAsked: 'Hooks that are not trusted are passed over, and the call runs.',
    openWhereKilled:
      'A hook that the runtime itself ends at its time-out lets the call run; ours answers before.',
    stdinNotAsked: 'Input to a command that runs already (write_stdin) asks nothing.',
    hostedNotAsked: "Searches that the model's own provider runs ask nothing.",
    pluginCanBeMissing:
      'Started without the plugin, or where it cannot load it, it runs every call, unrecorded.',
    othersCanChange:
      'A plugin that is asked after ours may still change what an allowed call does.',
    execNotAsked: '"openclaw agent exec" fires no hook, and asks nothing.',
    outsideNotAsked: 'A read outside of the workspace is refused by Gemini CLI, and asks nothing.',
  },
} as const;
