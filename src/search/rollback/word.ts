/** Says in plain sentences what a step of a rollback leaves to a person, and what came of it. */
import { excerpt } from '../safe.ts';
import type { Language } from '../sentence.ts';
import type { Reason } from './left.ts';

type Left = {
  readonly reason: Reason;
  readonly tool: string;
  readonly path?: string | undefined;
  readonly what?: string | undefined;
};

const SUBJECT_CHARS = 300;

/** What a person must do, on one line that is safe to print. */
export function advice({ reason, tool, path, what }: Left, language: Language): string {
  const subject = excerpt(path ?? what ?? tool, SUBJECT_CHARS);
  return WORDS[language][reason](subject, excerpt(tool, 80));
}

type Sentence = (subject: string, tool: string) => string;

const FROM_ELSEWHERE = 'Restore it from version control or a backup.';

const ENGLISH: Readonly<Record<Reason, Sentence>> = {
  chain_broken: (path) =>
    [
      `Between two of the agent's changes something else changed ${path}.`,
      'Compare it with version control or a backup and decide by hand.',
    ].join(' '),
  no_preimage: (path) => `The record does not hold what ${path} was before. ${FROM_ELSEWHERE}`,
  unknown_left: (path) =>
    [
      `The record does not tell how the agent left ${path},`,
      'so nobody can say whether it was changed since. Compare and restore it by hand.',
    ].join(' '),
  not_text: (path) => `${path} held bytes that the record does not keep. ${FROM_ELSEWHERE}`,
  no_content: (path) => `${path} was too large to be kept when it was changed. ${FROM_ELSEWHERE}`,
  too_large: (path) =>
    `The plan is full before ${path}. Roll back this call alone, or restore the file by hand.`,
  unseen: (path, tool) =>
    `Nobody saw what came of ${tool} on ${path}. Look whether the file was changed.`,
  command: (what) =>
    `A command ran: ${what}. What it changed is not recorded: look, and undo it by hand.`,
  request: (what) =>
    `A request went out: ${what}. Find out what it changed there, and have it undone there.`,
  message: (what, tool) =>
    `${tool} sent something: ${what}. It cannot be called back: tell whoever received it.`,
  delete: (what) => `${what} was deleted and not kept. Restore it from a backup.`,
  write: (what, tool) =>
    `${tool} changed something that the record does not hold: ${what}. Restore it by hand.`,
  delegate: (what) =>
    [
      `Another agent was started: ${what}.`,
      'What it did in a session of its own is not in this plan: roll that session back too.',
    ].join(' '),
  admin: (what, tool) =>
    `${tool} changed settings: ${what}. Look at them and set them back by hand.`,
  tool: (what, tool) =>
    `What ${tool} does is not known: ${what}. Find out whether it changed anything.`,
};

const JAPANESE: Readonly<Record<Reason, Sentence>> = {
  chain_broken: (path) =>
    `エージェントの変更と変更の間に、別の何かが ${path} を変更しています。バージョン管理やバックアップと比べ、手作業で判断してください。`,
  no_preimage: (path) =>
    `${path} の変更前の内容は記録にありません。バージョン管理やバックアップから復元してください。`,
  unknown_left: (path) =>
    `エージェントが ${path} をどの状態で残したかは記録になく、その後変更されたかどうか判断できません。比べて手作業で復元してください。`,
  not_text: (path) =>
    `${path} には、記録に残らないバイトがありました。バージョン管理やバックアップから復元してください。`,
  no_content: (path) =>
    `${path} は変更時に大きすぎて保存されていません。バージョン管理やバックアップから復元してください。`,
  too_large: (path) =>
    `計画の容量が ${path} の前で尽きました。この呼び出しだけを指定して戻すか、手作業で復元してください。`,
  unseen: (path, tool) =>
    `${path} に対する ${tool} の結果は誰にも観測されていません。ファイルが変更されたか確認してください。`,
  command: (what) =>
    `コマンドが実行されました: ${what}。変更した内容は記録されていません。確認し、手作業で元に戻してください。`,
  request: (what) =>
    `要求が送信されました: ${what}。相手先で何が変わったかを調べ、そこで取り消してもらってください。`,
  message: (what, tool) =>
    `${tool} が送信しました: ${what}。取り戻せません。受け取った人に知らせてください。`,
  delete: (what) => `${what} は削除され、保存されていません。バックアップから復元してください。`,
  write: (what, tool) =>
    `${tool} が、記録に内容のないものを変更しました: ${what}。手作業で復元してください。`,
  delegate: (what) =>
    `別のエージェントが起動されました: ${what}。独自のセッションで行ったことはこの計画に含まれません。そのセッションも戻してください。`,
  admin: (what, tool) =>
    `${tool} が設定を変更しました: ${what}。確認し、手作業で元に戻してください。`,
  tool: (what, tool) => `${tool} の働きは不明です: ${what}。何かを変更したかどうか調べてください。`,
};

const WORDS: Readonly<Record<Language, Readonly<Record<Reason, Sentence>>>> = {
  en: ENGLISH,
  ja: JAPANESE,
};
