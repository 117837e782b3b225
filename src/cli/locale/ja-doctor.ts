/** What doctor finds, and what each runtime is known not to show, in Japanese. */
import type { Catalogue } from './catalogue.ts';
import type { blind, doctor } from './en-doctor.ts';

export const doctorJa = {
  fine: {
    files: 'Claw のフックまたはプラグインがあります: {{found}}',
    program: '{{runtime}} があります: {{found}}',
    server: 'サーバーが応答しています: {{found}}',
    token: 'サーバーはこのトークンで記録を受け付けます。',
    trust: 'Codex 自身がこれらのフックを信頼済みと答えています。',
    own: 'このプロジェクトで実行されるのは、この clawctl が入れたものです。',
    canary: '試験用の呼び出しを同じ経路で送り、記録の中に見つけました: セッション {{found}}',
    observes: 'その呼び出しは止められずに、判断も記録されました。',
    enforces: 'その呼び出しは判断されるまで止められました（承認待ちは最大 {{found}} 秒）。',
    closed: 'Claw が応答しないとき、呼び出しは止められます。',
  },
  fails: {
    files: 'Claw が入っていないか、一部が欠けています: {{found}} → clawctl install {{name}}',
    program: '{{found}} が見つからないか、バージョンを答えません → --program で指定してください',
    server:
      '記録の送り先で Claw サーバーが応答しません: {{found}} → clawctl serve、または --url で指定してください',
    token: 'サーバーがトークンを受け付けません → clawctl install {{name}}',
    trust:
      'Codex はこれらのフックを実行しません: codex を起動して /hooks と入力し、Claw のフックを信頼してください。',
    own: 'clawctl が入れたものではないため、実行しません: {{found}} → clawctl install {{name}} --project',
    canary: '試験用の呼び出しを同じ経路で送りましたが、届きませんでした: セッション {{found}}',
    observes: 'その呼び出しの判断が記録にありません → clawctl install {{name}} --mode observe',
    enforces: 'その呼び出しの判断が記録にありません → clawctl install {{name}} --enforce',
    closed:
      'Claw が応答しないとき、呼び出しが実行されてしまいます → clawctl install {{name}} --enforce',
  },
  blind: '{{runtime}} で見えないことが分かっているもの（{{version}} で測定）:',
} satisfies Catalogue<typeof doctor>;

export const blindJa = {
  rejectedBeforeHooks:
    'フックの前に拒まれた呼び出し（未知のツール、未読ファイルの編集）は、個別のフックではなく後のまとめで伝えられます。',
  deniedHasNoResult: '拒否された呼び出しには、前のフックはあっても後のフックはありません。',
  headlessDenial: '承認する人がいない場合の拒否は、利用者が拒んだものとして記録されます。',
  httpLosesWhileAway:
    'HTTP のフックは Claw の停止中に失われます。--transport command なら保管されます。',
  untrustedHooks: '信頼されていないフックは、何も言わずに飛ばされます。',
  deniedInNoWitness: 'フックが拒否した呼び出しは、テレメトリーにも後のフックにも現れません。',
  shellWithoutExitCode: 'シェルの結果はテキストで、終了コードは独立した項目ではありません。',
  hostedSearch: '計画、検索、未知のツールの呼び出しではフックが動きません。',
  noCallIds: 'フックに呼び出しの ID がなく、ツール・引数・順序で区別します。',
  failedShellSucceeds: '失敗したシェルも成功と報告されます。',
  readOutsideWorkspace:
    'ワークスペース外の読み取りではフックが動かず、テレメトリーにだけ現れます。',
  promptInArguments: 'テレメトリーを使うと、プロンプトを含むコマンド行がすべての送信に含まれます。',
  envFileNearest:
    '--otlp ではトークンが ~/.gemini/.env にあり、プロジェクトに近い .env があると読まれません。',
  failureOnBusOnly: '失敗または拒否された呼び出しは、イベントバスにだけ現れます。',
  pluginsCanBeOff: 'プラグインなし（--pure）で起動した OpenCode は記録されません。',
  afterWithoutBefore: '未知のツールの呼び出しには、後のフックはあっても前のフックはありません。',
  neitherResultNorError: '結果もエラーもない場合、結末は不明です。',
  execWithoutHooks: '「openclaw agent exec」ではこれらのフックが動きません。',
  wrappedCalls: 'ツール検索を通した呼び出しは、それ自身と外側の 2 回伝えられます。',
  lostAfterCalls: '一部の構成では、呼び出し後のフックが失われます（openclaw#155081）。',
} satisfies Catalogue<typeof blind>;
