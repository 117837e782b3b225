/** The adapters that Claw has: adding one is a new folder and one line here. */
import { Fault } from '../fault/fault.ts';
import type { Adapter } from './adapter.ts';
import { claudeCode } from './claude-code/claude-code.ts';
import { codex } from './codex/codex.ts';
import { gemini } from './gemini/gemini.ts';
import { openclaw } from './openclaw/openclaw.ts';
import { opencode } from './opencode/opencode.ts';

const ADAPTERS: readonly Adapter[] = [claudeCode, codex, gemini, opencode, openclaw];

/** Throws `adapter.unknown`. */
export function adapterNamed(runtime: string): Adapter {
  const adapter = ADAPTERS.find((one) => one.runtime === runtime);
  if (adapter) return adapter;
  throw new Fault('adapter.unknown', 'There is no adapter for this runtime.', {
    field: 'runtime',
    hint: `One of: ${ADAPTERS.map((one) => one.runtime).join(', ')}.`,
  });
}
