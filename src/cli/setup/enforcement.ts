/** Whether an installation is to hold calls back: asked for by flags, told afterwards. */
import type { Enforcement, Installer } from '../../adapter/installer.ts';
import { WAIT_S } from '../../policy/lifecycle.ts';
import {
  type CommandOption,
  type Context,
  flag,
  type Input,
  option,
  whole,
} from '../command/command.ts';
import { refuse } from '../problem.ts';
import type { changesIn, Ground } from './files.ts';

export const ENFORCEMENT: readonly CommandOption[] = [
  { flags: '--enforce', about: 'command.option.enforce' },
  { flags: '--mode <mode>', about: 'command.option.mode', choices: ['observe', 'enforce'] },
  { flags: '--approval-wait <seconds>', about: 'command.option.approvalWait' },
];

/** As long as an approval itself waits where nothing else is said. */
const APPROVAL_WAIT_S = 300;

/** Undefined where nothing is to be asked before a call. Throws `usage.invalid`. */
export function enforcementOf(input: Input): Enforcement | undefined {
  const mode = option(input, 'mode');
  if (flag(input, 'enforce') && mode === 'observe') {
    throw refuse('usage.invalid', 'conflict', { one: '--enforce', other: '--mode observe' });
  }
  const enforced = flag(input, 'enforce') || mode === 'enforce';
  const wished = whole(input, 'approvalWait', { least: 0, most: WAIT_S });
  if (wished !== undefined && !enforced) {
    throw refuse('usage.invalid', 'needs', { option: '--approval-wait', other: '--enforce' });
  }
  if (enforced) return { mode: 'enforce', wait_s: wished ?? APPROVAL_WAIT_S };
  return mode === 'observe' ? { mode } : undefined;
}

type Asked = { readonly installer: Installer; readonly ground: Ground };
type Planned = Parameters<typeof changesIn>[1];

/** Throws where what is to be written would hold nothing back. */
export function checkEnforced(
  { installer, ground }: Asked,
  planned: Planned,
  wanted: Enforcement | undefined,
): void {
  if (wanted === undefined) return;
  const { enforcing } = installer.installed(planned, ground.paths) ?? {};
  if (enforcing?.enforcement.mode === wanted.mode) return;
  const name = wanted.mode === 'enforce' ? '--enforce' : '--mode';
  throw refuse('usage.invalid', 'notFor', { option: name, runtime: installer.title });
}

/** Whether calls were held to decisions before; nobody is to lose that without notice. */
export function wasEnforced({ installer, ground }: Asked): boolean {
  try {
    const { enforcing } = installer.installed(ground.texts, ground.paths) ?? {};
    return enforcing?.enforcement.mode === 'enforce';
  } catch {
    return false;
  }
}

/** What holds from now on, and what it does not reach. */
export function tellEnforcement(
  { t, terminal }: Context,
  { title: runtime, holes = [] }: Installer,
  { now, before }: { readonly now: Enforcement | undefined; readonly before: boolean },
): void {
  if (before && now?.mode !== 'enforce') {
    terminal.note({ text: t('gate.ended', { runtime }), style: 'alarm' });
  }
  if (now === undefined) return;
  if (now.mode === 'observe') {
    terminal.line(t('gate.observes', { runtime }));
    return;
  }
  terminal.line(t('gate.enforces', { runtime, wait: now.wait_s }));
  if (holes.length === 0) return;
  terminal.line({ text: t('gate.holes', { runtime }), style: 'bold' });
  for (const hole of holes) terminal.line('· ', t(`gate.hole.${hole}`));
}
