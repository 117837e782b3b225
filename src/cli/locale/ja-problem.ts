/** Failures that clawctl itself finds, in Japanese, with the way out. */
import type { Catalogue } from './catalogue.ts';
import type { problems } from './en-problem.ts';
import { governProblems } from './ja-govern.ts';
import { policyProblemsJa } from './ja-policy.ts';
import { rollbackProblems } from './ja-rollback.ts';

export const problemsJa = {
  ...governProblems,
  ...rollbackProblems,
  unreachable: {
    message: '{{url}} で Claw サーバーが応答しません。',
    hint: '「clawctl serve」で起動するか、--url または CLAW_URL で別のサーバーを指定してください。',
  },
  mcpVote: {
    message: 'このマシンのトークンでは承認できません。',
    hint: 'CLAW_TOKEN に approver のトークンを設定してください（clawctl token create --role approver で作成）。',
  },
  foreignAnswer: {
    message: '応答したのは Claw ではありません（HTTP 状態 {{status}}）。',
    hint: '--url または CLAW_URL を確認してください。',
  },
  cutAnswer: {
    message: '{{url}} の応答が途中で切れました。',
    hint: '何も保存していません。サーバーのログを確認して、再試行してください。',
  },
  tailEnded: {
    message: 'サーバーがストリームを閉じました。',
    hint: 'その間に記録されたイベントは「clawctl logs search」で見つかります。',
  },
  noToken: {
    message: '{{url}} 用のトークンがありません。',
    hint: 'CLAW_TOKEN を設定するか、サーバーと同じマシンでは --data でデータフォルダーを指定してください。',
  },
  badUrl: {
    message: '{{url}} は http または https のアドレスではありません。',
    hint: '例: --url http://127.0.0.1:4620',
  },
  badUpstream: {
    message: '{{url}} は、名前とパスワードを含まない http または https のアドレスではありません。',
    hint: '例: --upstream https://tickets.example/mcp',
  },
  zone: {
    message: '{{zone}} は IANA タイムゾーンではありません。',
    hint: '例: --zone Asia/Tokyo',
  },
  whole: { message: '{{option}} は {{least}} から {{most}} までの整数で指定してください。' },
  choice: { message: '{{option}} は次のいずれかです: {{choices}}。' },
  option: {
    message: 'オプション {{flag}} はありません。{{similar}}',
    hint: '--help を付けると一覧が見られます。',
  },
  command: {
    message: 'コマンド {{word}} はありません。{{similar}}',
    hint: '「clawctl --help」でコマンドの一覧が見られます。',
  },
  argument: { message: '{{name}} がありません。', hint: '--help を付けると例が見られます。' },
  value: {
    message: 'オプション {{flag}} には値が必要です。',
    hint: '--help を付けると例が見られます。',
  },
  required: {
    message: 'オプション {{flag}} は必須です。',
    hint: '--help を付けると例が見られます。',
  },
  excess: { message: '引数が多すぎます。', hint: '空白を含む検索式は引用符で囲んでください。' },
  needsMode: { message: '{{one}} には --enforce または --mode が必要です。' },
  needs: { message: '{{option}} には {{other}} が必要です。' },
  conflict: { message: '{{one}} と {{other}} は同時に使えません。' },
  usage: { message: '{{text}}', hint: '--help を付けると例が見られます。' },
  noEvent: {
    message: 'イベントまたは呼び出し {{event}} はありません。',
    hint: '「clawctl logs search」で探せます。ID は 4 文字以上指定してください。',
  },
  manyEvents: {
    message: '{{event}} で始まるイベントが複数あります。',
    hint: 'ID をもっと長く指定してください: {{ids}} など。',
  },
  noSession: {
    message: 'セッション {{session}} はありません。',
    hint: '「clawctl sessions list」で一覧が見られます。',
  },
  manySessions: {
    message: '{{session}} で始まるセッションが複数あります。',
    hint: 'ID をもっと長く指定してください: {{ids}}。',
  },
  noIndex: {
    message: '番号 {{index}} のイベントはありません。',
    hint: '番号は「clawctl logs search」の # の値です。',
  },
  erasedIndex: {
    message: '番号 {{index}} のイベントは開けません: {{problem}}。',
    hint: '「clawctl verify」で消去・欠落・改竄を区別できます。',
  },
  unwritable: {
    message: '{{file}} に書き込めません: {{reason}}。',
    hint: '--output で別の場所を指定してください。',
  },
  unreadable: { message: '{{file}} を読み取れません: {{reason}}。' },
  interrupted: { message: '中断しました。何も書き込んでいません。' },
  importBroken: {
    message: '取り込みは中断されました。それまでに送信した分は記録済みです。',
    hint: 'もう一度実行してください。記録済みのイベントが重複することはありません。',
  },
  noYes: {
    message: '確認に答える人がいません。',
    hint: '上の変更内容を確認し、--yes を付けてください。',
  },
  noData: {
    message: 'データフォルダー {{data}} がありません。',
    hint: '--data で指定するか、「clawctl serve」を起動して作成してください。',
  },
  notProof: {
    message: '{{file}} は Claw の証明ファイルではありません。',
    hint: '「clawctl proof」が書いた .claw-proof.json ファイルを指定してください。',
  },
  badVkey: {
    message: '--vkey に検証鍵がありません。',
    hint: '形式は NAME+HASH+KEY です。サーバーは /ledger/TENANT/vkey で公開しています。',
  },
  proofFails: { message: '証明が成り立ちません: {{reason}}。' },
  nothingSigned: {
    message: 'チェックポイントがないテナントがあるか、テナントがないため、検証できません。',
    hint: '新しい記録には 1 秒ほどで最初のチェックポイントが付きます。再試行してください。',
  },
  notCovered: {
    message: '完全でないセッションがあります: 不完全 {{incomplete}} 件、不明 {{unknown}} 件。',
    hint: '「clawctl coverage SESSION」で、誰にも見えなかったものと不明な理由を表示します。',
  },
  trailFails: { message: '記録を検証できませんでした。' },
  noScope: {
    message: '{{runtime}} にはプロジェクトごとの設定がありません。利用者全体で記録します。',
    hint: '--project を外してください。',
  },
  notFor: { message: '{{option}} は {{runtime}} には使えません。' },
  ...policyProblemsJa,
  shell: {
    message: '{{shell}} 用の補完はありません。',
    hint: 'bash、zsh、fish があります。',
  },
} satisfies Catalogue<typeof problems>;
