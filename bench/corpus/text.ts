/** Text as agents write it: words by Zipf's law, and Japanese without spaces. */
import { pick, type Random, zipf } from './random.ts';

const FREQUENT =
  'the of to and in file error for is this that with from test run line value user order data ' +
  'read write build path name type server request status update';
const FIRST = ['b', 'c', 'd', 'f', 'g', 'h', 'k', 'l', 'm', 'n', 'p', 'r', 's', 't', 'v', 'st'];
const VOWELS = ['a', 'e', 'i', 'o', 'u'];
const WORD_COUNT = 40_000;

const NOUNS =
  '監査 顧客 請求 配送 注文 設定 権限 本番 環境 記録 証跡 承認 拒否 検索 出力 入力 変更 削除 作成 更新 ' +
  '名簿 明細 口座 振込 送信 受信 添付 書類 契約 見積 在庫 商品 価格 返金 返品 障害 復旧 監視 通知 警告 ' +
  '規則 方針 利用 登録 解除 認証 暗号 署名 検証 保存 期限 予定 会議 議事 部門 担当 上長 申請 経費 精算 ' +
  '住所 電話 氏名 番号 履歴 一覧 集計 報告 分析 予測 計画 実行 停止 再開 試験 結果 原因 対応 手順 文書 ' +
  '翻訳 要約 質問 回答 提案 確認 完了 失敗 成功 中止 開発 運用 保守 構成 接続 通信 外部 内部 公開 機密';
const PARTICLES = ['を', 'の', 'に', 'は', 'と', 'から', 'まで'];
const VERBS = [
  '確認する',
  '送った',
  '変えてください',
  '消しました',
  '調べる',
  'まとめる',
  '終わった',
];

const words = vocabulary();
const ranks = new Map(words.map((text, rank) => [text, rank]));
const nouns = NOUNS.split(' ');

/** Words that most texts hold. */
export const COMMON_WORDS: readonly string[] = words.slice(0, 12);

/** Its place by frequency, from 0; -1 for what is no word of the vocabulary. */
export function rankOf(text: string): number {
  return ranks.get(text) ?? -1;
}

export function word(random: Random): string {
  return words[zipf(WORD_COUNT, random)] as string;
}

export function sentence(count: number, random: Random): string {
  let text = word(random);
  for (let i = 1; i < count; i++) text += ` ${word(random)}`;
  return text;
}

/** About as many bytes as as many English words have. */
export function japanese(count: number, random: Random): string {
  let text = '';
  for (let i = 0; i < count; i += 3) {
    const compound = random() < 0.4 ? noun(random) : '';
    text += noun(random) + compound + pick(PARTICLES, random);
    if (random() < 0.3) text += `${pick(VERBS, random)}。`;
  }
  return text;
}

function noun(random: Random): string {
  return nouns[zipf(nouns.length, random)] as string;
}

/** The frequent ones first; then made-up words, each of its own rank. */
function vocabulary(): readonly string[] {
  const syllables = FIRST.flatMap((first) => VOWELS.map((vowel) => first + vowel));
  const made = Array.from({ length: WORD_COUNT }, (_, rank) => {
    // Scattered, so that words of like rank are not neighbours in the alphabet.
    let rest = (rank * 7919 + 80 * 80) % 512_000;
    let text = '';
    for (; rest > 0; rest = Math.floor(rest / syllables.length)) {
      text += syllables[rest % syllables.length];
    }
    return text;
  });
  return [...FREQUENT.split(' '), ...made].slice(0, WORD_COUNT);
}
