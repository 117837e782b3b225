/** What a shell knows while it runs: folder, variables, functions, what comes in. */
import type { CompoundCommand, CompoundList, Redirected } from 'unbash';
import type { Trace } from './trace.ts';

/** A word after expansion, as far as the text tells. */
export type Arg = {
  readonly text: string;
  /** `all`: literal. `pattern`: names found at run time. `part`: only the shell knows it whole. */
  readonly known: 'all' | 'pattern' | 'part';
};

/** What a command reads from standard input, where that is known. */
export type Input =
  | { readonly kind: 'text'; readonly text: string }
  /** Lines that are names. */
  | { readonly kind: 'names'; readonly names: readonly Arg[] }
  | { readonly kind: 'file'; readonly name: Arg };

export type Body = CompoundCommand | Redirected | CompoundList;

/** What a subshell copies. Changed in place while commands run one after another. */
export type Scope = {
  /** Absolute, or from `~`; undefined where it is not known. */
  cwd: string | undefined;
  previous: string | undefined;
  readonly variables: Map<string, Arg>;
  readonly functions: Map<string, Body>;
  input: Input | undefined;
  /** Before paths of another machine or container: `host:`. */
  readonly place: string;
  /** How many shells, functions and wrappers lie around. */
  readonly depth: number;
};

/** What commands need of the walk, so that files need not import each other in a circle. */
export type Shell = {
  readonly trace: Trace;
  /** Parses text as a script and follows it. */
  readonly runText: (text: string, scope: Scope) => Input | undefined;
  /** Follows one command given by its words. */
  readonly runWords: (words: readonly Arg[], scope: Scope) => Input | undefined;
};

/** Shells within shells that are followed. */
export const DEPTH = 12;
/** Variables that are remembered, and characters of each. */
const VARIABLES = 64;
export const VALUE_CHARS = 1024;

export function newScope(cwd: string | undefined): Scope {
  return {
    cwd,
    previous: undefined,
    variables: new Map(),
    functions: new Map(),
    input: undefined,
    place: '',
    depth: 0,
  };
}

export function fork(scope: Scope, change: Partial<Scope> = {}): Scope {
  return {
    ...scope,
    variables: new Map(scope.variables),
    functions: new Map(scope.functions),
    ...change,
  };
}

/** After a branch that may or may not have run: what it changed is no longer known. */
export function merge(scope: Scope, branch: Scope): undefined {
  if (branch.cwd !== scope.cwd) scope.cwd = undefined;
  for (const [name, { text }] of scope.variables) {
    if (branch.variables.get(name)?.text !== text) scope.variables.delete(name);
  }
  for (const [name, body] of branch.functions) scope.functions.set(name, body);
}

export function assign(scope: Scope, name: string, value: Arg | undefined): undefined {
  const { variables } = scope;
  const room = variables.size < VARIABLES || variables.has(name);
  if (value && value.text.length <= VALUE_CHARS && room) variables.set(name, value);
  else variables.delete(name);
}

export const literal = (text: string): Arg => ({ text, known: 'all' });

/** A program and the words after its name. */
export type Call = {
  readonly name: string;
  readonly words: readonly Arg[];
  readonly scope: Scope;
  readonly shell: Shell;
};

/** What it writes to standard output, where that is known. */
export type Handler = (call: Call) => Input | undefined;
