/** What `clawctl coverage` says, in Japanese. */
import type { Catalogue } from './catalogue.ts';
import type { coverage } from './en-coverage.ts';

export const coverageJa: Catalogue<typeof coverage> = {
  none: '該当するセッションはありません。',
  verdict: {
    complete: '完全: 要求されたすべての呼び出しとその結果が確認されています。',
    incomplete: '不完全: 欠けているものがあります。',
    unknown: '不明: 欠落は確認されていませんが、すべては照合できませんでした。',
  },
  word: { complete: '完全', incomplete: '不完全', unknown: '不明' },
  doubt: {
    one_witness: '独立した証人がいません。モデルとの通信と実行環境の両方を記録してください。',
    open: 'セッションの終了が記録されていません。',
    behind: '索引がまだすべてを読んでいません。後でもう一度確認してください。',
    erased: '内容の一部が消去されています。',
    lost: 'その間に失われた記録があり、どのセッションのものか分かりません。',
    partial: '照合で読む範囲より長いセッションです。',
  },
  column: {
    prompts: 'プロンプト',
    outputs: '出力',
    asked: '要求',
    answered: '結果',
    approvals: '承認',
  },
  runtimes: '実行環境: {{runtimes}}',
  calls: 'ツール呼び出し: {{calls}} 件、見えるはずの証人すべてが見たもの: {{all}} 件',
  missing: '欠けているもの:',
  shortfall: {
    not_recorded: '{{tool}}: モデルが要求しましたが、実行環境は記録していません。',
    no_result: '{{tool}}: 要求されましたが、結果は誰にも見えていません。',
    no_request: '{{tool}}: 結果はありますが、要求は誰にも見えていません。',
    gap: '送信側が欠落を報告しました。',
    silent: 'エージェントが作業の途中で沈黙しました。',
  },
  unseen: 'ある証人には見えず、他の証人には見えたもの:',
  unseenBy: {
    call: '{{tool}}: {{by}} には見えず、{{seen}} に見えました',
    request: '{{tool}}: 要求は {{by}} には見えず、{{seen}} に見えました',
    result: '{{tool}}: 結果は {{by}} には見えず、{{seen}} に見えました',
  },
  more_other: '… 他 {{count}} 件',
  someTool: 'ツール',
  detail: '詳しくは clawctl coverage {{session}}',
};
