/** What the commands of tasks, approvals and enforcement say, in Japanese. */
import type { Catalogue } from './catalogue.ts';
import type * as english from './en-govern.ts';

type Of<K extends keyof typeof english> = Catalogue<(typeof english)[K]>;

export const governAbout: Of<'governAbout'> = {
  tasks: {
    list: 'エージェントが取り組むタスクを一覧する',
    show: '1 つのタスクを表示する（目的・範囲・予算）',
    close: 'タスクを終了する（待っている申請は拒否される）',
  },
  approvals: {
    list: '人の判断を待つものを一覧する',
    show: '承認の対象となる操作をそのまま表示する',
    approve: 'その操作を承認する',
    deny: 'その操作を拒否する（理由はエージェントに伝わる）',
    link: '1 人が判断するためのリンクを作る（チャット用）',
    watch: '申請と判断をその場で表示する',
  },
  validate: '操作が許されるか尋ねる（終了コード 0 許可、5 拒否、6 要承認）',
  enforcement: {
    show: 'どのエージェントに判断を強制するかを表示する',
    set: 'エージェントに判断を強制する、または観察だけにする',
  },
};

export const governGroups: Of<'governGroups'> = {
  tasks: 'エージェントが取り組むタスク',
  approvals: '人の判断を待つものと、その判断',
  enforcement: '判断を強制するエージェント',
};

export const governOptions: Of<'governOptions'> = {
  allApprovals: '判断済みのものも',
  approvalState: 'この状態のものだけ',
  ofSession: 'セッションの ID',
  ofTask: 'タスクの ID',
  voteReason: '理由（記録され、エージェントに伝わる）',
  forSession: '今回だけでなく、セッションの間の同じ操作に',
  linkFor: '判断する人の名前または ID',
  linkExpires: 'リンクの有効秒数（既定: 承認の期限まで。それより長くはならない）',
  linkBase: 'その人から見たサーバーのアドレス',
  taskState: '進行中または終了したものだけ',
  taskOutcome: '結果（success）',
  taskSummary: '行ったことの要約',
  asAgent: 'このエージェントとして（トークンに指定がない場合）',
  asRuntime: 'このランタイムのエージェントとして（ツールの解釈が決まる）',
  asEnvironment: 'この環境で',
  asAction: 'ツールが行うこと（Claw が判断できない場合）',
  asCwd: 'コマンドを実行するフォルダー',
  asCall: 'モデルの呼び出し ID（同じ ID には同じ答え）',
  heldMode: 'observe（観察）または enforce（強制）',
  waitFor: '承認を待つ秒数。最大 600（0）',
  enforceAgent: 'ID が合うエージェント（* は任意の文字列）',
  enforceRuntime: 'ランタイムが合うエージェント',
  enforceEnvironment: '環境が合うエージェント',
  enforceRemove: 'その行、または既定値を取り除く',
};

export const governArguments: Of<'governArguments'> = {
  approval: '承認の ID、または先頭の文字',
  task: 'タスクの ID、または先頭の文字',
  tool: 'ツールの名前',
  json: '引数の JSON（{}）',
};

export const tasks: Of<'tasks'> = {
  none: '宣言されたタスクはありません。',
  column: { state: '状態', declared: '宣言日時', used: '使用', goal: '目的' },
  state: { open: '進行中', closed: '終了' },
  outcome: { success: '成功', failed: '失敗', abandoned: '中止' },
  violation: { deny: '拒否される', escalate: '承認が必要' },
  field: {
    state: '状態',
    outcome: '結果',
    summary: '要約',
    actions: '操作',
    tools: 'ツール',
    resources: '対象',
    violation: 'それ以外',
    calls: '呼び出し',
    tokens: 'トークン',
    seconds: '制限時間',
    agent: 'エージェント',
    user: '利用者',
    environment: '環境',
    session: 'セッション',
    declared: '宣言',
    closed: '終了日時',
    id: 'タスク',
  },
};

export const approvals: Of<'approvals'> = {
  none: '判断を待つものはありません。',
  next: '詳しくは clawctl approvals show {{id}}。approve または deny に --reason を付けて判断します。',
  more_other: 'あと {{count}} 人の承認が必要です。',
  linked:
    'このリンクを持つ人は {{until}} まで {{person}} として判断できます。ほかの人に送らないでください。',
  watching: '申請を待っています。Ctrl-C で終了します。',
  column: { state: '状態', asked: '申請日時', left: '残り' },
  state: {
    pending: '待機中',
    approved: '承認',
    denied: '拒否',
    expired: '期限切れ',
    used: '使用済み',
  },
  scope: { once: '1 回だけ', session: 'このセッションの間' },
  voted: { approve: '{{by}} が承認:', deny: '{{by}} が拒否:' },
  field: {
    why: '理由',
    conditions: '確認事項',
    request: '申請の理由',
    policies: 'ポリシー',
    resources: '対象',
    cwd: 'フォルダー',
    agent: 'エージェント',
    user: '利用者',
    environment: '環境',
    session: 'セッション',
    task: 'タスク',
    asked: '申請',
    expires: '期限',
    quorum: '必要人数',
    scope: '範囲',
    id: '承認',
  },
};

export const validate: Of<'validate'> = {
  outcome: { permit: '許可', deny: '拒否', escalate: '承認が必要' },
  observed: 'このエージェントは観察だけなので、そのまま実行できます。',
  field: { policies: 'ポリシー', task: 'タスク', approval: '承認', decision: '判断' },
};

export const enforcement: Of<'enforcement'> = {
  any: 'すべて',
  others: 'そのほか',
  asked: 'エージェントの指定どおり（指定がなければ強制）',
  mode: { observe: '観察', enforce: '強制' },
  column: { runtime: 'ランタイム', environment: '環境', mode: 'モード' },
};

export const governProblems: Of<'governProblems'> = {
  severalIds: {
    message: '{{start}} で始まる ID が {{count}} 件あります。',
    hint: 'もう少し長く指定してください。',
  },
  noJson: {
    message: '引数が JSON ではありません。',
    hint: `例: clawctl validate Bash '{"command": "ls"}'`,
  },
  modeOrRemove: {
    message: '--mode か --remove のどちらか一方が必要です。',
    hint: '例: clawctl enforcement set --agent billing-bot --mode enforce',
  },
};
