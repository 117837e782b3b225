/** Tests of a script: `[[ -f x ]]`, `[ -d y ]`, `test -e z` look at files. */
import type { TestExpression } from 'unbash';
import type { Call, Shell } from './scope.ts';
import { touch } from './target.ts';
import { type Expander, expandOne, substitutions } from './word.ts';

/** Between double brackets. */
export function tested(expression: TestExpression, shell: Shell, expander: Expander): undefined {
  switch (expression.type) {
    case 'TestLogical':
      for (const part of expression.operands) tested(part, shell, expander);
      return;
    case 'TestNot':
      return tested(expression.operand, shell, expander);
    case 'TestGroup':
      return tested(expression.expression, shell, expander);
    case 'TestBinary':
      substitutions(expression, expander);
      return;
    default: {
      const arg = expandOne(expression.operand, expander);
      if (!isFileTest(expression.operator)) return;
      touch({ shell, scope: expander.scope }, arg, {
        kind: kindOf(expression.operator),
        access: 'read',
      });
    }
  }
}

/** `test` and `[`, which are ordinary commands. */
export function testCommand({ words, scope, shell }: Call): undefined {
  words.forEach(({ text }, i) => {
    const next = words[i + 1];
    if (!next || next.text === ']' || !isFileTest(text)) return;
    touch({ shell, scope }, next, { kind: kindOf(text), access: 'read' });
  });
}

function isFileTest(operator: string): boolean {
  return /^-[abcdefghkprstuwxGLNOS]$/.test(operator);
}

function kindOf(operator: string): 'file' | 'directory' {
  return operator === '-d' ? 'directory' : 'file';
}
