/** Follows a parsed script command by command, as the shell would run it. */
import {
  type Command,
  type CommandNode,
  type CompoundList,
  type ParsedScript,
  parse,
  type Redirected,
  type Statement,
  type Word,
} from 'unbash';
import { runProgram } from './command.ts';
import { withinReason } from './reason.ts';
import { redirected } from './redirect.ts';
import {
  type Arg,
  assign,
  DEPTH,
  fork,
  type Input,
  merge,
  type Scope,
  type Shell,
} from './scope.ts';
import { tested } from './test.ts';
import type { Trace } from './trace.ts';
import { type Expander, expand, expandOne, substitutions } from './word.ts';

type Walk = { readonly shell: Shell; readonly scope: Scope };
type Node = Statement['command'];

/** Words of one list that are followed one by one. */
const LOOP = 32;
/** Work for one command, its words apart. */
const COMMAND = 64;

/** A shell whose commands leave their effects in the trace. */
export function shellOn(trace: Trace): Shell {
  const shell: Shell = {
    trace,
    runText: (text, scope) => {
      if (deep(trace, scope)) return undefined;
      if (!trace.spend(text.length + 16)) return undefined;
      const start = withinReason(text);
      if (start.length < text.length) trace.error('more openings than can be followed');
      return script(parse(start), { shell, scope: deeper(scope) });
    },
    runWords: (words, scope) =>
      deep(trace, scope) ? undefined : program(words, { shell, scope: deeper(scope) }),
  };
  return shell;
}

/** The same variables and folder, one level down. */
function deeper(scope: Scope): Scope {
  return { ...scope, depth: scope.depth + 1 };
}

function deep(trace: Trace, { depth }: Scope): boolean {
  if (depth >= DEPTH) trace.doubt(0.3, 'nested too deeply to follow');
  return depth >= DEPTH;
}

function script({ commands, errors }: ParsedScript, walk: Walk): Input | undefined {
  for (const { message } of errors ?? []) walk.shell.trace.error(message);
  return statements(commands, walk);
}

function statements(list: readonly Statement[], walk: Walk): Input | undefined {
  let output: Input | undefined;
  for (const { command, background } of list) {
    const scope = background ? fork(walk.scope) : walk.scope;
    output = node(command, { ...walk, scope });
  }
  return list.length === 1 ? output : undefined;
}

function node(command: Node, walk: Walk): Input | undefined {
  if (command.type === 'Pipeline') return pipeline(command.commands, walk);
  if (command.type !== 'AndOr') return commandNode(command, walk);
  command.commands.forEach((part, i) => {
    const otherwise = i > 0 && command.operators[i - 1] === '||';
    node(part, otherwise ? { ...walk, scope: fork(walk.scope) } : walk);
  });
  return undefined;
}

/** Each command of a pipeline is given what the one before it writes, where that is known. */
function pipeline(commands: readonly CommandNode[], walk: Walk): Input | undefined {
  const alone = commands.length === 1;
  let input = walk.scope.input;
  for (const command of commands) {
    const scope = alone ? walk.scope : fork(walk.scope, { input });
    input = commandNode(command, { ...walk, scope });
  }
  return input;
}

function commandNode(command: CommandNode, walk: Walk): Input | undefined {
  const { scope, shell } = walk;
  if (!shell.trace.spend(COMMAND)) return undefined;
  switch (command.type) {
    case 'Command':
      return simple(command, walk);
    case 'Redirected':
      return redirectedNode(command, walk);
    case 'Function':
      if (scope.functions.size < 64) scope.functions.set(command.name.value, command.body);
      return undefined;
    case 'Coproc':
      return bodyOf(command.body, { ...walk, scope: fork(scope) });
    case 'Subshell':
      return statements(command.body.commands, { ...walk, scope: fork(scope) });
    case 'BraceGroup':
      return statements(command.body.commands, walk);
    case 'If':
      return conditional(command, walk);
    case 'While':
      statements(command.clause.commands, walk);
      return maybe(command.body, walk);
    case 'For':
    case 'Select':
      return loop(command, walk);
    case 'Case':
      substitutions(command.word, expanderOf(walk));
      for (const { body } of command.items) maybe(body, walk);
      return undefined;
    case 'TestCommand':
      return tested(command.expression, shell, expanderOf(walk));
    case 'ArithmeticFor':
      for (const part of [command.initialize, command.test, command.update]) {
        if (part) substitutions(part, expanderOf(walk));
      }
      return maybe(command.body, walk);
    default:
      substitutions(command, expanderOf(walk));
      return undefined;
  }
}

function bodyOf(body: CommandNode | CompoundList, walk: Walk): Input | undefined {
  return body.type === 'CompoundList' ? statements(body.commands, walk) : commandNode(body, walk);
}

/** What may run, or not: what it changes is unknown afterwards. */
function maybe({ commands }: CompoundList, walk: Walk): undefined {
  const branch = fork(walk.scope);
  statements(commands, { ...walk, scope: branch });
  merge(walk.scope, branch);
}

