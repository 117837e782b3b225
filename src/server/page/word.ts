/** What the page of an approval says, a table a language. */

export const ENGLISH = {
  lang: 'en',
  title: 'Approval',
  asks: 'An agent asks whether it may do this',
  once: 'Approve once',
  session: 'Approve for this session',
  deny: 'Deny',
  sessionHint:
    'Approved for this session, the same action with exactly these arguments may be repeated.',
  reason: 'Your reason',
  reasonHint: 'It is recorded, and the agent is told.',
  reasonNeeded: 'A reason is needed.',
  voteNeeded: 'Choose one of the three buttons.',
  tool: 'Tool',
  arguments: 'Exact arguments',
  none: 'none',
  cwd: 'Folder',
  resources: 'Touches',
  why: 'Why it needs approval',
  conditions: 'What to look at',
  requestReason: 'Why it is asked for',
  policies: 'Policies',
  agent: 'Agent',
  user: 'Acting for',
  environment: 'Environment',
  goal: 'Goal of its task',
  session_id: 'Session',
  requested: 'Asked for',
  expires: 'Denied unless decided by',
  quorum: 'Approvals needed',
  votes: 'Decided so far',
  approved: 'approved',
  denied: 'denied',
  asYou: 'You decide as',
  odd: 'Hidden characters are in this request. They are written out as [U+…]: look twice.',
  cut: 'Show all',
  characters: 'characters',
  tooLong: 'The rest is not shown here. Whole:',
  states: {
    pending: 'It waits for a decision.',
    approved: 'It was approved.',
    denied: 'It was denied.',
    expired: 'Nobody decided in time, so it was denied.',
    used: 'It was approved, and has run.',
  },
  thanks: 'Your decision is recorded.',
  close: 'You can close this page.',
  more: 'It still needs the approval of others.',
  problems: {
    forged: 'This link is not valid.',
    forgedHint: 'It may have been cut off when it was copied. Ask for a new one.',
    expired: 'This link has expired.',
    expiredHint: 'An approval that nobody decided on in time is denied.',
    ended: 'This link has been withdrawn.',
    endedHint: 'Whoever made it may no longer do so. Ask for a new one.',
    own: 'You may not decide on this.',
    ownHint: 'It was asked for by you or for you: somebody else has to decide.',
    voted: 'You have decided on this before.',
    votedHint: 'It needs the decision of somebody else too.',
    failed: 'This did not work.',
    failedHint: 'Nothing was decided. Try again.',
  },
};

export type Words = typeof ENGLISH;

export const JAPANESE: Words = {
  lang: 'ja',
  title: '承認',
  asks: 'エージェントが次の操作の許可を求めています',
  once: '今回だけ承認する',
  session: 'セッション中は承認する',
  deny: '拒否する',
  sessionHint:
    '「セッション中は承認する」を選ぶと、このセッションでは、引数までまったく同じ操作をくり返せます。',
  reason: '理由',
  reasonHint: '記録され、エージェントにも伝えられます。',
  reasonNeeded: '理由を入力してください。',
  voteNeeded: '3 つのボタンのいずれかを選んでください。',
  tool: 'ツール',
  arguments: '引数（このとおりに実行されます）',
  none: 'なし',
  cwd: 'フォルダー',
  resources: '対象',
  why: '承認が必要な理由',
  conditions: '確認すること',
  requestReason: '申請の理由',
  policies: 'ポリシー',
  agent: 'エージェント',
  user: '利用者',
  environment: '環境',
  goal: 'タスクの目的',
  session_id: 'セッション',
  requested: '申請日時',
  expires: '期限（過ぎると拒否されます）',
  quorum: '必要な承認の数',
  votes: 'これまでの判断',
  approved: '承認',
  denied: '拒否',
  asYou: 'あなたの名前',
  odd: '見えない文字が含まれています。[U+…] と表示していますので、よく確かめてください。',
  cut: 'すべて表示',
  characters: '文字',
  tooLong: '残りはここには表示されません。全文:',
  states: {
    pending: '判断を待っています。',
    approved: '承認されました。',
    denied: '拒否されました。',
    expired: '期限までに判断がなかったため、拒否されました。',
    used: '承認され、実行されました。',
  },
  thanks: '判断を記録しました。',
  close: 'このページは閉じてかまいません。',
  more: 'ほかの人の承認も必要です。',
  problems: {
    forged: 'このリンクは無効です。',
    forgedHint: 'コピーの途中で切れたのかもしれません。新しいリンクを依頼してください。',
    expired: 'このリンクは期限切れです。',
    expiredHint: '期限までに判断されなかった申請は拒否されます。',
    ended: 'このリンクは取り消されました。',
    endedHint: '発行した人の権限がなくなりました。新しいリンクを依頼してください。',
    own: 'この申請はあなたには判断できません。',
    ownHint: 'あなた自身の申請、またはあなたのための申請です。ほかの人の判断が必要です。',
    voted: 'この申請についてはすでに判断済みです。',
    votedHint: 'ほかの人の判断も必要です。',
    failed: '処理できませんでした。',
    failedHint: '何も決定されていません。もう一度お試しください。',
  },
};

/** By `?language=`, else the first of the reader's languages that we speak, else English. */
export function wordsFor(asked: string | undefined, accepted: string | undefined): Words {
  if (asked !== undefined) return asked === 'ja' ? JAPANESE : ENGLISH;
  const wishes = (accepted ?? '').slice(0, 1000).split(',').map(wish);
  const [best] = wishes
    .filter(({ lang, q }) => q > 0 && (lang === 'ja' || lang === 'en'))
    .sort((one, other) => other.q - one.q);
  return best?.lang === 'ja' ? JAPANESE : ENGLISH;
}

function wish(text: string): { readonly lang: string; readonly q: number } {
  const [name = '', ...params] = text.split(';');
  const weight = params.map((param) => param.trim()).find((param) => param.startsWith('q='));
  const q = weight === undefined ? 1 : Number(weight.slice(2));
  const lang = (name.trim().split('-')[0] ?? '').toLowerCase();
  return { lang, q: Number.isFinite(q) ? q : 0 };
}
