/** `clawctl verify`: checks a whole trail, in a data folder without a server, or over HTTP. */

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DEFAULT_TENANT } from '../../event/event.ts';
import { Fault } from '../../fault/fault.ts';
import type { Discrepancy } from '../../ledger/verify/finding.ts';
import { folderSource } from '../../ledger/verify/folder.ts';
import { openCrew } from '../../ledger/verify/threads.ts';
import {
  type Report,
  type TenantReport,
  type VerifyOptions,
  verifyTrail,
} from '../../ledger/verify/verify.ts';
import { refuse } from '../problem.ts';
import { findPlace } from '../reach/place.ts';
import { readVkey } from '../reach/vkey.ts';
import { type Command, type Context, flag, type Input, option } from './command.ts';

/** Discrepancies that are shown to a person; `--json` lists more. */
const SHOWN = 20;

type Target = Pick<VerifyOptions, 'source' | 'opener' | 'crew'> & { readonly name: string };

export const verify: Command = {
  arguments: [{ name: '[source]', about: 'command.argument.source' }],
  options: [
    { flags: '--tree-only', about: 'command.option.treeOnly' },
    { flags: '--vkey <key>', about: 'command.option.trustedKey' },
  ],
  examples: [
    'clawctl verify',
    'clawctl verify ./data',
    'clawctl verify https://claw.example.com --tenant acme --tree-only --vkey vkey.txt',
  ],
  run: async (context, input) => {
    const { t, terminal, format } = context;
    const treeOnly = flag(input, 'treeOnly');
    const trust = await trustOf(input);
    const target = await targetOf(context, input, trust.tenants);
    if (format === 'text') terminal.note(t('verify.target', { target: target.name }));
    const progress = await terminal.progress(t('verify.label'), 1);
    const report = await verifyTrail({
      ...trust,
      source: target.source,
      opener: target.opener,
      crew: target.crew,
      treeOnly,
      onProgress: ({ done, total }) => progress.at(done, Math.max(total, 1)),
    }).finally(() => Promise.all([progress.stop(), target.crew?.close()]));
    if (format === 'json') terminal.json({ ...report, tree_only: treeOnly });
    else show(context, report, treeOnly ? 'tree' : 'all');
    if (!report.ok) throw refuse('ledger.damaged', 'trailFails');
    if (!isSigned(report)) throw refuse('ledger.not_yet', 'nothingSigned');
  },
};

type Trust = Pick<VerifyOptions, 'tenants' | 'vkeys'>;

/** A key from elsewhere is one tenant's; without one, those that the trail publishes must do. */
async function trustOf(input: Input): Promise<Trust> {
  const tenant = option(input, 'tenant');
  const given = option(input, 'vkey');
  if (given === undefined) return { tenants: tenant === undefined ? undefined : [tenant] };
  const named = tenant ?? DEFAULT_TENANT;
  return { tenants: [named], vkeys: { [named]: await readVkey(given) } };
}

/** A URL, a folder, or else the server that other commands ask. */
async function targetOf(
  context: Context,
  input: Input,
  tenants: Trust['tenants'],
): Promise<Target> {
  const [given] = input.arguments;
  if (given !== undefined && !/^https?:\/\//i.test(given)) return folder(context, input, given);
  const { url: base, token } = await findPlace({
    env: context.env,
    url: given ?? option(input, 'url'),
    data: option(input, 'data'),
    token: option(input, 'token'),
  });
  const { httpSource } = await import('../../ledger/verify/http.ts');
  return { name: base, source: httpSource({ base, token: await orNone(token()), tenants }) };
}

/** A public ledger is verified without a token. */
function orNone(token: Promise<string>): Promise<string | undefined> {
  return token.catch((error: unknown) => {
    if (error instanceof Fault && error.code === 'request.unauthorised') return undefined;
    throw error;
  });
}

/** With the keys beside it, contents are opened; a copy without keys is checked without them. */
async function folder(context: Context, input: Input, given: string): Promise<Target> {
  const data = resolve(given);
  if (!existsSync(data)) throw refuse('data.missing', 'noData', { data });
  const source = folderSource({ data });
  const root = join(data, 'keys', 'root.key');
  const bare = { name: data, source, crew: openCrew({ data, keys: 'leave' }) };
  if (flag(input, 'treeOnly')) return bare;
  if (existsSync(root)) {
    const { openReader } = await import('../../seal/keyring.ts');
    const { readRootKey } = await import('../../seal/root.ts');
    const { openFileStore } = await import('../../store/file.ts');
    const opener = await openReader(openFileStore({ root: data }), readRootKey(root));
    return { name: data, source, opener, crew: openCrew({ data, keys: 'use' }) };
  }
  if (context.format === 'text') {
    context.terminal.note({ text: context.t('verify.noKeys'), style: 'warn' });
  }
  return bare;
}

function show(context: Context, report: Report, depth: 'tree' | 'all'): void {
  const { t, terminal } = context;
  for (const tenant of report.tenants) showTenant(context, tenant);
  if (depth === 'tree') terminal.line({ text: t('verify.treeOnly'), style: 'dim' });
  const failing = report.discrepancies.filter(({ kind }) => !passes(kind));
  for (const each of failing.slice(0, SHOWN)) showDiscrepancy(context, each);
  const more = failing.length - SHOWN;
  if (more > 0) terminal.line({ text: t('verify.more', { count: more }), style: 'dim' });
  for (const kind of PASSES) {
    const count = report.counts[kind];
    if (count > 0) terminal.line({ text: t(`verify.${kind}`, { count }), style: 'warn' });
  }
  if (report.ok && isSigned(report)) terminal.line({ text: t('verify.good'), style: 'good' });
  else if (!report.ok)
    terminal.line({ text: t('verify.bad', { count: failures(report) }), style: 'alarm' });
}

/** Without a checkpoint there is nothing that anybody vouches for: a server may just hide it. */
function isSigned({ tenants }: Report): boolean {
  return tenants.length > 0 && tenants.every(({ checkpoint }) => checkpoint !== undefined);
}

function failures({ counts }: Report): number {
  return Object.entries(counts)
    .filter(([kind]) => !passes(kind))
    .reduce((sum, [, count]) => sum + count, 0);
}

/** Kinds that are worth a word, but break no evidence. */
const PASSES: readonly ('erased' | 'pending' | 'torn')[] = ['erased', 'pending', 'torn'];

function passes(kind: string): boolean {
  return PASSES.some((passing) => passing === kind);
}

function showTenant({ t, terminal }: Context, report: TenantReport): void {
  const { tenant, checkpoint, vkey, entries, opened, erased } = report;
  terminal.line({ text: t('verify.tenant', { tenant }), style: 'bold' });
  if (checkpoint) {
    terminal.line('  ', t('verify.tree', { size: checkpoint.size, root: checkpoint.root }));
  }
  if (vkey !== undefined) terminal.line('  ', t('verify.signed', { vkey }));
  terminal.line('  ', t('verify.counts', { entries, opened, erased }));
}

function showDiscrepancy({ terminal }: Context, each: Discrepancy): void {
  const place = [each.tenant, each.index, each.file].filter((part) => part !== undefined);
  terminal.line(
    { text: `  ${each.kind.padEnd(10)}`, style: 'alarm' },
    { text: `${place.join(' · ')}  `, style: 'name' },
    each.message,
  );
}
