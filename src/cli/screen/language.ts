/** Chooses the reader's language and speaks it: what a person reads comes out of a catalogue. */
import i18next from 'i18next';
import type { Code } from '../../fault/fault.ts';
import { printable } from '../../search/safe.ts';
import { en } from '../locale/en.ts';

export const LANGUAGES = ['en', 'ja'] as const;
export type Language = (typeof LANGUAGES)[number];

/** `count` chooses between the forms `_one` and `_other`. */
export type Params = Readonly<Record<string, string | number>>;
/** A sentence in the reader's language. Strings among the parameters are made printable. */
export type Translate = (key: Key, params?: Params) => string;

/** Dotted paths of the catalogue's sentences, without their plural endings. */
export type Key = Paths<typeof en>;
type Paths<T, Prefix extends string = ''> = {
  [K in keyof T & string]: T[K] extends string
    ? `${Prefix}${Singular<K>}`
    : Paths<T[K], `${Prefix}${K}.`>;
}[keyof T & string];
type Singular<K extends string> = K extends `${infer Base}_${'one' | 'other'}` ? Base : K;

/** The sentence of a fault's code; does not compile while a code has none. */
export const faultKey = (code: Code): Key => `fault.${code}`;

/** The language of `--lang`, `CLAW_LANG` or the locale; English for any that we do not speak. */
export function chooseLanguage(argv: readonly string[], env: NodeJS.ProcessEnv): Language {
  const wanted =
    flagged(argv) || env['CLAW_LANG'] || env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || '';
  return LANGUAGES.find((language) => wanted.toLowerCase().startsWith(language)) ?? 'en';
}

/** Loads a language's catalogue. */
export async function speak(language: Language): Promise<Translate> {
  const catalogue = language === 'ja' ? (await import('../locale/ja.ts')).ja : en;
  const speaker = i18next.createInstance();
  await speaker.init({
    lng: language,
    fallbackLng: false,
    resources: { [language]: { translation: catalogue } },
    nsSeparator: false,
    interpolation: { escapeValue: false },
  });
  return (key, params = {}) => speaker.t(key, safe(params));
}

function flagged(argv: readonly string[]): string | undefined {
  const at = argv.findIndex((word) => word === '--lang' || word.startsWith('--lang='));
  if (at < 0) return undefined;
  return argv[at] === '--lang' ? argv[at + 1] : argv[at]?.slice('--lang='.length);
}

function safe(params: Params): Params {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [
      name,
      typeof value === 'string' ? printable(value) : value,
    ]),
  );
}
