/** What holding calls back means for each runtime, in Japanese. */
import type { Catalogue } from './catalogue.ts';
import type { gate } from './en-gate.ts';

export const gateJa = {
  enforces:
    '{{runtime}} は呼び出しのたびに Claw に問い合わせ、許可されないものは実行しません。承認が必要な呼び出しは最大 {{wait}} 秒待ちます。',
  observes: '{{runtime}} は呼び出しの前に Claw へ知らせます。どう判断されたはずかが記録されます。',
  ended: '{{runtime}} の呼び出しは判断に従わなくなります: --enforce が指定されていません。',
  holes: '{{runtime}} で止められないもの:',
  hole: {
    rejectedBeforeGate:
      'Claude Code がフックの前に拒否した呼び出しは実行されず、判断も行われません。',
    hooksCanBeOff: '設定を変更できる人はフックを無効にできます。doctor が気付きます。',
    untrustedNotAsked: '信頼されていないフックは飛ばされ、呼び出しは実行されます。',
    openWhereKilled:
      'ランタイム自身が時間切れで終わらせたフックは呼び出しを止められません。Claw のフックはその前に答えます。',
    stdinNotAsked: '実行中のコマンドへの入力（write_stdin）では問い合わせません。',
    hostedNotAsked: 'モデルの提供元が自ら行う検索では問い合わせません。',
    pluginCanBeMissing:
      'プラグインなしで起動した場合や読み込めない場合、すべての呼び出しが記録なしで実行されます。',
    othersCanChange:
      '後から呼ばれる別のプラグインは、許可された呼び出しの内容を変えることができます。',
    execNotAsked: '「openclaw agent exec」ではフックが動かず、問い合わせは行われません。',
    outsideNotAsked: 'ワークスペース外の読み取りは Gemini CLI が拒否し、問い合わせは行われません。',
  },
} satisfies Catalogue<typeof gate>;
