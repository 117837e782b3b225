/** `clawctl proof`: one file that proves an event to somebody who trusts nobody here. */
import { basename, dirname, join } from 'node:path';
import type { ProofFile } from '../../trail/trail.ts';
import { writeWhole } from '../atomic.ts';
import { eventId } from '../reach/resolve.ts';
import { jsonText } from '../screen/terminal.ts';
import { argument, type Command, type Context, option } from './command.ts';

const ENDING = '.claw-proof.json';

export const proof: Command = {
  arguments: [{ name: '<event>', about: 'command.argument.event' }],
  options: [{ flags: '--output <file>', about: 'command.option.output' }],
  examples: [
    'clawctl proof 1042',
    'clawctl proof 0199a3f2-7c11-7e2a-9d55-3f0a1b2c3d4e --output mail.claw-proof.json',
  ],
  run: async (context, input) => {
    const client = await context.connect();
    const id = await eventId(client, argument(input));
    const made = await client.get<ProofFile>(`/v1/events/${encodeURIComponent(id)}/proof`);
    const file = option(input, 'output') ?? `${basename(id)}${ENDING}`;
    if (file === '-') return context.terminal.json(made);
    const bare = bareName(file);
    await writeWhole(file, (handle) => handle.writeFile(`${jsonText(made, 2)}\n`));
    await writeWhole(bare, (handle) => handle.writeFile(made.proof));
    const vkey = made.vkey.trim();
    const content = made.opening !== undefined;
    if (context.format === 'json') context.terminal.json({ file, tlog_proof: bare, vkey, content });
    else tell(context, made, { file, bare });
  },
};

/** `x.claw-proof.json` → `x.tlog-proof`, beside it. */
function bareName(file: string): string {
  const name = basename(file);
  const stem = name.endsWith(ENDING) ? name.slice(0, -ENDING.length) : name.replace(/\.json$/, '');
  return join(dirname(file), `${stem}.tlog-proof`);
}

type Files = { readonly file: string; readonly bare: string };

function tell({ t, terminal }: Context, made: ProofFile, { file, bare }: Files): void {
  terminal.line({ text: t('proof.written', { file }), style: 'good' });
  if (made.opening !== undefined) terminal.line(`  ${t('proof.content')}`);
  terminal.line({ text: t('proof.bare', { file: bare }), style: 'dim' });
  terminal.line(t('proof.check', { file }));
  terminal.line(t('proof.key', { vkey: made.vkey.trim() }));
}
