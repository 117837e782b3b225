/** `clawctl status`: what the server holds, and how far each follower has read. */
import type { TenantStatus, TrailStatus } from '../../trail/trail.ts';
import { size } from '../screen/value.ts';
import type { Command, Context } from './command.ts';

/** A reader of one tenant is not told where the data lies. */
type Status = Omit<TrailStatus, 'data'> & Partial<Pick<TrailStatus, 'data'>>;

export const status: Command = {
  examples: ['clawctl status', 'clawctl status --url https://claw.example.com --json'],
  run: async (context) => {
    const client = await context.connect();
    const found = await client.get<Status>('/v1/status');
    if (context.format === 'json') return context.terminal.json(found);
    show(context, found, client.url);
    await tenants(context, found.tenants);
  },
};

function show({ t, terminal, clock }: Context, found: Status, url: string): void {
  const { version, data, started_at, journal, engine, queue } = found;
  terminal.line({ text: t('status.server', { version, url }), style: 'bold' });
  terminal.line(t('status.since', { time: `${clock.stamp(started_at)} ${clock.zone}` }));
  if (data !== undefined) terminal.line(t('status.data', { data }));
  const { state, head, bytes, recovered_bytes } = journal;
  terminal.line({
    text: t('status.journal', { state, head, size: size(bytes) }),
    style: state === 'open' ? 'plain' : 'alarm',
  });
  if (recovered_bytes > 0) {
    const removed = t('status.recovered', { size: size(recovered_bytes) });
    terminal.line({ text: `  ${removed}`, style: 'warn' });
  }
  const { rows, files, lag } = engine;
  terminal.line({
    text: t('status.engine', { rows, files, size: size(engine.bytes), lag }),
    style: lag > 0 ? 'warn' : 'plain',
  });
  if (engine.failure) {
    terminal.line({
      text: t('status.stopped', { reason: engine.failure.message }),
      style: 'alarm',
    });
  }
  terminal.line(t('status.queue', { events: queue.events, limit: queue.limit }));
}

async function tenants(
  { t, terminal, clock }: Context,
  found: readonly TenantStatus[],
): Promise<void> {
  if (found.length === 0) return;
  const columns = [
    { title: t('label.tenant') },
    { title: t('label.recorded'), align: 'right' },
    { title: t('label.treeSize'), align: 'right' },
    { title: t('label.checkpoint') },
  ] as const;
  terminal.line();
  await terminal.table(
    columns,
    found.map(({ tenant, recorded, tree_size, checkpoint_at: at }) => [
      { text: tenant, style: 'name' },
      String(recorded),
      { text: String(tree_size), style: tree_size < recorded ? 'warn' : 'plain' },
      { text: at === undefined ? t('status.never') : clock.stamp(at), style: 'dim' },
    ]),
  );
}
