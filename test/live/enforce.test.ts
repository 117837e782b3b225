/** Real agents with hooks, held to Claw's decisions by what `clawctl install --enforce` puts in. */
import { suite, test } from 'node:test';
import { proveClosed, proveHeld, type Said, type Shell } from './governed.ts';
import { missing, type Runtime, runtimeNamed } from './runtime.ts';

const SAID: Said = {
  ran: 'success',
  late: /Claw holds this call back \(policy destructive-needs-approval\).*nobody decided within 20 s/,
  away: /Claw could not be reached \(http:[^)]*\), so this call was not run/,
  recorded: /Claw could not be reached, and the hook blocks what nobody decided/,
};

type Held = { readonly runtime: Runtime; readonly shell: Shell; readonly said: Said };

const claude = runtimeNamed('claude-code');
const HELD: readonly Held[] = [
  {
    // It asks nobody about its shell: Claw alone stands between a call and the machine.
    runtime: { ...claude, args: (prompt) => [...claude.args(prompt), '--allowedTools', 'Bash'] },
    shell: (command) => ({ tool: 'Bash', input: { command, description: 'a command' } }),
    said: SAID,
  },
  {
    runtime: runtimeNamed('codex'),
    shell: (cmd) => ({ tool: 'exec_command', input: { cmd } }),
    // Its hook does not tell how a command exited.
    said: { ...SAID, ran: 'unknown' },
  },
  {
    runtime: runtimeNamed('gemini'),
    shell: (command) => ({
      tool: 'run_shell_command',
      input: { command, description: 'a command' },
    }),
    said: SAID,
  },
];

for (const { runtime, shell, said } of HELD) {
  suite(`the real ${runtime.name}, held`, { skip: missing(runtime) }, () => {
    test('runs what is permitted or approved, and nothing else', () =>
      proveHeld(runtime, shell, said));
    test('runs nothing while Claw is dead, and tells so later', () =>
      proveClosed(runtime, shell, said));
  });
}
