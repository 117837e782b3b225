// Asks Claw before a tool runs, and says whether it may. What Claw answers alone decides; without
// an answer an enforced call is blocked. Plain JavaScript without imports: it is put inside others.

/** Milliseconds for a decision that waits for nobody; it is asked for again where it fails. */
const ASK_MS = { enforce: 8000, observe: 2000 };
/** How long one request waits for an approval: less than what any client gives up after. */
const SLICE_S = 25;
const GRACE_MS = 5000;
/** An approval goes on being waited for while the server is away this long. */
const AWAY_MS = 15_000;
const PAUSE_MS = 300;
/** As the server has it. */
const WAIT_MOST_S = 600;
const REASON_CHARS = 2000;
/** Calls that are known to have been blocked here. */
const BLOCKED = 1000;
/** Of the call's own time, where the disk hangs. */
const KEEP_MS = 2000;

/**
 * @typedef {Record<string, unknown>} Json
 * @typedef {{ allowed: true } | { allowed: false, reason: string }} Verdict
 * @typedef {{ status: number, body?: unknown, fault?: string, tooLarge?: boolean }} Reply
 *
 * @typedef {object} Line what the gate needs of the sender
 * @property {(record: Json) => Json} stamp
 * @property {(record: Json) => void} record
 * @property {(record: Json, limit_ms: number) => Promise<void>} keep
 * @property {(record: Json, asking: { query: string, limit_ms: number, signal?: AbortSignal | undefined }) => Promise<Reply>} ask
 *
 * @typedef {object} Gate
 * @property {'enforce' | 'observe'} mode
 * @property {number} limit_ms the longest that `ask` takes
 * @property {(record: Json, call: { id: unknown, signal?: AbortSignal | undefined }) => Promise<Verdict>} ask
 *   never throws; the record is kept for the trail, whatever comes of it
 * @property {(record: Json, id: unknown) => Json} mark says of a record of a call that was blocked
 *   here that it was: what its runtime tells of that is no other decision
 */

/**
 * Undefined where nothing is to be asked: calls are only recorded.
 * @param {{ mode?: unknown, wait_s?: unknown }} settings a mode that is not known enforces
 * @param {Line} sender
 * @returns {Gate | undefined}
 */
export function openGate({ mode: wanted, wait_s }, sender) {
  if (wanted === undefined || wanted === null) return undefined;
  const mode = wanted === 'observe' ? 'observe' : 'enforce';
  const wait_ms = 1000 * waitIn(wait_s);
  const blocked = new Set();
  return {
    mode,
    limit_ms: wait_ms + ASK_MS[mode] + KEEP_MS + 3 * GRACE_MS,
    ask: async (record, { id, signal }) => {
      const verdict = await judged({ mode, wait_ms, sender, signal }, record);
      if (verdict.allowed) return verdict;
      if (typeof id === 'string') blocked.add(id);
      if (blocked.size > BLOCKED) blocked.delete([...blocked][0]);
      return verdict;
    },
    mark: (record, id) => (blocked.has(id) ? { ...record, claw: 'blocked' } : record),
  };
}

/** @param {unknown} wait_s @returns {number} */
function waitIn(wait_s) {
  const isCount = typeof wait_s === 'number' && wait_s > 0;
  return isCount ? Math.min(wait_s, WAIT_MOST_S) : 0;
}

/** @typedef {{ mode: 'observe' | 'enforce', wait_ms: number, sender: Line, signal: AbortSignal | undefined }} Asking */

/** @param {Asking} asking @param {Json} record @returns {Promise<Verdict>} */
async function judged(asking, record) {
  const { mode, sender } = asking;
  try {
    const stamped = sender.stamp(record);
    const answer = await decided(asking, stamped);
    if (answer.kind === 'allowed') return { allowed: true };
    // What Claw itself denied is recorded there, as blocked.
    if (answer.kind === 'denied') return { allowed: false, reason: answer.reason };
    if (answer.kind === 'silent') await sender.keep(stamped, KEEP_MS);
    if (answer.kind === 'silent' && mode === 'observe') return { allowed: true };
    const reason = answer.kind === 'pending' ? late(asking, answer.reason) : answer.reason;
    sender.record({ ...stamped, at: undefined, hook: 'claw.blocked', of: record['hook'], reason });
    return { allowed: false, reason };
  } catch {
    return mode === 'observe' ? { allowed: true } : { allowed: false, reason: FAILED };
  }
}

