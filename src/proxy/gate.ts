/** Asks Claw whether an action may be done, for a proxy that holds it until then. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Draft } from '../event/event.ts';
import { isObject } from '../event/name.ts';
import type { Approval, Decision, Mode, Validate } from '../policy/lifecycle.ts';

export type Gate = {
  /** Never rejects. `waiting` is called once where a person has to approve. */
  readonly decide: (action: GateAction, about?: About) => Promise<Ruling>;
  readonly counts: () => GateCounts;
};

/** What is asked: `call_id` makes asking again the same question. */
export type GateAction = Omit<Validate, 'mode' | 'wait_s' | 'approval' | 'call_id'> & {
  readonly call_id: string;
};

export type About = {
  readonly signal?: AbortSignal | undefined;
  readonly waiting?: ((approval: Approval | undefined) => void) | undefined;
};

export type Ruling = { readonly allowed: true } | Refusal;

export type Refusal = {
  readonly allowed: false;
  /** For whoever asked: what was refused, by what, why, and what may be done about it. */
  readonly text: string;
  /** As the call's own fact records it. */
  readonly decision: NonNullable<Draft['decision']>;
};

export type GateCounts = {
  readonly refused: number;
  /** Actions that nobody decided: refused where the proxy enforces, else passed. */
  readonly undecided: number;
};

export type GateOptions = {
  /** What holds where nobody decides; the server may have set another mode for the agent. */
  readonly mode: Mode;
  /** How long an action is held for an approval, in seconds. */
  readonly wait_s: number;
  /** `validate_action`, unread. */
  readonly ask: Ask;
  readonly limits?: Partial<GateLimits>;
};

export type Ask = (
  request: Validate,
  options: { readonly timeout_ms: number; readonly signal: AbortSignal },
) => Promise<unknown>;

export type GateLimits = {
  /** For an answer that waits for nobody, in milliseconds. */
  readonly answer_ms: number;
  /** Actions that are asked about at once, and those that wait for their turn. */
  readonly asking: number;
  readonly queued: number;
  /** Actions that are held for an approval at once. */
  readonly waiting: number;
};

const LIMITS: GateLimits = { answer_ms: 10_000, asking: 32, queued: 2000, waiting: 500 };

type State = GateOptions & {
  readonly limit: GateLimits;
  readonly queue: (() => void)[];
  asking: number;
  waiting: number;
  refused: number;
  undecided: number;
};

/**
 * Only `allowed: true` lets an action pass. A server that is away, busy or answers something else
 * refuses it in `enforce`, and lets it go on in `observe`.
 */
export function openGate(options: GateOptions): Gate {
  const limit = { ...LIMITS, ...options.limits };
  const counters = { asking: 0, waiting: 0, refused: 0, undecided: 0 };
  const state: State = { ...options, limit, queue: [], ...counters };
  return {
    decide: async (action, about = {}) => {
      const ruling = await ruled(state, action, about);
      if (!ruling.allowed) state.refused++;
      return ruling;
    },
    counts: () => ({ refused: state.refused, undecided: state.undecided }),
  };
}

async function ruled(state: State, action: GateAction, about: About): Promise<Ruling> {
  try {
    const first = await asked(state, action, about.signal);
    if (first.allowed) return { allowed: true };
    const last = isPending(first) ? await held(state, { action, first, ...about }) : first;
    return last.allowed ? { allowed: true } : refusalOf(action.tool, last);
  } catch (error) {
    state.undecided++;
    if (state.mode === 'observe') return { allowed: true };
    return undecided(action.tool, error);
  }
}

async function asked(
  state: State,
  action: GateAction,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  await turn(state);
  try {
    return await put(
      state,
      { ...action, wait_s: 0 },
      { timeout_ms: state.limit.answer_ms, signal },
    );
  } finally {
    state.asking--;
    state.queue.shift()?.();
  }
}

/** One after another where too many are asked about; `asking` is taken when it resolves. */
async function turn(state: State): Promise<void> {
  const { queue, limit } = state;
  if (state.asking >= limit.asking) {
    if (queue.length >= limit.queued) throw new Error('too many actions wait for a decision');
    await new Promise<void>((resolve) => queue.push(resolve));
  }
  state.asking++;
}

/** No answer is held for longer: what stands between may cut a silent connection. */
const SLICE_MS = 30_000;
/** Between two attempts while a server that an approval was asked of is away. */
const AGAIN_MS = 1000;

type Held = About & { readonly action: GateAction; readonly first: Answer };

