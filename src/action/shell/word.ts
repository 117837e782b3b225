/** Expands the words of a script as far as their text tells. */
import { forEachChild, type ParsedScript, type SyntaxNode, type Word, type WordPart } from 'unbash';
import type { Arg, Scope } from './scope.ts';
import { literal } from './scope.ts';

export type Expander = {
  readonly scope: Scope;
  /** Follows the commands of a substitution. */
  readonly substitute: (script: ParsedScript) => void;
};

/** Words that one brace expansion may give. */
const BRACES = 32;

/** The words that a word becomes: several after brace expansion or the splitting of a variable. */
export function expand(word: Word, expander: Expander): Arg[] {
  const { parts } = word;
  if (!parts) return [quotedTilde(literal(word.value), word.text)];
  const [only] = parts;
  if (parts.length === 1 && only && isVariable(only)) return split(pieceOf(only, expander));
  let words: Arg[] = [literal('')];
  for (const part of parts) {
    if (part.type === 'BraceExpansion') {
      const choices = bracesOf(part.text);
      if (words.length * choices.length <= BRACES) {
        words = words.flatMap((before) => choices.map((choice) => joined(before, choice)));
        continue;
      }
    }
    const piece = pieceOf(part, expander);
    words = words.map((before) => joined(before, piece));
  }
  return words.map((arg) => quotedTilde(arg, word.text));
}

/** One word, where the shell would not split it: an assignment, a redirection's target. */
export function expandOne(word: Word, expander: Expander): Arg {
  const parts = word.parts;
  if (!parts) return quotedTilde(literal(word.value), word.text);
  const pieces = parts.map((part) => pieceOf(part, expander));
  return quotedTilde(pieces.reduce(joined, literal('')), word.text);
}

/** Text with expansions inside, such as a here-document; undefined where not all is known. */
export function textOf(parts: readonly WordPart[], expander: Expander): string | undefined {
  const pieces = parts.map((part) => pieceOf(part, expander));
  const whole = pieces.every(({ known }) => known !== 'part');
  return whole ? pieces.map(({ text }) => text).join('') : undefined;
}

/** Follows every substitution inside a node. */
export function substitutions(node: SyntaxNode, expander: Expander): undefined {
  forEachChild(node, (child) => {
    if (child.type === 'Script') expander.substitute(child);
    else substitutions(child, expander);
  });
}

function pieceOf(part: WordPart, expander: Expander): Arg {
  switch (part.type) {
    case 'Literal':
    case 'SingleQuoted':
    case 'AnsiCQuoted':
      return literal(part.value);
    case 'DoubleQuoted':
    case 'LocaleString':
      return part.parts.map((inner) => pieceOf(inner, expander)).reduce(joined, literal(''));
    case 'SimpleExpansion':
      return variable(part.text.slice(1), part.text, expander.scope);
    case 'ParameterExpansion':
      substitutions(part, expander);
      if (part.prefix || part.index || part.operation) return { text: part.text, known: 'part' };
      return variable(part.parameter, part.text, expander.scope);
    case 'CommandExpansion':
      substitutions(part, expander);
      return /^(\$\(\s*pwd\s*\)|`pwd`)$/.test(part.text)
        ? variable('PWD', part.text, expander.scope)
        : { text: part.text, known: 'part' };
    case 'Glob':
    case 'ExtendedGlob':
    case 'BraceExpansion':
      substitutions(part, expander);
      return { text: part.text, known: 'pattern' };
    default:
      substitutions(part, expander);
      return { text: part.text, known: 'part' };
  }
}

function variable(name: string, text: string, scope: Scope): Arg {
  const held = scope.variables.get(name);
  if (held) return held;
  if (name === 'PWD' && scope.cwd !== undefined) return literal(scope.cwd);
  if (name === 'HOME' && scope.place === '') return literal('~');
  return { text, known: 'part' };
}

function joined(a: Arg, b: Arg): Arg {
  if (a.text === '' && a.known === 'all') return b;
  // a home folder in the middle of a word is its path, which is not known
  const known = b.text === '~' && b.known === 'all' ? 'part' : worse(a.known, b.known);
  return { text: a.text + b.text, known };
}

function worse(a: Arg['known'], b: Arg['known']): Arg['known'] {
  if (a === 'part' || b === 'part') return 'part';
  return a === 'pattern' || b === 'pattern' ? 'pattern' : 'all';
}

function isVariable(part: WordPart): boolean {
  return part.type === 'SimpleExpansion' || part.type === 'ParameterExpansion';
}

/** An unquoted variable falls apart at blanks. */
function split(arg: Arg): Arg[] {
  if (arg.known === 'part' || !/\s/.test(arg.text)) return [arg];
  const words = arg.text.split(/\s+/).filter((word) => word !== '');
  return words.map((text) => ({ text, known: arg.known }));
}

/** `{a,b}` without braces inside; anything else stays a pattern. */
function bracesOf(text: string): Arg[] {
  const inside = text.slice(1, -1);
  if (/[{}$`"'\\*?[]/.test(inside) || !inside.includes(',')) return [{ text, known: 'pattern' }];
  return inside.split(',').map(literal);
}

/** A quoted tilde is a name like any other. */
function quotedTilde(arg: Arg, source: string): Arg {
  const first = source[0];
  const quoted = first === "'" || first === '\\' || (first === '"' && source[1] === '~');
  return quoted && arg.text.startsWith('~') ? { ...arg, text: `./${arg.text}` } : arg;
}