/** @param {Asking} asking @param {string} reason */
function late({ wait_ms }, reason) {
  return wait_ms === 0 ? reason : `${reason} Nobody decided within ${wait_ms / 1000} s.`;
}

/** Faults that pass by themselves. */
const BUSY = new Set(['queue.full', 'govern.too_many']);
const FAILED = 'Blocked: Claw could not ask whether this call is allowed.';

/**
 * @typedef {{ kind: 'allowed' } | { kind: 'denied' | 'pending' | 'silent', reason: string }} Answer
 *   `silent`: nothing that decides came; `pending`: nobody has approved it so far
 */

/** @param {Asking} asking @param {Json} record @returns {Promise<Answer>} */
async function decided(asking, record) {
  let answer = await first(asking, record);
  const until = Date.now() + asking.wait_ms;
  for (let away_at = 0; answer.kind === 'pending' && Date.now() < until; ) {
    if (asking.signal?.aborted) break;
    const started = Date.now();
    const wait_s = Math.min(SLICE_S, (until - started) / 1000);
    const next = await once(asking, { record, wait_s, limit_ms: 1000 * wait_s + GRACE_MS });
    if (next.kind !== 'silent') answer = next;
    away_at = next.kind === 'silent' ? away_at || started : 0;
    if (away_at > 0 && Date.now() - away_at > AWAY_MS) break;
    // Whatever answers at once, though it was told to wait, is not asked without a pause.
    const early = next.kind !== 'allowed' && next.kind !== 'denied';
    if (early && Date.now() - started < PAUSE_MS) await pause(PAUSE_MS);
  }
  return answer;
}

/** The decision without an approval: where the server is busy, it is asked again for a while. */
/** @param {Asking} asking @param {Json} record @returns {Promise<Answer>} */
async function first(asking, record) {
  const until = Date.now() + ASK_MS[asking.mode];
  for (;;) {
    const limit_ms = Math.max(1, until - Date.now());
    const answer = await once(asking, { record, wait_s: 0, limit_ms });
    const again = 'again' in answer && !asking.signal?.aborted;
    if (!again || Date.now() + PAUSE_MS >= until) return answer;
    await pause(PAUSE_MS);
  }
}

/**
 * @param {Asking} asking
 * @param {{ record: Json, wait_s: number, limit_ms: number }} request
 * @returns {Promise<Answer & { again?: true }>}
 */
async function once({ mode, sender, signal }, { record, wait_s, limit_ms }) {
  const query = `mode=${mode}&wait_s=${Math.round(wait_s * 1000) / 1000}`;
  const reply = await sender.ask(record, { query, limit_ms, signal });
  const { status, body, fault, tooLarge } = reply;
  if (tooLarge) return silent('the call is too large to be judged');
  if (status === 0) return silent('Claw cannot be reached');
  if (status === 429 || status === 503) return { ...silent('Claw is too busy'), again: true };
  if (status === 401 || status === 403) return silent('Claw does not take the token of this agent');
  if (status !== 200) return silent(`Claw refused the question (HTTP ${status}${saidIn(body)})`);
  const answer = isObject(body) ? body : {};
  if (answer['allowed'] === true) return { kind: 'allowed' };
  if (answer['allowed'] !== false) return silent('what Claw answered is no decision');
  const reason = textOf(answer['reason']) || 'Claw does not allow this call.';
  // Nothing was decided or recorded there: it is told to the trail from here.
  if (fault !== undefined)
    return { kind: 'silent', reason, ...(BUSY.has(fault) && { again: true }) };
  return { kind: answer['pending'] === true ? 'pending' : 'denied', reason };
}

/** @param {string} why @returns {{ kind: 'silent', reason: string }} */
function silent(why) {
  const reason = `Blocked: ${why}, and this agent may act only with its permission.`;
  return { kind: 'silent', reason };
}

/** What a fault of the server says of itself. @param {unknown} body */
function saidIn(body) {
  const error = isObject(body) && isObject(body['error']) ? body['error'] : {};
  const message = textOf(error['message']);
  return message === '' ? '' : `: ${message}`;
}

/** @param {unknown} value @returns {string} without what would steer a terminal */
function textOf(value) {
  if (typeof value !== 'string') return '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
  return value.slice(0, REASON_CHARS).replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, ' ');
}

/** @param {unknown} value @returns {value is Json} */
function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @param {number} limit_ms @returns {Promise<void>} */
function pause(limit_ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, limit_ms);
  });
}
