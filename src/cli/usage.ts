/** Commander's complaints as faults, so that they too are said in the reader's language. */
import type { CommanderError } from 'commander';
import type { Fault } from '../fault/fault.ts';
import { refuse } from './problem.ts';

/** Commander hands over code and English sentence; what is quoted in it are the particulars. */
export function usageFault({ code, message }: CommanderError): Fault {
  const quoted = [...message.matchAll(/'([^']*)'/g)].map((match) => match[1] ?? '');
  const [one = '', other = ''] = quoted;
  const similar = /\(Did you mean[^)]*\?\)/.exec(message)?.[0].replace('Did you mean ', '') ?? '';
  const hinted = similar === '' ? '' : ` ${similar}`;
  switch (code) {
    case 'commander.unknownOption':
      return refuse('usage.invalid', 'option', { flag: one, similar: hinted });
    case 'commander.unknownCommand':
      return refuse('usage.invalid', 'command', { word: one, similar: hinted });
    case 'commander.help':
      return refuse('usage.invalid', 'argument', { name: 'COMMAND' });
    case 'commander.missingArgument':
      return refuse('usage.invalid', 'argument', { name: one.toUpperCase() });
    case 'commander.optionMissingArgument':
      return refuse('usage.invalid', 'value', { flag: one });
    case 'commander.missingMandatoryOptionValue':
      return refuse('usage.invalid', 'required', { flag: one });
    case 'commander.excessArguments':
      return refuse('usage.invalid', 'excess');
    case 'commander.conflictingOption':
      return refuse('usage.invalid', 'conflict', { one, other });
    case 'commander.invalidArgument':
      return invalid(message, message.includes('command-argument') ? other : one);
    default:
      return refuse('usage.invalid', 'usage', { text: message.replace(/^error: /, '') });
  }
}

function invalid(message: string, named: string): Fault {
  const choices = /Allowed choices are (.*)\.$/.exec(message)?.[1];
  if (choices === undefined) {
    return refuse('usage.invalid', 'usage', { text: message.replace(/^error: /, '') });
  }
  return refuse('usage.invalid', 'choice', { option: named.split(' ')[0] ?? named, choices });
}