/** Asked again until somebody has decided: the same question has the same approval. */
async function held(state: State, { action, first, signal, waiting }: Held): Promise<Answer> {
  const { wait_s, limit } = state;
  const end_ms = performance.now() + wait_s * 1000;
  const left_ms = () => Math.max(0, end_ms - performance.now());
  if (wait_s <= 0 || state.waiting >= limit.waiting) return first;
  waiting?.(first.approval);
  state.waiting++;
  try {
    for (let last = first; ; ) {
      const slice_ms = Math.min(SLICE_MS, left_ms());
      const patience = { timeout_ms: slice_ms + limit.answer_ms, signal };
      try {
        last = await put(state, { ...action, wait_s: slice_ms / 1000 }, patience);
        if (!isPending(last) || left_ms() === 0) return last;
      } catch (error) {
        if (left_ms() === 0 || signal?.aborted) throw error;
        await pause(Math.min(AGAIN_MS, left_ms()), undefined, signal && { signal });
      }
    }
  } finally {
    state.waiting--;
  }
}

function isPending({ outcome, allowed, approval }: Answer): boolean {
  return !allowed && outcome === 'escalate' && approval?.state === 'pending';
}

type Patience = { readonly timeout_ms: number; readonly signal: AbortSignal | undefined };

async function put(
  { ask, mode }: State,
  request: Validate,
  { timeout_ms, signal }: Patience,
): Promise<Answer> {
  signal?.throwIfAborted();
  const own = AbortSignal.timeout(timeout_ms);
  const both = signal === undefined ? own : AbortSignal.any([own, signal]);
  const stopped = new Promise<never>((_, reject) => {
    both.addEventListener('abort', () => reject(both.reason), { once: true });
  });
  const answer = ask({ ...request, mode }, { timeout_ms, signal: both });
  return answerOf(await Promise.race([answer, stopped]));
}

type Answer = Pick<Decision, 'outcome' | 'allowed' | 'reason' | 'policy_ids'> & {
  readonly policy_version: string | undefined;
  readonly approval: Approval | undefined;
};

/** Throws for what is no decision. */
function answerOf(value: unknown): Answer {
  const fields = isObject(value) ? value : {};
  const { outcome, allowed, reason, policy_ids, policy_version, approval } = fields;
  const known = outcome === 'permit' || outcome === 'deny' || outcome === 'escalate';
  if (!known || typeof allowed !== 'boolean') throw new Error('its answer is no decision');
  const ids = Array.isArray(policy_ids) ? policy_ids.filter((id) => typeof id === 'string') : [];
  return {
    outcome,
    allowed,
    reason: typeof reason === 'string' ? reason : '',
    policy_ids: ids,
    policy_version: typeof policy_version === 'string' ? policy_version : undefined,
    approval: isObject(approval) ? (approval as Approval) : undefined,
  };
}

/** A model that reads it knows what not to do, and what would help. */
function refusalOf(tool: string, answer: Answer): Refusal {
  const { outcome, reason, policy_ids, policy_version, approval } = answer;
  const pending = approval?.state === 'pending';
  const parts = [
    `Claw refused this call of ${line(tool, 200)}: it was not run.`,
    ...(reason === '' ? [] : [`Reason: ${line(reason, 1000)}`]),
    ...(policy_ids.length === 0 ? [] : [`Policy: ${line(policy_ids.join(', '), 500)}.`]),
    ...(approval === undefined ? [] : [approvalText(approval)]),
    pending
      ? 'Tell the user that it waits for approval; once it is approved, make the same call again.'
      : 'Do not try to reach the same by other means; tell the user why it was refused.',
  ];
  const decision = {
    outcome: outcome === 'permit' ? ('deny' as const) : outcome,
    by: 'policy' as const,
    policy_ids: [...policy_ids],
    ...(policy_version === undefined ? {} : { policy_version }),
    reason,
  };
  return { allowed: false, text: parts.join(' '), decision };
}

function approvalText({ approval_id, state, expires_at }: Approval): string {
  const until = state === 'pending' ? `, until ${line(`${expires_at}`, 40)}` : '';
  return `Approval ${line(`${approval_id}`, 200)} is ${line(`${state}`, 20)}${until}.`;
}

/** Nothing passes undecided. */
function undecided(tool: string, error: unknown): Refusal {
  const why = error instanceof Error ? error.message || error.name : 'it failed';
  const reason = `Claw could not decide: ${line(why, 300)}.`;
  const text =
    `This call of ${line(tool, 200)} was not run: nothing passes without a decision, and none ` +
    `could be had. ${reason} Tell the user; the same call may be made again later.`;
  return { allowed: false, text, decision: { outcome: 'deny', by: 'config', reason } };
}

/** One line without what steers a terminal. */
function line(text: string, most: number): string {
  const plain = text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim();
  return plain.length > most ? `${plain.slice(0, most)}…` : plain;
}
