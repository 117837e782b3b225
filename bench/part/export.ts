/** How fast rows leave: every tenant's as NDJSON, and as CSV. */
import { perSecond, timed } from '../measure.ts';
import { startMeter } from '../process.ts';
import type { Server } from '../server.ts';
import type { Ground, Part } from './part.ts';

const LF = 0x0a;
/** Lines that are no rows: what NDJSON says of its coverage and its end, the names of CSV. */
const OTHER_LINES = { ndjson: 2, csv: 1 };
/** CSV is measured on so many events; what is beyond it takes long and says nothing new. */
const CSV_EVENTS = 1_000_000;

export const exporting: Part = {
  name: 'export',
  about: 'GET /v1/export of every tenant as NDJSON; as CSV up to a million events',
  run: async (ground) => {
    await ground.filled();
    await measure(ground, 'ndjson', Number.POSITIVE_INFINITY);
    await measure(ground, 'csv', CSV_EVENTS);
  },
};

type Format = keyof typeof OTHER_LINES;

async function measure(ground: Ground, format: Format, most: number): Promise<void> {
  const server = await ground.serving();
  const { tenants } = await server.status();
  const recorded = tenants.reduce((sum, tenant) => sum + tenant.recorded, 0);
  const shown = ground.progress(`exporting ${format}`, Math.min(most, recorded));
  const spent = startMeter({ server: server.cpu_s });
  let covered = 0;
  let rows = 0;
  const ms = await timed(async () => {
    for (const { tenant, recorded: held } of tenants) {
      if (covered >= most) break;
      const path = `/v1/export?format=${format}&tenant=${tenant}`;
      rows += (await linesOf(server, path)) - OTHER_LINES[format];
      covered += held;
      shown.at(covered);
    }
  });
  shown.stop();
  ground.note(`export.${format}`, {
    values: { value: perSecond(rows, ms), rows, events: covered },
    cpu_s: spent(),
  });
}

async function linesOf(server: Server, path: string): Promise<number> {
  let lines = 0;
  await server.stream(path, (bytes) => {
    for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) lines++;
  });
  return lines;
}