function conditional(command: Extract<CommandNode, { type: 'If' }>, walk: Walk): undefined {
  statements(command.clause.commands, walk);
  maybe(command.then, walk);
  for (const { clause, then } of command.elif) {
    maybe(clause, walk);
    maybe(then, walk);
  }
  if (command.else) maybe(command.else, walk);
}

function loop(command: Extract<CommandNode, { type: 'For' | 'Select' }>, walk: Walk): undefined {
  const { scope } = walk;
  const expander = expanderOf(walk);
  const values = command.wordlist?.flatMap((word) => expand(word, expander));
  const name = command.name.value;
  const known = values && command.type === 'For' && values.length <= LOOP;
  if (!known) {
    assign(scope, name, undefined);
    return maybe(command.body, walk);
  }
  for (const value of values) {
    assign(scope, name, value.known === 'part' ? undefined : value);
    statements(command.body.commands, walk);
  }
}

function redirectedNode({ command, redirects }: Redirected, walk: Walk): Input | undefined {
  const input = redirected(redirects, walk.shell, expanderOf(walk));
  const before = walk.scope.input;
  if (input) walk.scope.input = input;
  const output = commandNode(command, walk);
  walk.scope.input = before;
  return output;
}

function simple(command: Command, walk: Walk): Input | undefined {
  const { scope, shell } = walk;
  const expander = expanderOf(walk);
  const assigned = command.prefix.flatMap((part) => (part.type === 'Assignment' ? [part] : []));
  const keep = command.name ? fork(scope) : scope;
  for (const { name, value, append, index } of assigned) {
    if (index) substitutions(index, expander);
    assign(keep, name, assignedValue(value, expander, append || index !== undefined));
  }
  const words: Arg[] = command.name ? expand(command.name, expander) : [];
  for (const part of command.args) {
    if (part.type === 'Word') words.push(...expand(part, expander));
    else {
      const value = assignedValue(part.value, expander, part.append || part.index !== undefined);
      words.push(value ? { ...value, text: `${part.name}=${value.text}` } : unknown(part.text));
    }
  }
  const input = redirected(command.redirects, shell, expander);
  if (words.length === 0) return undefined;
  const before = scope.input;
  if (input || command.redirects.some(({ type }) => type !== 'Redirect')) scope.input = input;
  const output = program(words, walk);
  scope.input = before;
  // what goes to a file does not go down the pipe
  return command.redirects.some(isOutput) ? undefined : output;
}

function isOutput(redirect: Command['redirects'][number]): boolean {
  const descriptor = redirect.descriptor;
  const other = descriptor?.type === 'FileDescriptor' && descriptor.value !== 1;
  return redirect.type === 'Redirect' && !redirect.operator.startsWith('<') && !other;
}

/** Undefined for arrays and for what is added to a value: not followed. */
function assignedValue(
  value: Word | { readonly type: 'ArrayValue'; readonly elements: readonly Word[] },
  expander: Expander,
  partial: boolean,
): Arg | undefined {
  if (value.type === 'ArrayValue') {
    for (const element of value.elements) substitutions(element, expander);
    return undefined;
  }
  const arg = expandOne(value, expander);
  return partial || arg.known === 'part' ? undefined : arg;
}

function unknown(text: string): Arg {
  return { text, known: 'part' };
}

/** A command by its words: a function of the script, or a program. */
function program(words: readonly Arg[], { shell, scope }: Walk): Input | undefined {
  const [first, ...rest] = words;
  if (!first) return undefined;
  const cost = words.reduce((sum, { text }) => sum + text.length + 16, 0);
  if (!shell.trace.spend(cost)) return undefined;
  const body = scope.functions.get(first.text);
  if (body && first.known === 'all') return called(body, rest, { shell, scope });
  if (first.known === 'part') {
    shell.trace.add('command', first.text, 'execute');
    shell.trace.doubt(0.5, `a command that only the shell knows: ${first.text}`);
    return undefined;
  }
  return runProgram({ name: first.text.replace(/^\\/, ''), words: rest, shell, scope });
}

function called(
  body: Parameters<typeof bodyOf>[0],
  words: readonly Arg[],
  { shell, scope }: Walk,
): Input | undefined {
  if (deep(shell.trace, scope) || !shell.trace.spend(4 * COMMAND)) return undefined;
  const at = fork(scope, { depth: scope.depth + 1 });
  for (let i = 1; i <= 9; i += 1) {
    const word = words[i - 1];
    assign(at, `${i}`, word && word.known !== 'part' ? word : undefined);
  }
  const output = bodyOf(body, { shell, scope: at });
  scope.cwd = at.cwd;
  return output;
}

function expanderOf(walk: Walk): Expander {
  const { scope, shell } = walk;
  return {
    scope,
    substitute: (inner) => {
      if (deep(shell.trace, scope)) return;
      if (!shell.trace.spend(16 + inner.end - inner.pos)) return;
      script(inner, { shell, scope: fork(scope, { depth: scope.depth + 1, input: undefined }) });
    },
  };
}
