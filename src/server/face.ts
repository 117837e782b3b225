/** What every route of the server shares: the trail, who may call, limits, and what it counts. */
import { type CallMemory, rememberCalls } from '../adapter/memory.ts';
import { DEFAULT_TENANT } from '../event/event.ts';
import type { Credentials } from '../trail/credential.ts';
import { type Gate, openGate } from '../trail/gate.ts';
import type { Trail, TrailStatus } from '../trail/trail.ts';
import { type Budget, openBudget } from './budget.ts';
import { type Gaps, openGaps } from './gap.ts';
import { type Metrics, openMetrics } from './metric.ts';
import { type Notebook, openNotebook } from './notebook.ts';
import { LIMITS, type Limits, type ServerOptions } from './option.ts';
import { openSlots, type Slots } from './slot.ts';
import { openTurns, type Turns } from './turn.ts';

export type Face = {
  readonly trail: Trail;
  readonly credentials: Credentials;
  readonly version: string;
  readonly limits: Limits;
  readonly defaultTenant: string;
  readonly ledgerPublic: boolean;
  /** It listens on loopback: `/metrics` needs no token, and the Host header is checked. */
  readonly loopback: boolean;
  /** Bytes of requests, and of answers. */
  readonly budget: Budget;
  readonly answers: Budget;
  /** Passed by large bodies. */
  readonly gate: Gate;
  readonly metrics: Metrics;
  readonly notebook: Notebook;
  /** What adapters may ask about calls that were recorded. */
  readonly calls: CallMemory;
  /** By tenant: telemetry whose calls are told apart by their order alone. */
  readonly telemetry: Turns;
  /** Told of all telemetry that arrives. */
  readonly gaps: Gaps;
  readonly tails: Slots;
  readonly exports: Slots;
  readonly mcp: Slots;
  /** The trail's status, at most a second old: anybody may ask for it. */
  readonly status: () => Promise<TrailStatus>;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Aborts when the server closes. */
  readonly closing: AbortSignal;
};

const STATUS_AGE_MS = 1000;

export function openFace(
  options: ServerOptions & { readonly loopback: boolean; readonly closing: AbortSignal },
): Face {
  const { trail, credentials, version, loopback, closing, now = Date.now } = options;
  const limits = { ...LIMITS, ...options.limits };
  const defaultTenant = options.defaultTenant ?? DEFAULT_TENANT;
  const metrics = openMetrics();
  return {
    trail,
    credentials,
    version,
    limits,
    defaultTenant,
    ledgerPublic: options.ledgerPublic ?? false,
    loopback,
    budget: openBudget({ ...limits, limit_bytes: limits.inflight_bytes, now }),
    answers: openBudget({ ...limits, limit_bytes: limits.answer_bytes, now }),
    gate: openGate({ at_once: limits.large_bodies, waiting: limits.connections }),
    metrics,
    notebook: openNotebook({ trail, limits, metrics, tenant: defaultTenant, now }),
    calls: rememberCalls(limits.known_calls),
    telemetry: openTurns(),
    gaps: openGaps({ trail, limits, now }),
    tails: openSlots('live tails', limits.tails),
    exports: openSlots('exports', limits.exports),
    mcp: openSlots('MCP requests', limits.mcp_requests),
    status: cached(() => trail.status(), now),
    now,
    closing,
  };
}

function cached<T>(make: () => Promise<T>, now: () => number): () => Promise<T> {
  let at_ms = Number.NEGATIVE_INFINITY;
  let value: Promise<T> | undefined;
  return () => {
    if (value && Math.abs(now() - at_ms) < STATUS_AGE_MS) return value;
    at_ms = now();
    value = make();
    return value;
  };
}
