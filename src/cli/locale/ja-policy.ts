/** What `clawctl policy …` says, in Japanese. */
import type { Catalogue } from './catalogue.ts';
import type {
  policy,
  policyAbout,
  policyArguments,
  policyOptions,
  policyProblems,
} from './en-policy.ts';

export const policyAboutJa: Catalogue<typeof policyAbout> = {
  check: 'ポリシーファイルの誤りを示す',
  test: 'ポリシーのそばにあるテストを実行する（失敗があれば終了コード 1）',
  diff: '施行中のポリシーからの変更を示す',
  apply: 'ポリシーファイルを、ほかのすべてに代えて施行する',
  list: '施行中のポリシーを一覧する',
  show: '施行中のポリシーの本文を表示する',
  versions: 'これまでに施行されたポリシーの版を一覧する',
  replay: '過去の判定を別のポリシーでやり直す（違いがあれば終了コード 1）',
};

export const policyOptionsJa: Catalogue<typeof policyOptions> = {
  policyTests: 'テストのファイルまたはフォルダー（既定: ポリシーのフォルダー）',
  against: '施行中のポリシーの代わりに比べるフォルダー',
  versionOf: '施行中のポリシーの代わりに比べる版',
  reason: '理由（記録される）',
  replayLimit: '新しい順に調べる判定の最大数、1〜100000（10000）',
};

export const policyArgumentsJa: Catalogue<typeof policyArguments> = {
  policies: '*.cedar のフォルダー、または 1 つのファイル（policies）',
  policy: 'ポリシーの ID（省略時はすべて）',
};

export const policyProblemsJa: Catalogue<typeof policyProblems> = {
  noPolicies: {
    message: '{{path}} にポリシーがありません。',
    hint: '*.cedar のフォルダーを指定してください: clawctl policy check ./policies',
  },
  noExamples: {
    message: '{{path}} にテストがありません。',
    hint: 'テストはポリシーのそばの *.test.json か、--tests で示す場所に置きます。',
  },
  noPolicy: {
    message: '{{id}} というポリシーは施行されていません。',
    hint: '「clawctl policy list」で一覧できます。',
  },
  policyErrors: { message: 'ポリシーに誤りがあります: {{count}} 件。' },
  policyTests: { message: 'ポリシーのテスト: 失敗 {{failed}} 件、成功 {{passed}} 件。' },
  replayDiffers: {
    message: '結果が変わる判定があります: {{decisions}} 件中 {{different}} 件。',
  },
  notApplied: { message: '何も施行しませんでした。' },
};

export const policyJa: Catalogue<typeof policy> = {
  error: '誤り:',
  warning: '注意:',
  checked_other: '{{count}} 件のポリシーに誤りはありません: {{version}}',
  tested_other: 'テスト {{count}} 件: 成功 {{passed}}、失敗 {{failed}}',
  expected: '期待',
  got: '実際',
  notHolding: '{{id}} は成り立ちませんでした。',
  noSuch: '{{id}} というポリシーはありません。',
  surplus: '期待していない {{id}} が成り立ちました: {{place}}',
  unchanged: '変更はありません。',
  added: '追加: {{id}}',
  removed: '削除: {{id}}',
  changed: '変更: {{id}}',
  sure: 'これらのポリシーを施行しますか？ [y/N] ',
  applied: '施行しました: {{version}}',
  appliedBy: '{{id}} として記録しました。',
  inForce: '{{version}}（{{author}} が {{at}} に施行）',
  place: '位置: {{place}}',
  noVersions: 'まだ何も施行されていません。Claw に付属のポリシーが効きます。',
  before: '当時',
  after: '今回',
  replayed_other:
    '判定 {{count}} 件: 同じ {{same}}、別のポリシーによる同じ結果 {{otherwise}}、異なる {{different}}',
  detail: '詳細: clawctl logs show {{id}}',
  untold_other: '… ほか {{count}} 件',
  unreadable_other: '{{count}} 件の判定には、やり直せる要求がありません。',
  older_other: '新しい {{count}} 件だけを調べました。--limit で増やせます。',
};
