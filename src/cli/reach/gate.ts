/** The way to Claw's decisions for commands that hold actions: same server and token as all. */
import type { Mode } from '../../policy/lifecycle.ts';
import { type Gate, openGate } from '../../proxy/gate.ts';
import { settings } from '../../sdk/option.ts';
import { openWire } from '../../sdk/wire.ts';
import { type Context, flag, type Input, option, whole } from '../command/command.ts';
import { refuse } from '../problem.ts';
import { findPlace } from './place.ts';

export type Deciding = { readonly gate: Gate | undefined; readonly close: () => void };

/** The longest that a proxy holds an action, in seconds; shorter than most clients wait. */
const WAIT = { standard: 50, most: 600 };

/**
 * No gate where neither `--enforce` nor `--mode` was given. Throws where there is no token: a proxy
 * that may not ask could only refuse everything.
 */
export async function openDeciding(context: Context, input: Input): Promise<Deciding> {
  const mode = modeOf(input);
  const wait_s = whole(input, 'approvalWait', { least: 0, most: WAIT.most });
  if (mode === undefined) {
    if (wait_s !== undefined)
      throw refuse('usage.invalid', 'needsMode', { one: '--approval-wait' });
    return { gate: undefined, close: () => {} };
  }
  const { env } = context;
  const named = { url: option(input, 'url'), data: option(input, 'data') };
  const place = await findPlace({ env, ...named, token: option(input, 'token') });
  const wire = openWire(settings({ url: place.url, token: await place.token() }, env));
  // Without an id of its own, the call's id makes the question the same as the hook's.
  const ask: Parameters<typeof openGate>[0]['ask'] = (request, options) =>
    wire.post('v1/actions/validate', request, options);
  return { gate: openGate({ mode, wait_s: wait_s ?? WAIT.standard, ask }), close: wire.close };
}

/** What became of what was held, where anything was. */
export function tellGate({ t, terminal, format }: Context, gate: Gate | undefined): void {
  if (gate === undefined || format === 'json') return;
  terminal.note(t('relay.gateClosed', gate.counts()));
}

function modeOf(input: Input): Mode | undefined {
  const mode = option(input, 'mode');
  const enforce = flag(input, 'enforce');
  if (enforce && mode === 'observe') {
    throw refuse('usage.invalid', 'conflict', { one: '--enforce', other: '--mode observe' });
  }
  return enforce || mode === 'enforce' ? 'enforce' : mode === 'observe' ? 'observe' : undefined;
}
