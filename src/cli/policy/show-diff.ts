/** Shows what changed between two policy sets. */
import type { PolicyDiff } from '../../policy/diff.ts';
import type { Context } from '../command/command.ts';
import type { Style } from '../screen/piece.ts';

export function showDiff({ t, terminal }: Context, { added, removed, changed }: PolicyDiff): void {
  if (added.length + removed.length + changed.length === 0) {
    terminal.line({ text: t('policy.unchanged'), style: 'dim' });
  }
  const block = (lines: readonly string[]) => {
    for (const line of lines) {
      terminal.line({ text: line, style: STYLES[line[0] ?? ' '] ?? 'plain' });
    }
    terminal.line();
  };
  for (const { id, text } of removed) {
    terminal.line({ text: t('policy.removed', { id }), style: 'bold' });
    block(text.split('\n').map((line) => `- ${line}`));
  }
  for (const { id, lines } of changed) {
    terminal.line({ text: t('policy.changed', { id }), style: 'bold' });
    block(nearChanges(lines));
  }
  for (const { id, text } of added) {
    terminal.line({ text: t('policy.added', { id }), style: 'bold' });
    block(text.split('\n').map((line) => `+ ${line}`));
  }
}

/** Lines beside a change that are shown with it. */
const BESIDE = 3;

function nearChanges(lines: readonly string[]): readonly string[] {
  const changed = lines.map((line) => !line.startsWith(' '));
  const near = (i: number) => changed.slice(Math.max(0, i - BESIDE), i + BESIDE + 1).includes(true);
  return lines.flatMap((line, i) => {
    if (near(i)) return [line];
    return i > 0 && near(i - 1) ? ['  …'] : [];
  });
}

const STYLES: Readonly<Record<string, Style>> = { '-': 'bad', '+': 'good' };
