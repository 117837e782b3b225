/** Realistic events from a seed: sessions that overlap, Zipf words, a tenth Japanese. */

type Options = { readonly seed: number; readonly count: number };

const TOOLS = ['Bash', 'Read', 'Write', 'Edit', 'Grep', 'WebFetch', 'send_email', 'get_order'];
const JAPANESE = [
  '監査ログを確認する',
  '本番環境の設定を変更',
  '顧客にメールを送信',
  '配送先を更新',
];
/** Sessions under way at once, and events of each. */
const ACTIVE = 40;
const SESSION_EVENTS = 50;
const WORDS = 5000;

export function* generateEvents({ seed, count }: Options): Generator<Record<string, unknown>> {
  const random = generator(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  // The rank of a word falls with its frequency, as in text that people write (Zipf).
  const word = () => `word${Math.floor(WORDS ** random())}`;
  const text = (words: number) => Array.from({ length: words }, word).join(' ');
  for (let i = 0; i < count; i++) {
    // Sessions overlap and end, as agents' do: old ones are not written to again.
    const session =
      Math.floor(i / SESSION_EVENTS / ACTIVE) * ACTIVE + Math.floor(random() * ACTIVE);
    const shared = {
      session_id: `session-${session}`,
      user_id: `user-${session % 97}`,
      agent: { id: `agent-${session % 50}`, runtime: 'claude-code' },
      time: new Date(Date.now() - Math.floor(random() * 2000)).toISOString(),
    };
    if (random() < 0.15) {
      const content = random() < 0.5 ? `${pick(JAPANESE)} ${text(5)}` : text(30);
      yield { ...shared, type: random() < 0.5 ? 'prompt' : 'output', content };
      continue;
    }
    const tool = pick(TOOLS);
    yield {
      ...shared,
      type: 'tool_call',
      call_id: `call-${seed}-${i}`,
      tool,
      arguments: { command: text(12), file_path: `/work/app/report-${i % 1000}.md` },
      resources: [{ kind: 'file', id: `/work/app/report-${i % 1000}.md`, access: 'read' }],
      result: { stdout: text(Math.floor(10 + random() * 40)) },
      status: pick(['success', 'success', 'success', 'success', 'error', 'blocked']),
      duration_ms: Math.floor(random() * 2000),
    };
  }
}

/** mulberry32: small, seeded, good enough for test data. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
