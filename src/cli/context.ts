/** Makes what commands work with, each thing when it is first asked for. */

import type { CommandTree, Context, Input } from './command/command.ts';
import { flag, option } from './command/command.ts';
import { openClock } from './screen/clock.ts';
import type { Language, Translate } from './screen/language.ts';
import type { Terminal } from './screen/terminal.ts';

export type ContextOptions = {
  readonly t: Translate;
  readonly language: Language;
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  readonly format: 'text' | 'json';
  readonly tree: () => Promise<CommandTree>;
  readonly input: Input;
};

/** Throws `usage.invalid` for a time zone that does not exist. */
export function openContext(options: ContextOptions): Context {
  const { t, language, terminal, env, format, tree, input } = options;
  const zone = flag(input, 'utc') ? 'UTC' : option(input, 'zone');
  let interrupted: AbortSignal | undefined;
  const place = async () => {
    const { findPlace } = await import('./reach/place.ts');
    return findPlace({
      env,
      url: option(input, 'url'),
      data: option(input, 'data'),
      token: option(input, 'token'),
    });
  };
  return {
    t,
    language,
    terminal,
    clock: openClock(zone === undefined ? { language } : { language, zone }),
    env,
    format,
    tree,
    connect: async () => {
      const { openClient } = await import('./reach/client.ts');
      const found = await place();
      if (found.exposed) {
        terminal.note({ text: t('connect.plain', { url: found.url }), style: 'warn' });
      }
      return openClient({ ...found, tenant: option(input, 'tenant') });
    },
    dataFolder: async () => (await place()).data,
    interruption: () => {
      interrupted ??= interruption();
      return interrupted;
    },
  };
}

/** The second signal ends the process the hard way: a command that hangs must not hold anybody. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(130);
      controller.abort();
    });
  }
  return controller.signal;
}
