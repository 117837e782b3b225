/** What doctor finds, and what each runtime is known not to show, in English. */

export const doctor = {
  fine: {
    files: "Claw's hooks or plugin are in place: {{found}}",
    program: '{{runtime}} is there: {{found}}',
    server: 'The server answers: {{found}}',
    token: 'The server takes records with their token.',
    trust: 'Codex itself says that it trusts these hooks.',
    own: 'What this project would run is what this clawctl installs.',
    canary: 'A made-up call went their way and was found in the trail: session {{found}}',
    observes: 'That call was decided on too, without holding it back.',
    enforces: 'That call was held back until it was decided (approvals: up to {{found}} s).',
    closed: 'A call is blocked where Claw does not answer.',
  },
  fails: {
    files: 'Nothing of Claw is installed, or not all: {{found}} → clawctl install {{name}}',
    program: '{{found}} was not found, or tells no version → name it with --program',
    server:
      'No Claw server of yours answers where the records go: {{found}} → clawctl serve, or --url',
    token: 'The server does not take their token → clawctl install {{name}}',
    trust: 'Codex does not run these hooks: start codex, type /hooks, and trust those of Claw.',
    own: 'Not what we install; it was not run: {{found}} → clawctl install {{name}} --project',
    canary: 'A made-up call was sent their way and did not arrive: session {{found}}',
    observes: 'No decision on that call is in the trail → clawctl install {{name}} --mode observe',
    enforces: 'No decision on that call is in the trail → clawctl install {{name}} --enforce',
    closed: 'A call would run where Claw does not answer → clawctl install {{name}} --enforce',
  },
  blind: 'What {{runtime}} is known not to show (measured with {{version}}):',
} as const;

export const blind = {
  rejectedBeforeHooks:
    'A call rejected before its hooks (unknown tool, unread file) is told in the batch afterwards.',
  deniedHasNoResult: 'A denied call has a hook before it and none after it.',
  headlessDenial:
    'Without a person at hand, a denial for want of one is recorded as if a user had rejected it.',
  httpLosesWhileAway:
    'Hooks over HTTP are lost while Claw is away; --transport command spools them.',
  untrustedHooks: 'Hooks that are not trusted are passed over in silence.',
  deniedInNoWitness: 'A call denied by a hook is in neither telemetry nor a hook afterwards.',
  shellWithoutExitCode: 'The result of a shell is text; its exit code is not a field of its own.',
  hostedSearch: 'Plans, searches and calls of unknown tools fire no hook.',
  noCallIds: "Hooks carry no call's id: calls are told apart by tool, arguments and order.",
  failedShellSucceeds: 'A shell that failed is reported as a success.',
  readOutsideWorkspace: 'A read outside the workspace fires no hook; only telemetry shows it.',
  promptInArguments: 'With telemetry, the command line with the prompt is in every export.',
  envFileNearest:
    'With --otlp, the token stands in ~/.gemini/.env, and a .env nearer to the project hides it.',
  failureOnBusOnly: 'A failed or denied call is told on the event bus alone.',
  pluginsCanBeOff: 'OpenCode started without plugins (--pure) is not recorded.',
  afterWithoutBefore: 'A call of an unknown tool has a hook after it and none before it.',
  neitherResultNorError: 'Neither result nor error means that the outcome is unknown.',
  execWithoutHooks: '"openclaw agent exec" fires none of these hooks.',
  wrappedCalls: 'A call through tool search is told twice: as itself and as the wrapper.',
  lostAfterCalls: 'Some setups lose the hook after a call (openclaw#155081).',
} as const;
