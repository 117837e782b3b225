/** `clawctl policy test`: the tests that stand beside policies. */
import { compile } from '../../policy/cedar.ts';
import { type ExampleResult, readExamples, tryExample } from '../../policy/example.ts';
import type { PolicySet } from '../../policy/policy.ts';
import { exampleFiles, policyFiles } from '../policy/files.ts';
import { refuse } from '../problem.ts';
import { type Command, type Context, option } from './command.ts';

export const policyTest: Command = {
  arguments: [{ name: '[path]', about: 'command.argument.policies' }],
  options: [{ flags: '--tests <path>', about: 'command.option.policyTests' }],
  examples: ['clawctl policy test', 'clawctl policy test ./policies --tests ./mine.test.json'],
  run: async (context, input) => {
    const [path = 'policies'] = input.arguments;
    const set = compile(await policyFiles(path));
    const files = await exampleFiles(option(input, 'tests') ?? path);
    const results = files.flatMap((file) =>
      readExamples(file).map((example) => tryExample(set, file.name, example)),
    );
    const failed = results.filter(({ ok }) => !ok);
    const { t, terminal, format } = context;
    const counts = { passed: results.length - failed.length, failed: failed.length };
    if (format === 'json') terminal.json({ version: set.version, ...counts, results });
    else {
      for (const result of failed) show(context, set, result);
      terminal.line({
        text: t('policy.tested', { ...counts, count: results.length }),
        style: failed.length === 0 ? 'good' : 'bad',
      });
    }
    if (failed.length > 0) throw refuse('policy.differs', 'policyTests', counts);
  },
};

function show({ t, terminal }: Context, set: PolicySet, result: ExampleResult): void {
  const { file, name, expected, got, missing, surplus } = result;
  terminal.line({ text: `✖ ${file}: `, style: 'bad' }, { text: name, style: 'bold' });
  const ids = (all: readonly string[] = []) => all.join(', ');
  const said = (outcome: string, all: readonly string[] | undefined) =>
    all === undefined || all.length === 0 ? outcome : `${outcome} (${ids(all)})`;
  terminal.line(`    ${t('policy.expected')} ${said(expected.outcome, expected.policy_ids)}`);
  terminal.line(`    ${t('policy.got')} ${said(got.outcome, got.policy_ids)}: ${got.reason}`);
  for (const { policy_id, exists } of missing) {
    const params = { id: policy_id };
    const why = exists ? t('policy.notHolding', params) : t('policy.noSuch', params);
    terminal.line({ text: `    ${why}`, style: 'warn' });
  }
  for (const id of surplus) {
    const policy = set.policies.find((one) => one.id === id);
    const place = policy ? `${policy.file}:${policy.line}` : '';
    terminal.line({ text: `    ${t('policy.surplus', { id, place })}`, style: 'warn' });
  }
}
