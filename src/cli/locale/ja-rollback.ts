/** What `clawctl rollback` says, in Japanese. */

export const rollbackAbout =
  'エージェントがファイルに行ったことを元に戻す（--apply がなければ試行のみ）';

export const rollbackOptions = {
  rollbackSession: 'セッションを元に戻す（ID、または ID の先頭）',
  rollbackTask: 'タスクの中で行われたことを元に戻す',
  rollbackCall: '一つの呼び出しを ID で元に戻す（同じ ID が複数あれば --session も）',
  rollbackId: '以前に計画したロールバックの ID',
  rollbackApply: 'ファイルを変更する。なければ、それぞれがどうなるかだけを示す',
  rollbackRoot: 'このフォルダーの外のファイルには触れない（既定: 現在のフォルダー）',
  rollbackPath: 'パスが合うファイルだけ: src/*.ts（* は任意の文字列）',
  rollbackCompensate:
    '自分のファイルに登録した、ツールの呼び出しの埋め合わせを実行する（claw.compensations.json）',
} as const;

export const rollback = {
  nothing: '元に戻すものはありません。',
  column: { kind: '作業' },
  kind: {
    restore: '復元',
    delete: '削除',
    create: '作り直し',
    compensate: '埋め合わせ',
    manual: '手作業',
  },
  status: {
    ready: '可能',
    restored: '復元済み',
    already: '既に元どおり',
    conflict: '競合',
    failed: '失敗',
    skipped: '対象外',
    done: '完了',
    manual: '要対応',
  },
  why: {
    outside: 'フォルダーの外です。--root で指定してください',
    bad_path: '触れてよいパスではありません',
    protected: '.git または .claw の中は人が対応します',
    link: '途中にシンボリックリンクがあります',
    not_file: '通常のファイルではありません',
    hard_link: 'ファイルに別の名前があります（ハードリンク）',
    too_large: '大きすぎます',
    bad_plan: '計画が自身のハッシュと合いません',
    changed: 'エージェントの後に誰かが変更しました（誰かは不明）',
    line_endings: '改行コードが記録と異なります',
    exists: 'エージェントが残さなかったファイルがあります',
    gone: 'エージェント以外の何かが削除しました',
    raced: 'ちょうど今、変更されました',
    left_out: '指定されていません',
    unfinished: '以前の埋め合わせが途中で止まっています。何が行われたか確認してください',
    error: '失敗: {{detail}}',
  },
  byHand: '手作業で対応するもの:',
  asText_other:
    '{{count}} 件のファイルはテキストとしてのみ記録されています。以前の改行コードが違ったか、空のファイルがあったかは記録からは分かりません。',
  dry_other:
    '試行です。{{root}} の中で {{count}} 件の作業が可能です。実行するには --apply を付けてください。',
  done_other: '{{count}} 件のファイルが元どおりになりました。',
  backup: '置き換えまたは削除したものは {{folder}} に保存されています。',
} as const;

export const rollbackProblems = {
  rollbackWhat: {
    message: '何を元に戻しますか。',
    hint: '--session、--task、--call のいずれかを指定してください。セッションは「clawctl sessions list」で分かります。',
  },
  rollbackBehind: {
    message: '索引がまだすべてを読んでいないため、計画に漏れがあるかもしれません。',
    hint: '少し待って再実行してください。何も変更していません。',
  },
  compensationPlace: {
    message: '{{path}} は元に戻すフォルダーの中にあり、エージェントが書いた可能性があります。',
    hint: '自分の設定フォルダーに置いてください。',
  },
  compensationOpen: {
    message: '{{path}} は他人が書き込めます。',
    hint: '自分だけのものにしてください: chmod 600',
  },
  compensationUnread: { message: '{{path}} を読めません: {{reason}}。' },
  compensationForm: {
    message: '{{path}} は埋め合わせの登録ではありません: {{reason}}。',
    hint: '形式: {"compensations": [{"tool": "send_*", "run": ["/usr/local/bin/unsend"]}]}',
  },
  compensationProgram: {
    message: '{{path}}: {{program}} はプログラムの絶対パスではありません。',
    hint: '/usr/local/bin/unsend のように指定してください。',
  },
} as const;
