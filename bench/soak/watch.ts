/** Looks at a server under load now and then, through its own metrics. */
import { setTimeout as pause } from 'node:timers/promises';
import { grouped } from '../progress.ts';
import type { Server } from '../server.ts';
import type { Load } from './load.ts';
import type { Sample } from './soak.ts';

const MEGABYTE = 1e6;
const EVERY_MS = 10_000;

/** Samples until the load is over, each also shown. */
export async function watch(server: Server, load: Load): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  const over = load.done.then(() => 'over' as const);
  const began = performance.now();
  for (;;) {
    const due = began + (samples.length + 1) * EVERY_MS;
    const waiting = pause(Math.max(0, due - performance.now()), 'due' as const);
    if ((await Promise.race([waiting, over])) === 'over') return samples;
    const sample = await sampleOf(server, load, (performance.now() - began) / 1000);
    samples.push(sample);
    show(sample);
  }
}

async function sampleOf(server: Server, load: Load, at_s: number): Promise<Sample> {
  const text = await server.get('/metrics');
  const metric = (name: string) =>
    Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, 'm').exec(text)?.[1] ?? 0);
  const { record, search } = load.recent();
  const counts = [...load.acknowledged().values()];
  return {
    at_s: Math.round(at_s),
    rss_mb: Math.round(metric('process_resident_memory_bytes') / MEGABYTE),
    heap_mb: Math.round(metric('nodejs_heap_size_used_bytes') / MEGABYTE),
    handles: metric('process_open_fds'),
    lag: metric('claw_engine_lag_events'),
    loop_p99_ms: Math.round(metric('nodejs_eventloop_lag_p99_seconds') * 10_000) / 10,
    record_p50_ms: record['p50'] ?? 0,
    record_p99_ms: record['p99'] ?? 0,
    search_p50_ms: search['p50'] ?? 0,
    search_p99_ms: search['p99'] ?? 0,
    acknowledged: counts.reduce((sum, count) => sum + count, 0),
  };
}

function show(sample: Sample): void {
  const { at_s, rss_mb, heap_mb, handles, lag, acknowledged } = sample;
  const { record_p50_ms, record_p99_ms, search_p50_ms, search_p99_ms } = sample;
  console.log(
    `${at_s} s: ${grouped(acknowledged)} events, ${rss_mb} MB (heap ${heap_mb}), ` +
      `${handles} handles, lag ${grouped(lag)}, record ${record_p50_ms}/${record_p99_ms} ms, ` +
      `search ${search_p50_ms}/${search_p99_ms} ms`,
  );
}
