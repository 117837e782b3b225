/** Takes the words after a program's name apart into options and operands. */
import type { Arg } from './scope.ts';

/** Names of options with a value, without dashes, and what the value is: `''` for nothing. */
export type Values = ReadonlyMap<string, string>;

export type Parsed = {
  readonly operands: readonly Arg[];
  /** In order; an option without a value has none. */
  readonly options: readonly { readonly name: string; readonly value?: Arg }[];
};

/** `n c:read lines` → a map. */
export function valuesOf(text: string): Values {
  const words = text.split(' ').filter((word) => word !== '');
  return new Map(words.map((word) => [word.split(':')[0] ?? '', word.split(':')[1] ?? '']));
}

export type Manner = {
  /** Stop at the first operand, as programs do that run another. */
  readonly first?: true;
  /** `-name value`: long options with one dash. */
  readonly long?: true;
};

export function parseOptions(words: readonly Arg[], values: Values, manner: Manner = {}): Parsed {
  const operands: Arg[] = [];
  const options: { name: string; value?: Arg }[] = [];
  let at = 0;
  const take = (name: string, rest: string | undefined, from: Arg) => {
    if (!values.has(name)) options.push({ name });
    else if (rest !== undefined) options.push({ name, value: { ...from, text: rest } });
    else {
      const value = words[at++];
      options.push(value ? { name, value } : { name });
    }
  };
  while (at < words.length) {
    const word = words[at++] as Arg;
    const { text } = word;
    if (text === '--') {
      operands.push(...words.slice(at));
      break;
    }
    if (!text.startsWith('-') || text === '-') {
      operands.push(word);
      if (!manner.first) continue;
      operands.push(...words.slice(at));
      break;
    }
    if (text.startsWith('--') || manner.long) {
      const [name, rest] = cut(text.replace(/^--?/, ''));
      take(name, rest, word);
    } else cluster(text.slice(1), values, (name, rest) => take(name, rest, word));
  }
  return { operands, options };
}

export function has({ options }: Parsed, names: string): boolean {
  const wanted = names.split(' ');
  return options.some(({ name }) => wanted.includes(name));
}

/** The last value given for an option of one of these names. */
export function lastValue({ options }: Parsed, names: string): Arg | undefined {
  const wanted = names.split(' ');
  return options.findLast(({ name, value }) => value && wanted.includes(name))?.value;
}

function cut(text: string): [string, string | undefined] {
  const at = text.indexOf('=');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** `-xzf name`, `-fname`: letters until one takes the rest as its value. */
function cluster(
  letters: string,
  values: Values,
  take: (name: string, rest: string | undefined) => void,
): undefined {
  for (let i = 0; i < letters.length && i < 64; i += 1) {
    const name = letters[i] ?? '';
    if (!values.has(name)) {
      take(name, undefined);
      continue;
    }
    const rest = letters.slice(i + 1);
    take(name, rest === '' ? undefined : rest);
    return;
  }
}
