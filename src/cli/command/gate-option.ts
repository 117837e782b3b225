/** The options of commands that hold what policy has to decide. */
import type { CommandOption } from './command.ts';

export const GATE_OPTIONS: readonly CommandOption[] = [
  { flags: '--enforce', about: 'command.option.relayEnforce' },
  { flags: '--mode <mode>', about: 'command.option.relayMode', choices: ['observe', 'enforce'] },
  { flags: '--approval-wait <seconds>', about: 'command.option.relayWait' },
];
