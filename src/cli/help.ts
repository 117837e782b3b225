/** Commander's help, in the reader's language and for wide characters. */

import { stripVTControlCharacters } from 'node:util';
import type { HelpConfiguration } from 'commander';
import pc from 'picocolors';
import type { Key, Translate } from './screen/language.ts';
import { displayWidth, wrap } from './screen/width.ts';

/** Headings as commander hands them to `styleTitle`. */
const TITLES: Readonly<Record<string, Key>> = {
  'Usage:': 'help.usage',
  'Arguments:': 'help.arguments',
  'Options:': 'help.options',
  'Global Options:': 'help.global',
  'Commands:': 'help.commands',
};

/** Commander strips the colours again where the output has none. */
export function helpStyle(t: Translate): HelpConfiguration {
  const colours = pc.createColors(true);
  const words = (text: string) =>
    text
      .replace('[options]', `[${t('help.options_word')}]`)
      .replace('[command]', `[${t('help.command_word')}]`);
  return {
    showGlobalOptions: true,
    styleTitle: (title) => colours.bold(TITLES[title] ? t(TITLES[title]) : title),
    styleUsage: words,
    styleSubcommandTerm: (term) => colours.cyan(words(term)),
    styleOptionTerm: (term) => colours.cyan(term),
    styleArgumentTerm: (term) => colours.cyan(term),
    // Commander adds "(choices: …)" in English.
    optionDescription: ({ description, argChoices }) => listed(description, argChoices, t),
    argumentDescription: ({ description, argChoices }) => listed(description, argChoices, t),
    displayWidth: (text) => displayWidth(stripVTControlCharacters(text)),
    boxWrap: (text, width) =>
      text
        .split('\n')
        .flatMap((line) => wrap(line, width))
        .join('\n'),
  };
}

function listed(about: string, choices: readonly string[] | undefined, t: Translate): string {
  if (!choices || choices.every((choice) => about.includes(choice))) return about;
  return `${about} (${t('help.choices')}: ${choices.join(', ')})`;
}
