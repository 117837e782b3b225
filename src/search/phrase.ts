/** The wording of sentences about events, a table a language. Every piece is printable already. */
import type { Event, Status } from '../event/event.ts';

type Decision = NonNullable<Event['decision']>;

/** An act with its outcome: `noun` says what was done to what. */
type Act = {
  readonly noun: string;
  readonly status?: Status;
  readonly duration_ms?: number;
  /** A result came back, whatever it says of the outcome. */
  readonly answered: boolean;
  /** The policies that blocked it. */
  readonly policies: string;
  /** The error's or the decision's reason. */
  readonly reason: string;
};

type Verdict = {
  /** Who or what decided. */
  readonly by: string;
  readonly outcome?: Decision['outcome'];
  readonly on: string;
  readonly reason: string;
  /** Who had approved what a policy then permitted. */
  readonly approver: string;
  /** It was only said what would have been decided: the agent was let go on. */
  readonly observed: boolean;
};

type Vote = {
  readonly by: string;
  readonly vote: 'approve' | 'deny';
  readonly on: string;
  readonly reason: string;
  /** Others have to approve as well. */
  readonly more: boolean;
};

type End = { readonly goal: string; readonly outcome: string; readonly summary: string };

type Missing = (tool: string) => string;

/** An empty string stands for what was not recorded. */
export type Phrases = {
  readonly prompt: (who: string, text: string) => string;
  /** A runtime's own message to its agent. */
  readonly notice: () => string;
  readonly output: (text: string) => string;
  readonly tool: (tool: string, subject: string) => string;
  readonly api: (request: string, status_code: number | undefined) => string;
  readonly file: (operation: string, path: string, bytes: number | undefined) => string;
  readonly act: (act: Act) => string;
  readonly verdict: (verdict: Verdict) => string;
  /** A tool with its main argument. */
  readonly on: (tool: string, about: string) => string;
  readonly awaited: (on: string) => string;
  readonly asked: (on: string, reason: string) => string;
  readonly voted: (vote: Vote) => string;
  /** Nobody decided: an approval that expired, or whose task was closed. */
  readonly lapsed: (on: string, reason: string) => string;
  readonly declared: (goal: string) => string;
  readonly closed: (end: End) => string;
  readonly planned: (by: string, steps: number) => string;
  /** A step of a rollback. */
  readonly undone: (operation: string, path: string) => string;
  readonly by: (by: Decision['by'], policies: string) => string;
  readonly task: (id: string) => string;
  readonly session: (operation: string) => string;
  readonly access: (who: string, what: string, how: string) => string;
  readonly admin: (who: string, what: string, how: string) => string;
  readonly noted: (noun: string, note: string) => string;
  readonly finding: () => string;
  readonly gap: () => string;
  /** What coverage found missing, by `attributes.coverage.kind`. */
  readonly missing: ReadonlyMap<unknown, Missing>;
};

