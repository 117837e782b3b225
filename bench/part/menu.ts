/** Every part, in the order of a whole run: what needs an empty trail comes first. */
import { adapter } from './adapter.ts';
import { batch } from './batch.ts';
import { decision } from './decision.ts';
import { exporting } from './export.ts';
import { latency } from './latency.ts';
import { memory } from './memory.ts';
import type { Part } from './part.ts';
import { pino } from './pino.ts';
import { policy } from './policy.ts';
import { postgres } from './postgres.ts';
import { proxy } from './proxy.ts';
import { reindex } from './reindex.ts';
import { scan } from './scan.ts';
import { sdk } from './sdk.ts';
import { search } from './search.ts';
import { shim } from './shim.ts';
import { sqlite } from './sqlite.ts';
import { start } from './start.ts';
import { sustained } from './sustained.ts';
import { verify } from './verify.ts';

export const PARTS: readonly Part[] = [
  latency,
  decision,
  policy,
  sustained,
  batch,
  search,
  memory,
  exporting,
  verify,
  reindex,
  start,
  sdk,
  shim,
  adapter,
  proxy,
  pino,
  sqlite,
  postgres,
  scan,
];
