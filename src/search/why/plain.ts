/** The sentences for the person whom an event concerns, in English and Japanese. */
import type { Action, Status } from '../../event/event.ts';

export type Plain = {
  readonly asked: (at: string, text: string) => string;
  readonly askedByOther: () => string;
  readonly askedUnknown: () => string;
  readonly used: (told: { readonly own: boolean; readonly count: number }) => string;
  readonly brought: (count: number) => string;
  readonly checked: (told: {
    readonly by: 'policy' | 'human' | 'hook' | 'config' | '';
    readonly outcome: 'permit' | 'deny' | 'escalate' | undefined;
    readonly at: string;
    readonly reasons: readonly string[];
    /** It was outside of what the agent's task allows. */
    readonly task: boolean;
    readonly observed: boolean;
  }) => string;
  readonly approval: (state: string, at: string) => string;
  readonly did: (action: Action | undefined, at: string) => string;
  readonly was: (type: string, at: string) => string;
  readonly result: (status: Status | undefined) => string;
  /** `checked`: by rules; else nothing is recorded of any decision. */
  readonly automated: (checked: boolean) => string;
  readonly person: () => string;
  readonly contest: (reference: string) => string;
  readonly unknown: { readonly [K in PlainUnknown]: () => string };
};

export const PLAIN_UNKNOWN = ['check', 'result', 'erased', 'incomplete'] as const;
export type PlainUnknown = (typeof PLAIN_UNKNOWN)[number];

export const PLAIN_ENGLISH: Plain = {
  asked: (at, text) =>
    `You asked at ${at}: ${text ? `"${text}"` : '(your words are not recorded)'}`,
  askedByOther: () => 'It was set going by a request that is not recorded as yours.',
  askedUnknown: () => 'No request is recorded that set it going.',
  used: ({ own, count }) => {
    const yours = own ? 'your request' : '';
    const pieces = count === 1 ? '1 piece' : `${count} pieces`;
    const others = count === 0 ? '' : `${pieces} of information that it looked up`;
    const all = [yours, others].filter((one) => one !== '').join(' and ');
    return all === '' ? 'No data is recorded that it used.' : `The agent had before it: ${all}.`;
  },
  brought: (count) => {
    const details = count === 1 ? 'One detail' : `${count} details`;
    const where = 'first appeared in information that it looked up, not in your request';
    return `${details} of what it did ${where}.`;
  },
  checked: ({ by, outcome, at, reasons, task, observed }) => {
    const names = {
      policy: 'Automated rules',
      human: 'A person',
      hook: 'An automated check',
      config: 'The settings of the system',
      '': 'Somebody or something that is not recorded',
    };
    const verbs = { permit: 'allowed it', deny: 'refused it', escalate: 'passed it to a person' };
    const verb = outcome === undefined ? 'decided in a way that is not recorded' : verbs[outcome];
    const why = reasons.map((reason) => ` The reason given: "${reason}"`).join('');
    const scope = task ? " It was outside of what the agent's task allows." : '';
    const only = observed ? ' The rules were on trial: the agent was let go on.' : '';
    return `${names[by]} ${verb} at ${at}.${why}${scope}${only}`;
  },
  approval: (state, at) => {
    const states: Readonly<Record<string, string>> = {
      pending: 'A person was asked to decide and has not decided yet.',
      approved: `A person approved it${at && ` at ${at}`}.`,
      used: `A person approved it${at && ` at ${at}`}.`,
      denied: `It was refused${at && ` at ${at}`} after a person had been asked.`,
      expired: 'A person was asked to decide; nobody did in time, so it was refused automatically.',
    };
    return Object.hasOwn(states, state)
      ? (states[state] ?? '')
      : 'A person was asked to decide; how that ended is not recorded.';
  },
  did: (action, at) => {
    const acts: Readonly<Record<string, string>> = {
      read: 'read information',
      write: 'change or store information',
      delete: 'delete information',
      execute: 'run a program',
      network: 'contact another system',
      communicate: 'send a message',
      delegate: 'pass work to another agent',
      plan: 'make a plan',
      query: 'search for information',
      admin: 'change settings',
    };
    const did = action !== undefined && Object.hasOwn(acts, action) ? acts[action] : 'take a step';
    const called = `The agent, an automated system, called a function at ${at}.`;
    return `${called} By its record, it was meant to ${did}.`;
  },
  was: (type, at) => {
    const kinds: Readonly<Record<string, string>> = {
      prompt: 'a request to the agent',
      output: 'an answer of the agent, which was made automatically',
      decision: 'a decision about a step of the agent',
      approval: 'a question to a person about a step of the agent',
    };
    const kind = Object.hasOwn(kinds, type) ? kinds[type] : 'a record about the work of the agent';
    return `This concerns ${kind}, at ${at}.`;
  },
  result: (status) => {
    switch (status) {
      case 'success':
        return 'It was carried out.';
      case 'error':
        return 'It was tried and failed.';
      case 'blocked':
        return 'It was stopped and not carried out, as recorded.';
      case 'pending':
      case 'escalated':
        return 'It is not recorded as carried out yet.';
      default:
        return 'Whether it was carried out is not known.';
    }
  },
  automated: (checked) =>
    checked
      ? 'It was decided automatically: no person is recorded to have taken part.'
      : 'No decision about it is recorded, of a person or of rules.',
  person: () => 'A person is recorded to have taken part in deciding this.',
  contest: (reference) => {
    const rights = 'ask that a person looks at this, say what you think of it, and contest it';
    const turn = 'Turn to whoever runs this agent, and name this reference';
    return `You may ${rights}. ${turn}: ${reference}`;
  },
  unknown: {
    check: () => 'No check of this step is recorded.',
    result: () => 'It is not known what came of it.',
    erased: () => 'Some of the records were erased.',
    incomplete: () => 'Not all records could be read for this explanation.',
  },
};

