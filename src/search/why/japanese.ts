/** The sentences of an explanation in Japanese. */
import type { Group, Limit, Traced, Wording } from './wording.ts';

export const JAPANESE: Wording = {
  asked: ({ who, at, channel, behalf, text, erased, how }) => {
    const lead = { last: '直前に記録されたプロンプト：', above: '親セッションで：' };
    const before = how === 'last' || how === 'above' ? lead[how] : '';
    const through = channel && ` ${channel} を通じて`;
    const whom = behalf && `（${behalf} のために）`;
    const words = text ? `「${text}」` : erased ? '（本文は消去済み）' : '（本文の記録なし）';
    return `${before}${who || '利用者'}が ${at} に${through}${whom}次のように指示しました：${words}`;
  },
  ordered: ({ at, text }) => `サブエージェントは ${at} に次のように指示されました：${quoted(text)}`,
  delegated: ({ at, act, session }) =>
    `これはサブエージェントが行いました。セッション ${session} の${
      act ? ` ${act}` : '（記録にない呼び出し）'
    } が${at && ` ${at} に`}開始したものです。`,
  instructed: ({ at, text }) =>
    `モデルには ${at} から次の指示が与えられていました：${quoted(text)}`,
  task: ({ id, goal, by, at, limits }) => {
    const declared = by || at ? `${by && `${by} が`}${at && ` ${at} に`}宣言しました。` : '';
    const aim = goal && `目的：${quoted(goal)} `;
    if (limits === undefined) return `これはタスク ${id} に属します。その宣言は読めていません。`;
    const bounds = limits.length === 0 ? '制限なし' : limits.map(limit).join('、');
    return `これはタスク ${id} に属します。${declared}${aim}（${bounds}）`;
  },
  spent: ({ calls, most }) =>
    `この判定より前に、このタスクで許可された呼び出しは${
      most === undefined ? '' : `上限 ${most} 件のうち`
    } ${calls} 件です。`,
  saw: (groups) =>
    `プロンプトからこの時点までに、エージェントには${groups.map(group).join('、')}が示されました。`,
  sawNothing: () =>
    'プロンプトからこの時点までにエージェントに示されたものは、記録されていません。',
  origin: (told) => `${list(told.values.map(quoted))}${first(told)}${mention(told)}`,
  prompted: ({ values }) =>
    `${list(values.map(quoted))}は利用者のプロンプトに含まれています。それより前には現れません。`,
  model: (model) => `モデルは ${model} です。`,
  said: ({ at, text, thought }) =>
    `その前の ${at} に、エージェントは次のように${thought ? '考えました' : '述べました'}：${quoted(text)}`,
  decided: ({ at, by, who, outcome, policies, version, reason, constraints, ...how }) => {
    const names = { policy: 'ポリシー', human: '担当者', hook: 'フック', config: '設定' };
    const name = who || (Object.hasOwn(names, by) ? names[by as keyof typeof names] : '判定者不明');
    const verbs = {
      permit: '許可しました',
      deny: '拒否しました',
      escalate: '人の承認を求めました',
    };
    const verb = outcome === undefined ? '判定しました（結果は記録にありません）' : verbs[outcome];
    const which = policies.length === 0 ? '' : `（${policies.join('、')}）`;
    const set = version && `ポリシーの版は ${version} です。`;
    const why = reason && `記録された理由：${quoted(reason)} `;
    const held = constraints && `適用された制約：${constraints} `;
    const lifted =
      how.lifted.length > 0 ? `承認により ${how.lifted.join('、')} の制限が解除されました。` : '';
    const let_ = how.observed ? '観察のみのため、エージェントは続行できました。' : '';
    const found = how.matched
      ? '呼び出しとは ID ではなく、ツールと引数の一致で結び付けています。'
      : '';
    return `${name}${which}が ${at} に${verb}。${set}${why}${lifted}${held}${let_}${found}`.trim();
  },
  policy: ({ id, effect, file, author, at, reason, values }) => {
    const kind = effect === 'permit' ? '許可' : '禁止';
    const force = author || at ? `、${author && `${author} が`}${at && ` ${at} に`}適用` : '';
    const why = reason && `ポリシーの説明：${quoted(reason)} `;
    const about = values.length === 0 ? '' : `参照された値：${values.join('、')}。`;
    return `ポリシー ${id}（${kind}、${file}${force}）。${why}${about}`.trim();
  },
  requested: ({ who, at, reason, quorum, expires }) =>
    `${who || '誰か'}が ${at} に承認を求めました${reason && `：${quoted(reason)}`}。必要な承認は ${quorum} 件${
      expires && `、期限は ${expires} `
    }です。`,
  voted: ({ who, at, vote, scope, after, reason }) =>
    `${who || '誰か'}が ${at} に${vote === 'approve' ? '承認' : '拒否'}しました${
      after || SCOPES.has(scope)
        ? `（${[after && `依頼から ${after} 後`, SCOPES.get(scope) ?? ''].filter(Boolean).join('、')}）`
        : ''
    }${reason && `：${quoted(reason)}`}`,
  approvalIs: (state, at, after) => {
    const states: Readonly<Record<string, string>> = {
      pending: 'まだ誰も判断していません。承認待ちです。',
      approved: `${at && `${at} に`}承認されました。`,
      denied: `${at && `${at} に`}拒否されました。`,
      expired: `期限${after && `（${after}）`}までに誰も判断しなかったため、失効しました。失効は拒否として扱われます。`,
      used: 'この承認は、この操作の 1 回の実行に使われました。',
    };
    return Object.hasOwn(states, state) ? (states[state] ?? '') : '状態は分かりません。';
  },
  acted: ({ at, act, resources, witnesses }) =>
    `エージェントは ${at} に ${act} を呼び出しました。${
      resources.length === 0 ? '' : `対象：${resources.join('、')}。`
    }証人：${witnesses.join('、')}。`,
  result: ({ status, took, text, reason, answered }) => {
    const why = reason && `：${quoted(reason)}`;
    const back = text && ` 返された内容：${quoted(text)}`;
    switch (status) {
      case 'pending':
        return 'まだ結果は記録されていません。';
      case 'success':
        return `成功しました${took && `（${took}）`}。${back}`;
      case 'error':
        return `失敗しました${took && `（${took}）`}${why || '。'}${back}`;
      case 'blocked':
        return `ブロックされ、実行されなかったと記録されています${why || '。'}`;
      case 'escalated':
        return `承認を待っています${why || '。'}`;
      default:
        return answered
          ? `応答はありましたが、成否は伝えられていません。${back}`
          : '結果は誰にも見えていません。';
    }
  },
  unshown: ({ by, what, seen }) => {
    const halves = { call: 'この呼び出し', request: 'その要求', result: 'その結果' };
    return `${halves[what]}は ${by} には見えず、${seen.join('、')} に見えました。`;
  },
  reused: ({ values, of, act, at, fresh }) => {
    const from = { result: '結果', prompt: 'プロンプト', words: '本文' }[of];
    const before = fresh ? `この${from}より前には現れません。` : '';
    return `この${from}に含まれる${list(values.map(quoted))}が、${at} の ${act} に現れます。${before}`;
  },
  touched: ({ resource, earlier, later, act, at }) =>
    `これが${done(earlier)} ${resource} は、${at} に ${act} によって${suffered(later)}。`,
  next: ({ count, acts }) =>
    count === 0
      ? 'このターンには、これ以降の呼び出しは記録されていません。'
      : `その後、エージェントはこのターンでさらに ${count} 件の呼び出しを行いました：${acts.join('、')}${
          count > acts.length ? ' ほか' : ''
        }。`,
  answered: ({ at, text }) =>
    `その後 ${at} に、エージェントは次のように回答しました：${quoted(text)}`,
  unmentioned: (values) => `その回答は${list(values.map(quoted))}に触れていません。`,
  undone: ({ at, text }) =>
    `${at} にロールバックが記録されました${text ? `：${quoted(text)}` : '。'}`,
  found: ({ at, text }) => `${at} に検知が記録されました${text ? `：${quoted(text)}` : '。'}`,
  closed: ({ at, outcome, text }) =>
    `タスクは ${at} に終了しました${outcome && `（${outcome}）`}${text ? `：${quoted(text)}` : '。'}`,
  ended: (at) => `セッションは ${at} に終了しました。`,
  lost: ({ at, text }) => `${at} に記録の欠落があります${text ? `：${quoted(text)}` : '。'}`,
  noted: ({ at, text }) => `${at}：${text}`,
  unknown: {
    prompt: () => 'これより前のプロンプトは記録されていません。誰が始めさせたのかは分かりません。',
    parent: (session) => `これを開始したセッション（${session}）の記録がありません。`,
    decision: () => '判定の記録がありません。確認されたことを示すものはありません。',
    policy_text: (id) => `${id} の当時の本文は、ここでは分かりません。`,
    call: () => '対象の呼び出しが記録されていません。行われたかどうかは分かりません。',
    result: () => '結果は誰にも見えていません。',
    running: () => 'まだ実行中かもしれません。結果は届いていません。',
    origin: (values) => `読んだ範囲では、${values} はこれより前に現れません。`,
    erased: (count) => `${count} 行の内容が消去されています。何が含まれていたかは分かりません。`,
    partly_read: (count) => `${count} 行は、先頭の部分だけを読みました。`,
    left_out_before: (count) =>
      `セッションのこれより前の ${count} 行は読んでいません。「初めて」とした値が、そこにも現れる可能性があります。`,
    left_out_after: (count) => `セッションのこれより後の ${count} 行は読んでいません。`,
    lagging: () => '索引がまだすべてを読んでいません。後でもう一度確認してください。',
    witness: () => '証人は 1 つだけです。独立した証人による裏付けはありません。',
    not_recorded: (tool) => `モデルが要求した ${tool} を、実行環境は記録していません。`,
    no_request: (tool) => `${tool} の結果はありますが、要求は誰にも見えていません。`,
    shortfalls: (count) =>
      `このセッションでは、ほかに ${count} 件の欠けがあります。clawctl coverage で確認できます。`,
  },
};

