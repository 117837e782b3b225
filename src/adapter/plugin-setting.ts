/** What the settings of Claw's plugins say of enforcement: written by install, read by doctor. */
import type { Enforcing, InstallOptions, Way } from './installer.ts';

/** As `plugins/gate.js` reads it. */
export type Asking = { readonly mode?: 'observe' | 'enforce'; readonly wait_s?: number };

export function askingOf({ enforcement }: Pick<InstallOptions, 'enforcement'>): Asking {
  return enforcement ?? {};
}

/** One that says anything else than to observe enforces, as the plugin itself has it. */
export function enforcingIn(
  { mode, wait_s }: Readonly<Record<string, unknown>>,
  way: Way,
): { readonly enforcing?: Enforcing } {
  if (mode === undefined || mode === null) return {};
  if (mode === 'observe') return { enforcing: { enforcement: { mode }, way, closed: false } };
  const wait = typeof wait_s === 'number' ? wait_s : 0;
  return { enforcing: { enforcement: { mode: 'enforce', wait_s: wait }, way, closed: true } };
}
