/** How fast a whole trail is checked from its files, by the command that auditors use. */
import { median, perSecond, repeated, rounded } from '../measure.ts';
import { clawctl } from '../server.ts';
import type { Ground, Part } from './part.ts';

export const verify: Part = {
  name: 'verify',
  about: 'clawctl verify of the folder: the tree alone, and with every event unsealed',
  run: async (ground) => {
    await ground.filled();
    await ground.resting();
    await measure(ground, 'verify.tree', ['--tree-only']);
    await measure(ground, 'verify.all', []);
  },
};

async function measure(ground: Ground, id: string, flags: readonly string[]): Promise<void> {
  const runs = await repeated({ times: 3, budget_ms: 10_000 }, async () => {
    const { text, ms, cpu_s } = await clawctl(ground, ['verify', ground.trail, '--json', ...flags]);
    const { tenants } = JSON.parse(text) as { tenants: { entries: number }[] };
    const entries = tenants.reduce((sum, tenant) => sum + tenant.entries, 0);
    return { rate: perSecond(entries, ms), entries, cpu_s };
  });
  ground.note(id, {
    values: { ...median(runs.map(({ rate }) => rate)), entries: runs[0]?.entries ?? 0 },
    cpu_s: { clawctl: rounded(runs.reduce((sum, run) => sum + run.cpu_s, 0) / runs.length) },
  });
}