export const PLAIN_JAPANESE: Plain = {
  asked: (at, text) =>
    `あなたは ${at} に次のように依頼しました：${text ? `「${text}」` : '（本文の記録なし）'}`,
  askedByOther: () => 'これは、あなたのものとして記録されていない依頼によって始まりました。',
  askedUnknown: () => 'これを始めさせた依頼は記録されていません。',
  used: ({ own, count }) => {
    const yours = own ? 'あなたの依頼' : '';
    const others = count === 0 ? '' : `エージェントが調べた情報 ${count} 件`;
    const all = [yours, others].filter((one) => one !== '').join('と、');
    return all === ''
      ? '使われたデータは記録されていません。'
      : `エージェントの手元にあったデータは、${all}です。`;
  },
  brought: (count) =>
    `行われたことの詳細のうち ${count} 件は、あなたの依頼ではなく、エージェントが調べた情報に初めて現れました。`,
  checked: ({ by, outcome, at, reasons, task, observed }) => {
    const names = {
      policy: '自動化された規則',
      human: '担当者',
      hook: '自動チェック',
      config: 'システムの設定',
      '': '記録されていない判定者',
    };
    const verbs = {
      permit: '許可しました',
      deny: '拒否しました',
      escalate: '人の判断に回しました',
    };
    const verb = outcome === undefined ? '判定しました（結果の記録なし）' : verbs[outcome];
    const why = reasons.map((reason) => `示された理由：「${reason}」`).join('');
    const scope = task ? 'エージェントのタスクで許された範囲の外でした。' : '';
    const only = observed ? '規則は試行中だったため、エージェントは続行できました。' : '';
    return `${names[by]}が ${at} にこれを${verb}。${why}${scope}${only}`;
  },
  approval: (state, at) => {
    const states: Readonly<Record<string, string>> = {
      pending: '人に判断を求めましたが、まだ判断されていません。',
      approved: `人が${at && ` ${at} に`}承認しました。`,
      used: `人が${at && ` ${at} に`}承認しました。`,
      denied: `人に判断を求めた後、${at && `${at} に`}拒否されました。`,
      expired: '人に判断を求めましたが、期限までに判断されなかったため、自動的に拒否されました。',
    };
    return Object.hasOwn(states, state)
      ? (states[state] ?? '')
      : '人に判断を求めましたが、結果は記録されていません。';
  },
  did: (action, at) => {
    const acts: Readonly<Record<string, string>> = {
      read: '情報の読み取り',
      write: '情報の変更または保存',
      delete: '情報の削除',
      execute: 'プログラムの実行',
      network: '他のシステムへの接続',
      communicate: 'メッセージの送信',
      delegate: '他のエージェントへの作業の委任',
      plan: '計画の作成',
      query: '情報の検索',
      admin: '設定の変更',
    };
    const did = action !== undefined && Object.hasOwn(acts, action) ? acts[action] : '処理';
    return `自動システムであるエージェントは、${at} に「${did}」として記録された機能を呼び出しました。`;
  },
  was: (type, at) => {
    const kinds: Readonly<Record<string, string>> = {
      prompt: 'エージェントへの依頼',
      output: '自動的に作られたエージェントの回答',
      decision: 'エージェントの処理についての判定',
      approval: 'エージェントの処理についての人への問い合わせ',
    };
    const kind = Object.hasOwn(kinds, type) ? kinds[type] : 'エージェントの作業の記録';
    return `これは ${at} の、${kind}に関するものです。`;
  },
  result: (status) => {
    switch (status) {
      case 'success':
        return '実行されました。';
      case 'error':
        return '実行を試みましたが、失敗しました。';
      case 'blocked':
        return '止められ、実行されなかったと記録されています。';
      case 'pending':
      case 'escalated':
        return '実行されたという記録はまだありません。';
      default:
        return '実行されたかどうかは分かりません。';
    }
  },
  automated: (checked) =>
    checked
      ? '自動的に判断されました。人が関わったという記録はありません。'
      : 'これについての判断は、人によるものも規則によるものも記録されていません。',
  person: () => '判断に人が関わったことが記録されています。',
  contest: (reference) =>
    `あなたは、人による見直しを求め、意見を述べ、異議を申し立てることができます。このエージェントの運用者に、次の参照番号を伝えてください：${reference}`,
  unknown: {
    check: () => 'この処理を確認したという記録はありません。',
    result: () => '結果は分かりません。',
    erased: () => '記録の一部は消去されています。',
    incomplete: () => 'この説明のために、すべての記録を読むことはできませんでした。',
  },
};