const SCOPES: ReadonlyMap<string, string> = new Map([
  ['once', '1 回のみ'],
  ['session', 'このセッション中'],
]);

function quoted(text: string): string {
  return text === '' ? '（記録なし）' : `「${text}」`;
}

function list(words: readonly string[]): string {
  return words.length === 0 ? '（なし）' : words.join('と');
}

function first({ from, act, session, at, steps }: Traced): string {
  const ago = `（${steps} ステップ前）`;
  switch (from) {
    case 'shown':
      return `は、${at} の ${act} の結果${ago}に初めて現れました。`;
    case 'notice':
      return `は、${at} の実行環境からの通知${ago}に初めて現れました。`;
    case 'agent':
      return act
        ? `は、${at} にエージェント自身が行った ${act} の呼び出し${ago}に初めて現れました。`
        : `は、${at} のエージェント自身の発言${ago}に初めて現れました。`;
    case 'instructions':
      return `は、${at} のモデルへの指示に初めて現れました。`;
    case 'elsewhere':
      return `は、${at} のセッション ${session} に初めて現れました。このエージェントがそれを見たという記録はありません。`;
  }
}

function mention({ prompt }: Traced): string {
  switch (prompt) {
    case 'none':
      return '';
    case 'silent':
      return '利用者のプロンプトには含まれていません。';
    case 'silent_all':
      return 'これより前の利用者のプロンプトのいずれにも含まれていません。';
    case 'unread':
      return '利用者のプロンプトの一部は読めませんでした。読めたものには含まれていません。';
    case 'names':
      return 'その後の利用者のプロンプトにも含まれています。';
  }
}