export const ENGLISH: Phrases = {
  notice: () => 'A message of the runtime',
  prompt: (who, text) => `${who || 'The user'} asked: ${text ? `"${text}"` : '(no text recorded)'}`,
  output: (text) => `The agent answered: ${text ? `"${text}"` : '(no text recorded)'}`,
  tool: (tool, subject) => `Tool ${tool || '(unnamed)'}${subject && ` (${subject})`}`,
  api: (request, code) =>
    `API call ${request}${code === undefined ? '' : ` answered with ${code} and`}`,
  file: (operation, path, bytes) =>
    `File ${operation || 'operation'} ${path}${bytes === undefined ? '' : ` (${bytes} bytes)`}`,
  act: ({ noun, status, duration_ms, answered, policies, reason }) => {
    const why = reason && `: ${reason}`;
    const took = duration_ms === undefined ? '' : ` ${duration(duration_ms)}`;
    switch (status) {
      case 'pending':
        return `${noun} has no result yet`;
      case 'success':
        return `${noun} succeeded${took && ` in${took}`}`;
      case 'error':
        return `${noun} failed${took && ` after${took}`}${why}`;
      case 'blocked':
        return `${noun} was blocked${policies && ` by policy ${policies}`}${why}`;
      case 'escalated':
        return `${noun} waits for a person's approval${why}`;
      default:
        return answered
          ? `${noun} gave a result; whether it succeeded was not told`
          : `${noun} ended in a way that nobody saw`;
    }
  },
  verdict: ({ by, outcome, on, reason, approver, observed }) => {
    const verbs = { permit: 'permitted', deny: 'denied', escalate: 'asked for approval of' };
    const would = { permit: 'permitted', deny: 'denied', escalate: 'had somebody approve' };
    const did = outcome && (observed ? `would have ${would[outcome]}` : verbs[outcome]);
    const what = `${by} ${did ?? 'decided in a way that nobody saw on'} ${on || 'an act'}`;
    return `${what}${approver && `, which ${approver} approved`}${reason && `: ${reason}`}`;
  },
  on: (tool, about) => `${tool} (${about})`,
  awaited: (on) => `Approval of ${on || 'an act'} is awaited`,
  asked: (on, reason) => `Approval of ${on} was asked for${reason && `: ${reason}`}`,
  voted: ({ by, vote, on, reason, more }) => {
    const verb = vote === 'approve' ? 'approved' : 'denied';
    return `${by} ${verb} ${on}${more ? ', more have to approve' : ''}${reason && `: ${reason}`}`;
  },
  lapsed: (on, reason) => `${on} was not approved${reason && `: ${reason}`}`,
  declared: (goal) => `Task declared: ${goal}`,
  closed: ({ goal, outcome, summary }) =>
    `Task closed${outcome && ` (${outcome})`}: ${goal}${summary && ` — ${summary}`}`,
  planned: (by, steps) => `${by} planned a rollback of ${steps} ${steps === 1 ? 'step' : 'steps'}`,
  undone: (operation, path) => `Rollback of ${path}${operation && ` (${operation})`}`,
  by: (by, policies) => {
    if (policies) return `${policies.includes(', ') ? 'Policies' : 'Policy'} ${policies}`;
    const names = {
      policy: 'A policy',
      human: 'A person',
      hook: 'A hook',
      config: 'Configuration',
    };
    return by === undefined ? 'Somebody' : names[by];
  },
  task: (id) => (id ? `Task ${id}` : 'Task'),
  session: (operation) => {
    const verbs: Readonly<Record<string, string>> = { start: 'started', end: 'ended' };
    return Object.hasOwn(verbs, operation) ? `Session ${verbs[operation]}` : 'Session';
  },
  access: (who, what, how) => `${who || 'Somebody'} read the trail${list(': ', how, what)}`,
  admin: (who, what, how) =>
    `${who || 'Somebody'} changed the administration${list(': ', what, how)}`,
  noted: (noun, note) => `${noun}: ${note}`,
  finding: () => 'Finding',
  gap: () => 'Gap in the record',
  missing: new Map<string, Missing>([
    ['not_recorded', (tool) => `the model asked for ${tool}, the runtime never recorded it`],
    ['no_result', (tool) => `nobody saw what came of ${tool}`],
    ['no_request', (tool) => `a result of ${tool} came, and nobody saw it asked for`],
    ['silent', () => 'the agent fell silent in the middle of its work'],
  ]),
};

