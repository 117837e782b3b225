/** `clawctl timeline`: the story of a session, oldest first, sub-agents indented. */

import { openEchoes } from '../../search/echo.ts';
import type { Row, TimelineResult } from '../../trail/trail.ts';
import type { Client } from '../reach/client.ts';
import { findTimeline } from '../reach/resolve.ts';
import { showSession } from '../screen/session.ts';
import { openStory } from '../screen/story.ts';
import { argument, type Command, type Context, whole } from './command.ts';

const PAGE = 500;
/** Events of a session that are shown unless more are asked for. */
const MOST = 10_000;

export const timeline: Command = {
  arguments: [{ name: '<session>', about: 'command.argument.session' }],
  options: [{ flags: '--limit <n>', about: 'command.option.events' }],
  examples: ['clawctl timeline 3f0a1b2c', 'clawctl timeline 3f0a1b2c --utc --json'],
  run: async (context, input) => {
    const most = whole(input, 'limit', { least: 1, most: 1_000_000 }) ?? MOST;
    const client = await context.connect();
    const first = await findTimeline(client, argument(input), { limit: Math.min(PAGE, most) });
    const pages = { client, first, most };
    if (context.format === 'json') return asJson(context, pages);
    await asStory(context, pages);
  },
};

type Pages = {
  readonly client: Client;
  readonly first: TimelineResult;
  readonly most: number;
};

async function asJson({ terminal }: Context, { client, first, most }: Pages): Promise<void> {
  const events: Row[] = [];
  let last = first;
  for await (const page of pagesOf({ client, first, most })) {
    events.push(...page.events);
    last = page;
  }
  const { read_to, cursor } = last;
  const more = cursor === undefined ? {} : { cursor };
  terminal.json({ session: first.session, events, ...more, read_to });
}

async function asStory(context: Context, pages: Pages): Promise<void> {
  const { t, terminal } = context;
  showSession(context, pages.first.session);
  const story = openStory(context, pages.first.session.session_id);
  const echoes = openEchoes<Row>();
  let last = pages.first;
  for await (const page of pagesOf(pages)) {
    for (const row of page.events) for (const told of echoes.take(row)) story.tell(told);
    last = page;
  }
  for (const told of echoes.end()) story.tell(told);
  const { indexed, recorded, complete } = last.read_to;
  if (!complete) {
    terminal.note({ text: t('search.lagging', { indexed, recorded }), style: 'warn' });
  }
  if (last.cursor !== undefined) {
    terminal.note({ text: t('timeline.limited', { count: pages.most }), style: 'warn' });
  }
}

async function* pagesOf({ client, first, most }: Pages): AsyncGenerator<TimelineResult> {
  let page = first;
  let left = most - page.events.length;
  yield page;
  while (page.cursor !== undefined && left > 0) {
    page = await findTimeline(client, first.session.session_id, {
      limit: Math.min(PAGE, left),
      cursor: page.cursor,
    });
    left -= page.events.length;
    yield page;
  }
}
