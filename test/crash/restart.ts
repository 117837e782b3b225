/** A start on what a fault left of a real data folder, and all that must hold then. */
import { loadConfig } from '../../src/trail/config.ts';
import { openTrail } from '../../src/trail/open.ts';
import type { Trail } from '../../src/trail/trail.ts';
import type { Account } from './account.ts';
import { checkTrail, verifyData } from './check.ts';
import type { Problem } from './work.ts';

export type RestartOptions = {
  readonly data: string;
  readonly account: Account;
  readonly settings: Readonly<Record<string, string | number>>;
};

export type Restarted = { readonly problems: readonly Problem[]; readonly recovery_ms: number };

export async function restart(options: RestartOptions): Promise<Restarted> {
  const { data, account, settings } = options;
  const config = loadConfig({ flags: { ...settings, data }, env: {} });
  const began = performance.now();
  const onFault = () => {};
  const opened = await openTrail({ config, version: 'crash', now: Date.now, onFault }).catch(
    (error: unknown) => error as Error,
  );
  const recovery_ms = performance.now() - began;
  if (opened instanceof Error) {
    return { problems: [{ kind: 'broken', what: `start: ${opened.message}` }], recovery_ms };
  }
  const settle = () => signAll(opened, account);
  try {
    const problems = await checkTrail({ trail: opened, account, settle });
    await opened.close();
    return { problems: [...problems, ...(await verifyData(data))], recovery_ms };
  } catch (error) {
    const what = `after a start: ${(error as Error).stack}`;
    return { problems: [{ kind: 'broken', what }], recovery_ms };
  } finally {
    await opened.close().catch(() => {});
  }
}

/** A proof of the newest event has everything up to it signed. */
async function signAll(trail: Trail, account: Account): Promise<void> {
  for (const tenant of account.tenants()) {
    const newest = [...account.kept(tenant)].reduce<readonly [string, number] | undefined>(
      (best, [id, { index }]) => (best === undefined || index > best[1] ? [id, index] : best),
      undefined,
    );
    if (newest) await trail.proof(tenant, newest[0]);
  }
}