export const JAPANESE: Phrases = {
  notice: () => '実行環境からの通知',
  prompt: (who, text) =>
    `${spaced(who || '利用者', 'の指示')}：${text ? `「${text}」` : '（本文の記録なし）'}`,
  output: (text) => `エージェントの回答：${text ? `「${text}」` : '（本文の記録なし）'}`,
  tool: (tool, subject) => `ツール ${tool || '（名前なし）'}${subject && `（${subject}）`}`,
  api: (request, code) => `API呼び出し ${request}${code === undefined ? '' : `（応答 ${code}）`}`,
  file: (operation, path, bytes) =>
    `ファイル操作 ${operation} ${path}${bytes === undefined ? '' : `（${bytes}バイト）`}`,
  act: ({ noun, status, duration_ms, answered, policies, reason }) => {
    const why = reason && `：${reason}`;
    const took = duration_ms === undefined ? '' : `（${duration(duration_ms)}）`;
    switch (status) {
      case 'pending':
        return `${noun}：結果待ち`;
      case 'success':
        return `${noun}：成功${took}`;
      case 'error':
        return `${noun}：失敗${took}${why}`;
      case 'blocked':
        return `${noun}：${policies && `ポリシー ${policies} により`}ブロック${why}`;
      case 'escalated':
        return `${noun}：承認待ち${why}`;
      default:
        return answered ? `${noun}：応答あり（成否不明）` : `${noun}：結果不明`;
    }
  },
  verdict: ({ by, outcome, on, reason, approver, observed }) => {
    const verbs = { permit: '許可', deny: '拒否', escalate: '人の承認へ回付' } as const;
    const verb = outcome === undefined ? '判定（結果不明）' : verbs[outcome];
    const what = spaced(by, 'が', on || '操作', 'を', verb);
    const how = approver ? `（${spaced(approver, 'が承認済み')}）` : observed ? '（観察のみ）' : '';
    return `${what}${how}${reason && `：${reason}`}`;
  },
  on: (tool, about) => `${tool}（${about}）`,
  awaited: (on) => spaced(on || '操作', 'の承認待ち'),
  asked: (on, reason) => `${spaced(on, 'の承認を申請')}${reason && `：${reason}`}`,
  voted: ({ by, vote, on, reason, more }) => {
    const verb = vote === 'approve' ? '承認' : '拒否';
    const left = more ? '（ほかの人の承認も必要）' : '';
    return `${spaced(by, 'が', on, 'を', verb)}${left}${reason && `：${reason}`}`;
  },
  lapsed: (on, reason) => `${spaced(on, 'は承認されずに終了')}${reason && `：${reason}`}`,
  declared: (goal) => `タスク宣言：${goal}`,
  closed: ({ goal, outcome, summary }) => {
    const ends = new Map([
      ['success', '成功'],
      ['failed', '失敗'],
      ['abandoned', '中止'],
    ]);
    const how = outcome && `（${ends.get(outcome) ?? outcome}）`;
    return `タスク終了${how}：${goal}${summary && `（要約：${summary}）`}`;
  },
  planned: (by, steps) => spaced(by, `がロールバックを計画（${steps} 件）`),
  undone: (operation, path) => {
    const kinds = new Map([
      ['restore', '復元'],
      ['delete', '削除'],
      ['create', '再作成'],
    ]);
    return `ロールバック ${path}${operation && `（${kinds.get(operation) ?? operation}）`}`;
  },
  by: (by, policies) => {
    if (policies) return `ポリシー ${policies}`;
    const names = { policy: 'ポリシー', human: '担当者', hook: 'フック', config: '設定' } as const;
    return by === undefined ? '判定者不明' : names[by];
  },
  task: (id) => (id ? `タスク ${id}` : 'タスク'),
  session: (operation) => {
    const verbs: Readonly<Record<string, string>> = { start: '開始', end: '終了' };
    return Object.hasOwn(verbs, operation) ? `セッション${verbs[operation]}` : 'セッション';
  },
  access: (who, what, how) =>
    `${spaced(who || '誰か', 'が監査証跡を閲覧')}${list('：', how, what)}`,
  admin: (who, what, how) => `${spaced(who || '誰か', 'が管理設定を変更')}${list('：', what, how)}`,
  noted: (noun, note) => `${noun}：${note}`,
  finding: () => '検知',
  gap: () => '記録の欠落',
  missing: new Map<string, Missing>([
    ['not_recorded', (tool) => `モデルが要求した ${tool} を実行環境が記録していません`],
    ['no_result', (tool) => `${tool} の結果は誰にも見えていません`],
    ['no_request', (tool) => `${tool} の結果はありますが、要求は誰にも見えていません`],
    ['silent', () => 'エージェントが作業の途中で沈黙しました'],
  ]),
};

/** Parts of a Japanese sentence, with a space where Latin letters and Japanese ones meet. */
function spaced(...parts: readonly string[]): string {
  return parts.reduce((before, part) => {
    const meet =
      (LATIN.test(before.slice(-1)) && JAPANESE_LETTER.test(part)) ||
      (JAPANESE_LETTER.test(before.slice(-1)) && LATIN.test(part));
    return `${before}${meet ? ' ' : ''}${part}`;
  });
}

const LATIN = /^[!-~]/;
const JAPANESE_LETTER = /^[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}ー]/u;

function list(mark: string, ...words: readonly string[]): string {
  const given = words.filter((word) => word !== '');
  return given.length === 0 ? '' : `${mark}${given.join(' ')}`;
}

function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1000)} s`;
}
