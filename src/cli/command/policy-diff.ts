/** `clawctl policy diff`: what would change against the policies in force, or other files. */
import { compile } from '../../policy/cedar.ts';
import { diffSets } from '../../policy/diff.ts';
import type { PolicyFile } from '../../policy/policy.ts';
import { policyFiles } from '../policy/files.ts';
import { showDiff } from '../policy/show-diff.ts';
import { type Command, type Context, option } from './command.ts';

export const policyDiff: Command = {
  arguments: [{ name: '[path]', about: 'command.argument.policies' }],
  options: [
    { flags: '--against <path>', about: 'command.option.against' },
    { flags: '--version-of <hash>', about: 'command.option.versionOf' },
  ],
  examples: [
    'clawctl policy diff',
    'clawctl policy diff ./policies --against ../before/policies',
    'clawctl policy diff ./policies --version-of sha256:5b0c…',
  ],
  run: async (context, input) => {
    const [path = 'policies'] = input.arguments;
    const after = compile(await policyFiles(path));
    const against = option(input, 'against');
    const hash = option(input, 'versionOf');
    const before = compile(
      against === undefined ? await recorded(context, hash) : await policyFiles(against),
    );
    const diff = diffSets(before, after);
    if (context.format === 'json') {
      return context.terminal.json({ before: before.version, after: after.version, ...diff });
    }
    showDiff(context, diff);
  },
};

/** The files in force, or those of a version. */
async function recorded(context: Context, hash: string | undefined) {
  const client = await context.connect();
  const path = hash === undefined ? '' : `/versions/${encodeURIComponent(hash)}`;
  const { files } = await client.get<{ files: readonly PolicyFile[] }>(`/v1/policies${path}`);
  return files;
}
