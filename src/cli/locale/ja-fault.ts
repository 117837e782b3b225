/** What each code of a fault means, in Japanese. */
import type { Catalogue } from './catalogue.ts';
import type { faults } from './en-fault.ts';

export const faultsJa = {
  event: {
    invalid: 'イベントの項目 {{field}} が正しくありません。',
    too_large: 'イベントが上限（{{limit}} バイト）を超えています。',
    tenant_foreign: 'イベントのテナントが、トークンのテナントと異なります。',
    reserved: 'このセッションは Claw 自身の記録のために予約されています。',
    not_found: 'そのイベントはありません。',
    erased: 'このイベントの内容は消去されています。',
  },
  session: { not_found: 'そのセッションはありません。' },
  batch: {
    invalid: 'バッチを読み取れません。',
    too_large: 'バッチが上限（{{limit}}）を超えています。',
  },
  queue: { full: '待機中のイベントが多すぎます。{{retry_after_s}} 秒後に再試行してください。' },
  query: {
    invalid: '検索式が正しくありません（{{column}} 文字目）。',
    timeout: '検索に時間がかかりすぎました。',
  },
  request: {
    invalid: '要求が正しくありません（{{field}}）。',
    unauthorised: 'トークンがないか、サーバーに登録されていません。',
    forbidden: 'このトークンには権限がありません。',
    not_found: 'サーバーにそのアドレスはありません。',
    method: 'サーバーはそのメソッドを受け付けません。',
    timeout: '要求に時間がかかりすぎました。',
    too_large: '要求が上限（{{limit}} バイト）を超えています。',
    unsupported: 'サーバーはその形式の要求を受け付けません。',
    too_many: '同時の要求が多すぎます。{{retry_after_s}} 秒後に再試行してください。',
  },
  token: {
    not_found: 'そのトークンはありません。',
    last_admin: '最後の管理者トークンは失効できません。',
  },
  policy: {
    invalid: 'ポリシーが正しくありません（{{field}}）。',
    not_found: 'そのポリシーの版はありません。',
    differs: 'ポリシーの答えが期待と異なります。',
  },
  task: {
    not_found: 'そのタスクはありません。',
    exists: '同じ ID のタスクが別の内容で宣言されています。',
    closed: 'タスクは終了しています。これ以上は何もできません。',
  },
  approval: {
    not_found: 'その承認依頼はありません。',
    decided: '承認依頼はすでに決定しています。',
    own: '自分が依頼したものを自分で承認することはできません。',
  },
  decision: { mismatch: 'この ID は別の操作に使われています。' },
  rollback: {
    not_found: 'そのロールバックはありません。',
    conflict: '計画されたロールバックと異なります。',
  },
  govern: { too_many: '開いているタスクまたは承認依頼が多すぎます（上限 {{limit}}）。' },
  action: { blocked: '操作はブロックされました。' },
  adapter: { unknown: 'このランタイム用のアダプターはありません。' },
  usage: { invalid: 'コマンドラインが正しくありません。' },
  config: { invalid: '設定が正しくありません（{{field}}）。' },
  data: {
    locked: '別のプロセスがデータフォルダーを使用しています。',
    newer: 'データフォルダーは新しいバージョンの Claw で書かれています。',
    missing: 'データフォルダーがありません。',
    full: 'ディスクに空きがありません。',
    unwritable: 'データフォルダーに書き込めません。',
    unreadable: 'データフォルダーを読み取れません。',
  },
  server: {
    unreachable: 'サーバーが応答しません。',
    closing: 'サーバーは終了処理中です。',
  },
  seal: {
    root_key: 'ルート鍵がこのデータフォルダーのものではありません。',
    broken: '封印された内容を開けません。',
  },
  journal: { damaged: 'ジャーナルが壊れています。' },
  store: { conflict: '同じオブジェクトが同時に書き込まれました。' },
  ledger: {
    cut: '記録が切り詰められています。最後のチェックポイントより短くなっています。',
    forked: '記録が、最後のチェックポイントで署名されたものと異なります。',
    damaged: '台帳が壊れています。',
    not_yet: 'このイベントを含むチェックポイントはまだありません。少し後に再試行してください。',
  },
  coverage: { incomplete: 'セッションの記録が完全であるとは確認できません。' },
  proof: { invalid: '証明が成り立ちません。' },
  engine: { damaged: '検索索引が壊れています。「clawctl reindex」で再構築できます。' },
  internal: { bug: 'Claw の内部で失敗しました。これは不具合です。' },
} satisfies Catalogue<typeof faults>;
