/** Realistic events from a seed: fifty tenants, sessions that overlap, calls of two facts. */
import { lognormal, pick, type Random, seeded, zipf } from './corpus/random.ts';
import { filePath, hex, host, prose, type Use, useTool, type Writer } from './corpus/tool.ts';

export type GenerateOptions = {
  readonly seed: number;
  readonly count: number;
  /** When event `i` happened, in Unix milliseconds; never earlier than the one before. */
  readonly timeOf: (i: number) => number;
};

/** What a producer sends; the front door fills in the rest. */
export type Generated = Shared & Fields & { readonly time: string };

/** What all events of a session have in common. */
type Shared = Named & { readonly tenant_id: string; readonly session_id: string };
type Fields = Named & { readonly type: string };
type Named = { readonly [field: string]: unknown };

const TENANTS = 50;
const AGENTS = 500;
/** Events of a session, so that ten million events are a hundred thousand sessions. */
const SESSION_EVENTS = 100;
/** Sessions under way at once. */
const ACTIVE = 200;
const LARGEST_WORDS = 8000;
/** Of the sessions: of the events a tenth, since some carry no text. */
const JAPANESE = 0.12;

type Call = Use & { readonly call_id: string };

type Session = Writer & {
  readonly shared: Shared;
  /** Calls that wait for their result, the oldest first. */
  readonly waiting: Call[];
  turn: number;
  /** Events until it ends. */
  left: number;
};

export function* generateEvents({ seed, count, timeOf }: GenerateOptions): Generator<Generated> {
  const random = seeded(seed);
  const active = Math.max(1, Math.min(ACTIVE, Math.floor(count / SESSION_EVENTS / 10)));
  const sessions: (Session | undefined)[] = new Array(active).fill(undefined);
  for (let i = 0; i < count; i++) {
    const place = Math.floor(random() * active);
    const session = sessions[place];
    const time = new Date(timeOf(i)).toISOString();
    if (session === undefined) {
      const begun = begin(random, seed);
      sessions[place] = begun;
      yield { ...begun.shared, time, type: 'session', operation: 'start' };
      continue;
    }
    session.left--;
    const over = session.left <= 0 && session.waiting.length === 0;
    if (over) sessions[place] = undefined;
    const event = over ? { type: 'session', operation: 'end' } : next(session);
    yield { ...session.shared, time, ...event };
  }
}

function begin(random: Random, seed: number): Session {
  const agent = Math.floor(random() * AGENTS);
  const tenant = tenantOf(agent);
  const user = zipf(40, random);
  return {
    random,
    language: random() < JAPANESE ? 'japanese' : 'english',
    shared: {
      tenant_id: `tenant-${String(tenant).padStart(2, '0')}`,
      session_id: sessionId(random, seed),
      user: { id: `user-${tenant}-${user}` },
      agent: { id: `agent-${agent}`, runtime: agent % 3 === 0 ? 'sdk' : 'claude-code' },
      environment: agent % 5 === 0 ? 'staging' : 'production',
      source: { kind: agent % 3 === 0 ? 'sdk' : 'hook' },
    },
    waiting: [],
    turn: 0,
    left: lognormal(SESSION_EVENTS * 0.8, 0.7, random),
  };
}

/** Shaped like a UUID; the seed in it keeps the sessions of two seeds apart. */
function sessionId(random: Random, seed: number): string {
  const parts = [8, 4, 4, 4, 4].map((digits) => hex(digits, random));
  return `${parts.join('-')}${seed.toString(16).padStart(8, '0')}`;
}

/** Each tenant has agents; the first have most of them (Zipf). */
function tenantOf(agent: number): number {
  return agent < TENANTS ? agent : zipf(TENANTS, seeded(agent));
}

function next(session: Session): Fields {
  const { random, waiting } = session;
  if (session.turn === 0) return prompt(session);
  if (waiting.length > 0 && (session.left <= 0 || random() < 0.6)) return result(session);
  const kind = random();
  if (kind < 0.08) return prompt(session);
  if (kind < 0.2) return output(session);
  if (kind < 0.28) return apiCall(session);
  if (kind < 0.36) return fileOperation(session);
  return call(session);
}

function turnOf({ turn }: Session): string {
  return `turn-${turn}`;
}

function prompt(session: Session): Fields {
  session.turn++;
  const content = prose(session, words(session, 40));
  return { type: 'prompt', turn_id: turnOf(session), content };
}

function output(session: Session): Fields {
  const { random } = session;
  const content = prose(session, words(session, 75));
  const tokens = { input: Math.floor(random() * 90_000), output: content.length >> 2 };
  return { type: 'output', turn_id: turnOf(session), content, model: 'claude-opus-5-5', tokens };
}

function apiCall(session: Session): Fields {
  const { random } = session;
  const failed = random() < 0.08;
  return {
    type: 'api_call',
    turn_id: turnOf(session),
    destination: host(random),
    method: pick(['GET', 'GET', 'POST', 'PUT'], random),
    endpoint: `/v2/${prose({ random, language: 'english' }, 2).replaceAll(' ', '/')}`,
    status_code: failed ? 500 : 200,
    status: failed ? 'error' : 'success',
    duration_ms: Math.ceil(lognormal(180, 1, random)),
    result: { body: prose(session, words(session, 40)) },
  };
}

function fileOperation(session: Session): Fields {
  const { random } = session;
  const path = filePath(random);
  const operation = pick(['read', 'read', 'write', 'delete'], random);
  return {
    type: 'file_operation',
    turn_id: turnOf(session),
    operation,
    path,
    bytes: Math.ceil(lognormal(4000, 1.5, random)),
    resources: [{ kind: 'file', id: path, access: operation }],
    status: 'success',
    detail: prose(session, 8),
  };
}

/** The first fact of a call. One in two hundred never hears how it ended. */
function call(session: Session): Fields {
  const call_id = `toolu_${hex(24, session.random)}`;
  const use = useTool(session);
  if (session.random() > 0.005) session.waiting.push({ ...use, call_id });
  return { type: 'tool_call', turn_id: turnOf(session), call_id, ...use, status: 'pending' };
}

function result(session: Session): Fields {
  const { random, waiting } = session;
  const { tool, call_id } = waiting.shift() as Call;
  const shared = { type: 'tool_call', turn_id: turnOf(session), call_id, tool };
  const fate = random();
  if (fate < 0.03) {
    const reason = prose(session, 10);
    const policy_ids = [`policy-${zipf(12, random)}`];
    const decision = { outcome: 'deny', by: 'policy', policy_ids, reason };
    return { ...shared, status: 'blocked', decision, duration_ms: 1 };
  }
  const duration_ms = Math.ceil(lognormal(250, 1.4, random));
  if (fate < 0.1) {
    const error = { code: `E${zipf(40, random)}`, message: prose(session, 15) };
    return { ...shared, status: 'error', error, duration_ms };
  }
  const commit = random() < 0.2 ? { commit: hex(40, random) } : {};
  const stdout = prose(session, words(session, 70));
  return { ...shared, status: 'success', result: { stdout, ...commit }, duration_ms };
}

/** Most texts are short; three in a thousand are long, up to 64 KB. */
function words({ random }: Session, median: number): number {
  if (random() < 0.003) return 800 * (LARGEST_WORDS / 800) ** random();
  return Math.min(LARGEST_WORDS, lognormal(median, 0.9, random));
}
