/** What `clawctl why` says beside the explanation itself, in Japanese. */

export const whyJa = {
  subject: 'ご本人への説明',
  unknown: '分かっていないこと',
  kind: {
    prompt: '指示',
    context: 'それまでに示されたもの',
    model: 'モデル',
    task: 'タスク',
    decision: '判定',
    policy: 'ポリシー',
    approval: '承認',
    action: '行為',
    result: '結果',
    followed: 'その後',
    gap: '見えていないもの',
    rights: 'あなたの権利',
  },
};
