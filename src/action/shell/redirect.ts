/** Redirections: files that are read and written, and what a command is given to read. */
import type { Redirection } from 'unbash';
import { type Arg, type Input, literal, type Scope, type Shell } from './scope.ts';
import { touch } from './target.ts';
import { type Expander, expandOne, textOf } from './word.ts';

/** What comes in after these redirections; undefined where none gives anything. */
export function redirected(
  redirects: readonly Redirection[],
  shell: Shell,
  expander: Expander,
): Input | undefined {
  let input: Input | undefined;
  for (const redirect of redirects) {
    if (redirect.type === 'HereDoc') {
      const { parts, text } = redirect.body;
      const body = parts ? textOf(parts, expander) : text;
      input = body === undefined ? undefined : { kind: 'text', text: body };
      if (body === undefined) shell.trace.doubt(0.7, 'a here-document that only the shell knows');
      continue;
    }
    if (!redirect.target) continue;
    const target = expandOne(redirect.target, expander);
    if (redirect.type === 'HereString') {
      input = target.known === 'part' ? undefined : { kind: 'text', text: target.text };
    } else {
      pointed(redirect.operator, target, { shell, scope: expander.scope });
      if (redirect.operator === '<') input = { kind: 'file', name: target };
    }
  }
  return input;
}

type At = { readonly shell: Shell; readonly scope: Scope };

function pointed(operator: string, target: Arg, { shell, scope }: At): undefined {
  // `2>&1`, `>&-`, `<&3`
  if (operator.endsWith('&') && /^(\d+-?|-)$/.test(target.text)) return;
  const file = target.text === '-' ? literal('./-') : target;
  if (operator.startsWith('<')) touch({ shell, scope }, file, { kind: 'file', access: 'read' });
  if (operator !== '<' && operator !== '<&') {
    touch({ shell, scope }, file, { kind: 'file', access: 'write' });
  }
}
