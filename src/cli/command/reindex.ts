/** `clawctl reindex`: the search index made anew out of journal and archive. */
import { existsSync } from 'node:fs';
import { loadConfig } from '../../trail/config.ts';
import { openParts } from '../../trail/part.ts';
import { refuse, report } from '../problem.ts';
import { version } from '../version.ts';
import type { Command } from './command.ts';

/** How often the progress is shown, in milliseconds. */
const STEP_MS = 200;

export const reindex: Command = {
  examples: ['clawctl reindex', 'clawctl reindex --data /srv/claw/data'],
  run: async (context) => {
    const { t, terminal, format, env } = context;
    const data = await context.dataFolder();
    if (!existsSync(data)) throw refuse('data.missing', 'noData', { data });
    const config = loadConfig({ flags: { data }, env });
    const parts = await openParts({
      config,
      version: version(),
      now: Date.now,
      onFault: (fault) => report(fault, context),
      index: 'rebuild',
    });
    try {
      const events = parts.journal.head();
      const progress = await terminal.progress(t('reindex.label'), events);
      while (parts.indexer.cursor() < events) {
        await parts.indexer.reach(events, STEP_MS);
        progress.at(parts.indexer.cursor());
        const failure = parts.indexer.failure();
        if (failure) throw failure;
      }
      progress.stop();
      if (format === 'json') terminal.json({ data, events });
      else terminal.line({ text: t('reindex.done', { count: events }), style: 'good' });
    } finally {
      await parts.close();
    }
  },
};
