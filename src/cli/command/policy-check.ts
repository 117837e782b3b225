/** `clawctl policy check`: what is wrong with policy files, before anybody relies on them. */
import { checkPolicies } from '../../policy/cedar.ts';
import type { PolicyProblem } from '../../policy/policy.ts';
import { policyFiles } from '../policy/files.ts';
import { refuse } from '../problem.ts';
import type { Command, Context } from './command.ts';

export const policyCheck: Command = {
  arguments: [{ name: '[path]', about: 'command.argument.policies' }],
  examples: ['clawctl policy check', 'clawctl policy check ./policies/egress.cedar --json'],
  run: async (context, { arguments: [path = 'policies'] }) => {
    const checked = checkPolicies(await policyFiles(path));
    const { ok, version = '', policies, problems } = checked;
    if (context.format === 'json') context.terminal.json(checked);
    else for (const problem of problems) show(context, problem);
    const count = problems.filter(({ severity }) => severity === 'error').length;
    if (!ok) throw refuse('policy.invalid', 'policyErrors', { count });
    if (context.format === 'json') return;
    const { t, terminal } = context;
    const said = t('policy.checked', { count: policies.length, version });
    terminal.line({ text: said, style: 'good' });
  },
};

function show({ t, terminal }: Context, problem: PolicyProblem): void {
  const { severity, file, line, column, message, hint } = problem;
  const style = severity === 'error' ? 'alarm' : 'warn';
  const word = severity === 'error' ? t('policy.error') : t('policy.warning');
  terminal.line(
    { text: `${file}:${line}:${column}: `, style: 'name' },
    { text: word, style },
    ` ${message}`,
  );
  if (hint !== undefined) terminal.line({ text: `    ${hint}`, style: 'dim' });
}
