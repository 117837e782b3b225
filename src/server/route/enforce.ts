/** Holds a runtime's call back until it is decided: its own record in, its own answer out. */
import { z } from 'zod';
import type { Adapter } from '../../adapter/adapter.ts';
import type { Gate, Ruling } from '../../adapter/gate.ts';
import { layersOf } from '../../adapter/memory.ts';
import { adapterNamed } from '../../adapter/menu.ts';
import { given } from '../../adapter/record.ts';
import type { Draft } from '../../event/event.ts';
import { asFault, Fault } from '../../fault/fault.ts';
import { type Decision, MODES, type Mode, type Validate, WAIT_S } from '../../policy/lifecycle.ts';
import { excerpt } from '../../search/safe.ts';
import { actorOf, hold } from '../actor.ts';
import { blockedFact, refusalText } from '../blocked.ts';
import { adapt, capturedAt, keep } from '../capturing.ts';
import * as parameter from '../parameter.ts';
import { type Answer, type Call, route } from '../route.ts';
import { BATCH, inTurn, receive, split } from './ingest.ts';

export const enforce = route({
  method: 'POST',
  path: '/v1/enforce/:runtime',
  access: 'recorder',
  summary:
    'Records what a runtime hands over and, where it asks before a call, decides on it. The ' +
    "answer is the runtime's own; X-Claw-Allowed says whether the call may run.",
  faults: ['adapter.unknown', 'batch.invalid', 'event.invalid', 'event.too_large', 'queue.full'],
  body: BATCH,
  query: z.strictObject({
    ...parameter.tenant,
    mode: z.enum(MODES).default('enforce').meta({
      description: "What holds where the server has no setting of the agent's own.",
    }),
    wait_s: z.coerce
      .number('must be a number')
      .min(0)
      .max(WAIT_S)
      .default(0)
      .meta({ description: 'How long to wait for an approval, in seconds.' }),
  }),
  params: z.strictObject({ runtime: z.string().min(1).max(64) }),
  answer: { types: ['application/json'], schema: z.record(z.string(), z.unknown()) },
  handle: async (call) => {
    const adapter = adapterNamed(call.params.runtime);
    const { gate } = adapter;
    if (!gate) throw noGate(adapter);
    try {
      return await held({ call, adapter, gate });
    } catch (error) {
      const fault = asFault(error);
      // Whoever only watches goes on without an answer. A bug is told by the server's log.
      if (call.query.mode === 'observe' || fault.blame === 'internal') throw error;
      return answerOf(gate, { allowed: false, reason: undecided(fault) }, fault);
    }
  },
});

type Query = { readonly tenant?: unknown; readonly mode: Mode; readonly wait_s: number };
type Holding = {
  readonly call: Call<Query, unknown>;
  readonly adapter: Adapter;
  readonly gate: Gate;
};

function noGate({ runtime }: Adapter): Fault {
  return new Fault('adapter.unknown', `The hooks of ${runtime} cannot hold a call back.`, {
    field: 'runtime',
    hint: 'Ask with POST /v1/actions/validate.',
  });
}

/** The pending call is durable before anything is asked, and the decision before its answer. */
async function held({ call, adapter, gate }: Holding): Promise<Answer> {
  const { value, drafts } = await taken(call, adapter);
  if (!gate.asks(value)) return answerOf(gate, { allowed: true });
  const asked = drafts.find(({ type }) => type === 'tool_call');
  if (asked === undefined) throw new Fault('event.invalid', 'The record names no call.');
  const signal = hold(call, call.query.wait_s);
  const { mode, wait_s } = call.query;
  const { govern } = call.face.trail;
  const decision = await govern.validate(questionOf(asked, call.query), actorOf(call), signal);
  if (decision.allowed) return answerOf(gate, { allowed: true });
  const again = gate.asksAgain === true && isAwaited(decision);
  const waited_s = mode === 'enforce' && !again ? wait_s : 0;
  const reason = refusalText(decision, waited_s);
  const ruling = { allowed: false, reason, ...(again ? { pending: true } : {}) } as const;
  if (again) return answerOf(gate, ruling);
  // Nobody reads the answer: the hook that gave up blocks by itself, and says so later.
  if (call.signal.aborted) return answerOf(gate, ruling);
  const [fault] = await keep(call, [blockedFact(asked, decision, call.face.now())]);
  return answerOf(gate, ruling, fault);
}

/** Nothing has become of the call yet. */
function isAwaited({ outcome, approval }: Decision): boolean {
  return outcome === 'escalate' && approval?.state === 'pending';
}

/** One record, recorded as `/v1/capture` does; its room is free again while it waits. */
async function taken(
  call: Holding['call'],
  adapter: Adapter,
): Promise<{ readonly value: unknown; readonly drafts: readonly Draft[] }> {
  const seen = capturedAt(call.request.headers);
  const lease = call.face.budget.lease();
  try {
    const body = await receive(call, lease);
    return await inTurn(call, body, async () => {
      const { items } = await split(call, body);
      const [item] = items;
      if (!item || items.length > 1) throw notOne();
      if ('fault' in item) throw item.fault;
      const known = layersOf(call.face.calls.of(call.tenant));
      const drafts = adapt({ adapter, seen, known, call }, item.value);
      if (drafts instanceof Fault) throw drafts;
      const [fault] = await keep(call, drafts);
      if (fault) throw fault;
      return { value: item.value, drafts };
    });
  } finally {
    lease.end();
  }
}

function notOne(): Fault {
  return new Fault('batch.invalid', 'A body that asks for a decision holds one record.', {
    hint: 'Send records that ask nothing to /v1/capture.',
  });
}

function questionOf(asked: Draft, { mode, wait_s }: Query): Validate {
  const { session_id, parent_session_id, call_id, tool, agent } = asked;
  const cwd = asked.attributes?.['cwd'];
  if (tool === undefined) throw new Fault('event.invalid', 'The record names no tool.');
  return {
    session_id,
    ...given('parent_session_id', parent_session_id),
    ...given('call_id', call_id),
    tool,
    arguments: asked.arguments,
    ...(typeof cwd === 'string' && cwd !== '' ? { cwd: cwd.slice(0, 8192) } : {}),
    ...given('agent', agent),
    mode,
    wait_s,
  };
}

function undecided({ code, message }: Fault): string {
  return (
    `Claw could not decide on this call, so it was not run: ${excerpt(message, 500)} ` +
    `(${code}) Tell your user; clawctl doctor says more.`
  );
}

/** Headers say what the body says in each runtime's own way, for whoever relays it. */
function answerOf(gate: Gate, ruling: Ruling, fault?: Fault): Answer {
  return {
    kind: 'json',
    headers: {
      'x-claw-allowed': String(ruling.allowed),
      ...(fault ? { 'x-claw-fault': fault.code } : {}),
    },
    body: gate.answer(ruling),
  };
}
