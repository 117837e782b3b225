/** `clawctl completion`: a script that completes commands and options in a shell. */
import { completionFor, SHELLS } from '../completion.ts';
import { refuse } from '../problem.ts';
import { argument, type Command } from './command.ts';

export const completion: Command = {
  arguments: [{ name: '<shell>', about: 'command.argument.shell', choices: Object.keys(SHELLS) }],
  examples: [
    'clawctl completion bash > ~/.local/share/bash-completion/completions/clawctl',
    'clawctl completion zsh > ~/.zsh/completions/_clawctl',
    'clawctl completion fish > ~/.config/fish/completions/clawctl.fish',
  ],
  run: async ({ tree, terminal }, input) => {
    const shell = argument(input);
    const script = completionFor(shell, await tree());
    if (script === undefined) throw refuse('usage.invalid', 'shell', { shell });
    await terminal.raw(script);
  },
};
