/** The soak's verdict, and what it is drawn from. */
import { grouped } from '../progress.ts';
import { failures, type Sample, type Soak, type Watched } from '../soak/soak.ts';
import { table } from './table.ts';

const NAMES: Readonly<Record<Watched, string>> = {
  rss_mb: 'memory, MB',
  heap_mb: 'heap of the main thread, MB',
  handles: 'open file handles',
  lag: 'events that the index lags behind',
};

export function soakSection(soak: Soak | undefined): string {
  if (!soak) return '## Soak\nNot run yet: `npm run soak`.';
  const { minutes, rate, at, revision, acknowledged, counted, verified, samples } = soak;
  const failed = failures(soak);
  const verdict =
    failed.length === 0 ? 'Passed: nothing grew.' : `**Failed**: ${failed.join('; ')}.`;
  const trends = soak.trends.map(({ of, mean, rise, noise, tolerance, grew }) => [
    NAMES[of],
    `${samples.at(0)?.[of] ?? '–'} / ${samples.at(-1)?.[of] ?? '–'}`,
    ...[mean, rise, noise, tolerance].map((value) => grouped(value)),
    grew ? '**grew**' : 'steady',
  ]);
  const heads = ['', 'first / last', 'mean', 'rise', 'noise', 'tolerance', ':verdict'];
  return `## Soak
${minutes} minutes at ${grouped(rate)} events/s with two searches a second, ${at.slice(0, 10)},
revision ${revision}. ${verdict}

${grouped(acknowledged)} events were acknowledged and ${grouped(counted)} are in the trail; \`clawctl
verify\` found ${grouped(verified)} entries sound, the recorder’s own among them.

${table(heads, trends)}

Mean, rise and noise are of the second half, by a line through the means of twelve stretches: it
grew where the rise is beyond both the tolerance and three times the noise.

${table(['latency, ms', 'p50', 'p95', 'p99', 'max'], latencies(soak))}

Event loop of the server, 99th percentile of ten seconds: at the worst ${worst(samples)} ms. The
client was at most ${grouped(soak.late_max_ms)} ms late.`;
}

function latencies({ record, search }: Soak): string[][] {
  const row = (name: string, values: Soak['record']) => {
    return [name, ...['p50', 'p95', 'p99', 'max'].map((of) => grouped(values[of] ?? 0))];
  };
  return [row('a batch of 100 recorded', record), row('a search answered', search)];
}

function worst(samples: readonly Sample[]): number {
  return Math.max(0, ...samples.map(({ loop_p99_ms }) => loop_p99_ms));
}