function limit(one: Limit): string {
  switch (one.kind) {
    case 'calls':
      return `呼び出し ${one.most} 件まで`;
    case 'seconds':
      return `${one.most} 秒まで`;
    case 'tokens':
      return `トークン ${one.most} 個まで`;
    default: {
      const nouns = { actions: '行為', tools: 'ツール', resources: '対象' } as const;
      return `${nouns[one.kind]}は ${one.names.length === 0 ? 'なし' : one.names.join(', ')}`;
    }
  }
}

function group({ kind, count, names }: Group): string {
  const nouns = {
    files: 'ファイル',
    pages: 'ページ',
    commands: 'コマンドの出力',
    agents: 'サブエージェントの結果',
    results: 'ツールの結果',
    notices: '実行環境からの通知',
  } as const;
  const more = count > names.length ? ' ほか' : '';
  const told = names.length === 0 ? '' : `（${names.join('、')}${more}）`;
  return `${nouns[kind]} ${count} 件${told}`;
}

function done(access: string): string {
  const words: Readonly<Record<string, string>> = {
    read: '読み取った',
    write: '書き込んだ',
    delete: '削除した',
    execute: '実行した',
    network: '接続した',
  };
  return Object.hasOwn(words, access) ? (words[access] ?? '使った') : '使った';
}

function suffered(access: string): string {
  const words: Readonly<Record<string, string>> = {
    read: '読み取られました',
    write: '書き込まれました',
    delete: '削除されました',
    execute: '実行されました',
    network: '接続先となりました',
  };
  return Object.hasOwn(words, access) ? (words[access] ?? '使われました') : '使われました';
}
