/** Which family a telemetry record is of, and what it becomes; metrics become nothing. */
import type { AdaptContext, Adapted } from '../adapter.ts';
import { aiSdk } from './ai-sdk.ts';
import { claudeCode } from './claude-code.ts';
import { codex } from './codex.ts';
import type { Family } from './draft.ts';
import { gemini } from './gemini.ts';
import { genAi } from './gen-ai.ts';
import { generic } from './generic.ts';
import { opencode } from './opencode.ts';
import type { Metric, Telemetry } from './telemetry.ts';

/** The first that owns a record says what it becomes. Adding one is a file and a place here. */
const FAMILIES: readonly Family[] = [claudeCode, codex, gemini, aiSdk, opencode, genAi, generic];

/** Pure. Never throws for what a record holds, but for nesting that no event can have. */
export function adaptTelemetry(record: Telemetry | Metric, context: AdaptContext): Adapted {
  if (record.kind === 'metric') return { skipped: COUNTED };
  const family = FAMILIES.find(({ owns }) => owns(record)) ?? generic;
  return family.adapt(record, context);
}

/**
 * Whether the record's call may be known by its tool, arguments and order alone: what tells of
 * such calls must be adapted one after another, each knowing what the one before it made.
 */
export function isByOrder(record: Telemetry): boolean {
  return gemini.owns(record) && /(?:^|\.)tool_call$/.test(record.name);
}

const COUNTED = 'a metric sums up what log records and spans tell one by one';
