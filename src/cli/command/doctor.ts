/** `clawctl doctor RUNTIME`: proves that an installation records, and says what it cannot show. */
import { randomBytes } from 'node:crypto';
import type { Installed, Installer } from '../../adapter/installer.ts';
import { asFault } from '../../fault/fault.ts';
import type { Client } from '../reach/client.ts';
import type { Key } from '../screen/language.ts';
import { isClosed, isDecided, isFound, type Sending, sendCanary } from '../setup/canary.ts';
import { trustedHooks } from '../setup/codex.ts';
import { type Ground, SCOPES, survey } from '../setup/files.ts';
import { isOwn } from '../setup/own.ts';
import { findProgram, versionOf } from '../setup/program.ts';
import { installerOf, PROGRAM, RUNTIME_ARGUMENT } from '../setup/runtime.ts';
import { isAccepted, tokenAt } from '../setup/token.ts';
import { type Command, type Context, type Input, option } from './command.ts';

export const doctor: Command = {
  arguments: [RUNTIME_ARGUMENT],
  options: [...SCOPES.filter(({ flags }) => flags !== '--yes'), PROGRAM],
  examples: ['clawctl doctor claude-code', 'clawctl doctor codex --project --json'],
  run: async (context, input) => {
    const installer = installerOf(input);
    const patient = { installer, ground: await survey(context, input, installer) };
    const checks = await examine(context, input, patient);
    const enforced = checks.some(({ check }) => check === 'enforces');
    const ok = checks.every((check) => check.ok);
    if (context.format === 'json') {
      const { runtime, measured, blind, holes = [] } = installer;
      const told = { runtime, ok, checks, measured, blind, ...(enforced ? { holes } : {}) };
      context.terminal.json(told);
    } else show(context, { installer, checks, enforced });
    if (!ok) process.exitCode = 1;
  },
};

type Name =
  | 'files'
  | 'program'
  | 'server'
  | 'token'
  | 'trust'
  | 'own'
  | 'canary'
  | 'observes'
  | 'enforces'
  | 'closed';
type Check = {
  readonly check: Name;
  readonly ok: boolean;
  /** A path, a version, an address: what was found. */
  readonly found?: string;
};
type Patient = { readonly installer: Installer; readonly ground: Ground };

/** One thing needs the other: the first that fails explains those after it. */
async function examine(
  context: Context,
  input: Input,
  patient: Patient,
): Promise<readonly Check[]> {
  const { installer, ground } = patient;
  const installed = attempt(() => installer.installed(ground.texts, ground.paths));
  const [file = ''] = Object.values(ground.paths);
  const checks: Check[] = [{ check: 'files', ok: installed !== undefined, found: file }];
  checks.push(await programCheck(context, input, installer));
  if (installer.runtime === 'codex') {
    checks.push({ check: 'trust', ok: await trustedHooks(context, input, installer) });
  }
  if (installed === undefined) return checks;
  if (ground.place.scope === 'project') {
    const ok = await isOwn({ ...patient, installed, env: context.env });
    checks.push({ check: 'own', ok, found: file });
    if (!ok) return checks;
  }
  return [...checks, ...(await recordChecks(context, patient, installed))];
}

/** Undefined for settings that cannot be read. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

async function programCheck(
  { env }: Context,
  input: Input,
  { program }: Installer,
): Promise<Check> {
  const file = await findProgram(program, { env, given: option(input, 'program') });
  if (file === undefined) return { check: 'program', ok: false, found: program.name };
  const version = await versionOf(file, program, env);
  return { check: 'program', ok: version !== undefined, found: `${file} ${version ?? ''}`.trim() };
}

async function recordChecks(
  context: Context,
  { installer, ground }: Patient,
  installed: Installed,
): Promise<readonly Check[]> {
  const { env } = context;
  const { server } = installed;
  const { runtime } = installer;
  const client = await reach(context, server);
  if (client === undefined) return [{ check: 'server', ok: false, found: server }];
  const token = tokenAt(installer, ground.texts, { env, server });
  const accepted = token !== undefined && (await isAccepted(server, token));
  const nonce = randomBytes(8).toString('hex');
  const canary = {
    session_id: `claw-doctor-${nonce}`,
    call_id: `canary-${nonce}`,
    cwd: ground.place.project,
    now_ms: Date.now(),
  };
  await sendCanary({ runtime, installed, canary, env, token });
  return [
    { check: 'server', ok: true, found: server },
    { check: 'token', ok: accepted },
    { check: 'canary', ok: await isFound(client, canary), found: canary.session_id },
    ...(await gateChecks({ runtime, installed, canary, env, token }, client)),
  ];
}

/** That the canary's call was decided, and that nobody's answer would have blocked it. */
async function gateChecks(sending: Sending, client: Client): Promise<readonly Check[]> {
  const { enforcing } = sending.installed;
  if (enforcing === undefined) return [];
  const { enforcement } = enforcing;
  const decided = await isDecided(client, sending.canary);
  if (enforcement.mode === 'observe') return [{ check: 'observes', ok: decided }];
  return [
    { check: 'enforces', ok: decided, found: String(enforcement.wait_s) },
    { check: 'closed', ok: enforcing.closed && (await isClosed(sending)) },
  ];
}

/** The server that the hooks name, as this clawctl may ask it; undefined for no answer. */
async function reach(context: Context, server: string): Promise<Client | undefined> {
  const client = await context.connect();
  if (client.url !== server) return undefined;
  try {
    await client.get('/v1/status');
    return client;
  } catch (error) {
    if (asFault(error).code === 'server.unreachable') return undefined;
    throw error;
  }
}

type Findings = {
  readonly installer: Installer;
  readonly checks: readonly Check[];
  readonly enforced: boolean;
};

function show({ t, terminal }: Context, { installer, checks, enforced }: Findings): void {
  for (const { check, ok, found = '' } of checks) {
    const key: Key = ok ? `doctor.fine.${check}` : `doctor.fails.${check}`;
    const words = t(key, { found, runtime: installer.title, name: installer.runtime });
    terminal.line({ text: ok ? '✓ ' : '✗ ', style: ok ? 'good' : 'bad' }, words);
  }
  const { title: runtime, measured: version } = installer;
  terminal.line({ text: t('doctor.blind', { runtime, version }), style: 'bold' });
  for (const spot of installer.blind) terminal.line('· ', t(`blind.${spot}`));
  const { holes = [] } = installer;
  if (!enforced || holes.length === 0) return;
  terminal.line({ text: t('gate.holes', { runtime }), style: 'bold' });
  for (const hole of holes) terminal.line('· ', t(`gate.hole.${hole}`));
}
