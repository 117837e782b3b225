/** `clawctl verify-proof`: checks a proof anywhere, trusting nothing but the public key. */
import { readFile } from 'node:fs/promises';
import type { Event } from '../../event/event.ts';
import { verifyProof as check, type ProofParts, type Verified } from '../../ledger/proof.ts';
import { sentence } from '../../search/sentence.ts';
import { refuse } from '../problem.ts';
import { readVkey } from '../reach/vkey.ts';
import { valueLines } from '../screen/value.ts';
import { argument, type Command, type Context, option } from './command.ts';

/** Bytes of a proof file: one event of the largest size, escaped, and a path. */
const FILE_BYTES = 64 * 1024 * 1024;

export const verifyProof: Command = {
  arguments: [{ name: '<file>', about: 'command.argument.file' }],
  options: [{ flags: '--vkey <key>', about: 'command.option.vkey', required: true }],
  examples: [
    'clawctl verify-proof mail.claw-proof.json --vkey vkey.txt',
    'clawctl verify-proof mail.claw-proof.json --vkey "claw.example.com/acme+1a2b3c4d+AXy…"',
  ],
  run: async (context, input) => {
    const file = argument(input);
    const vkey = await readVkey(option(input, 'vkey') ?? '');
    const found = check(parse(await read(file), file), vkey);
    if ('problem' in found) {
      if (context.format === 'json') context.terminal.json({ verified: false, ...found });
      throw refuse('proof.invalid', 'proofFails', { reason: found.problem.replace(/\.$/, '') });
    }
    if (context.format === 'json') return context.terminal.json(asJson(found));
    show(context, found);
  },
};

async function read(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw refuse('usage.invalid', 'unreadable', { file, reason: error.code ?? error.message });
  });
  if (bytes.length > FILE_BYTES) throw refuse('usage.invalid', 'notProof', { file });
  return bytes.toString();
}

function parse(text: string, file: string): ProofParts {
  const value = json(text) as Partial<Record<keyof ProofParts, unknown>> | undefined;
  const { proof, entry } = value ?? {};
  if (typeof proof !== 'string' || typeof entry !== 'string') {
    throw refuse('usage.invalid', 'notProof', { file });
  }
  const opening = value?.opening as { salt?: unknown; event?: unknown } | undefined;
  if (opening === undefined) return { proof, entry };
  const { salt, event } = opening ?? {};
  if (typeof salt !== 'string' || typeof event !== 'string') {
    throw refuse('usage.invalid', 'notProof', { file });
  }
  return { proof, entry, opening: { salt, event } };
}

function json(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function asJson({ checkpoint, index, entry, event }: Verified) {
  return {
    verified: true,
    origin: checkpoint.origin,
    tree_size: checkpoint.size,
    root: checkpoint.root.toString('base64'),
    index,
    id: entry.id,
    recorded_at: new Date(entry.at_ms).toISOString(),
    ...(event === undefined ? {} : { event: JSON.parse(event) as unknown }),
  };
}

function show({ t, terminal, clock, language }: Context, found: Verified): void {
  const { checkpoint, index, entry, event } = found;
  terminal.line({ text: t('proof.good'), style: 'good' });
  terminal.line('  ', t('proof.origin', { origin: checkpoint.origin }));
  terminal.line('  ', t('proof.place', { index, size: checkpoint.size }));
  terminal.line('  ', t('proof.entry', { id: entry.id, time: clock.exact(entry.at_ms) }));
  if (event === undefined) {
    terminal.line({ text: t('proof.closed'), style: 'dim' });
    return;
  }
  terminal.line('  ', t('proof.opened'));
  const content = JSON.parse(event) as Event;
  terminal.line();
  terminal.line({ text: sentence(content, language), style: 'bold' });
  for (const line of valueLines(content, terminal.columns - 2)) terminal.line(`  ${line}`);
}
