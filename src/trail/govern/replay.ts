/** Asks past decisions again of another policy set, before it is put in force. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Difference, decideAgain } from '../../policy/replay.ts';
import { toQuery } from '../request.ts';
import type { Govern, Replayed } from './govern.ts';
import type { Ground } from './ground.ts';
import type { Past } from './load.ts';
import { checkedSet } from './policy.ts';

/** Decisions of one replay where no limit was asked for, and the most that may be. */
const DECISIONS = 10_000;
export const DECISIONS_MOST = 100_000;
/** Differences that are listed. */
const LISTED = 100;
/** Decisions between two turns of the event loop. */
const TURN = 64;

export function openReplay(
  { now, ruledState }: Pick<Ground, 'now' | 'ruledState'>,
  past: Pick<Past, 'decisions'>,
): Pick<Govern, 'replayDecisions'> {
  return {
    replayDecisions: async ({ files, limit = DECISIONS, ...search }) => {
      const set = checkedSet(files);
      const query = toQuery(search, now());
      const { policy } = await ruledState(search.tenant);
      const counts = { same: 0, otherwise: 0, different: 0, unreadable: 0 };
      const listed: Record<'different' | 'otherwise', Difference[]> = {
        different: [],
        otherwise: [],
      };
      const most = Math.min(limit, DECISIONS_MOST);
      let decisions = 0;
      let more = false;
      for await (const row of past.decisions(query)) {
        if (decisions >= most) {
          more = true;
          break;
        }
        decisions += 1;
        if (decisions % TURN === 0) await nextTurn();
        const compared = decideAgain(set, row);
        counts[compared.kind] += 1;
        if ('difference' in compared && listed[compared.kind].length < LISTED) {
          listed[compared.kind].push(compared.difference);
        }
      }
      const differences = [...listed.different, ...listed.otherwise].slice(0, LISTED);
      const versions = { version: set.version, in_force: policy.version.version };
      return { ...versions, decisions, ...counts, differences, more } satisfies Replayed;
    },
  };
}
