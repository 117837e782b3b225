/** What coverage finds missing of the session around an event, as far as its rows were read. */
import { endsSession } from '../../engine/fold.ts';
import { openCoverage } from '../coverage.ts';
import type { Told } from './context.ts';
import type { Focus } from './focus.ts';
import type { Scene } from './scene.ts';
import { type DraftUnknown, word } from './step.ts';

/** Nothing certain is said of a session that was not read whole. */
export function missingOf({ scene, act, subject }: Focus): Told {
  const { before, after } = scene.left_out;
  if (before + after > 0 || !scene.complete) return { steps: [], unknown: [] };
  const fold = openCoverage();
  for (const row of scene.rows) fold.add(row);
  const { session_id } = subject;
  const found = fold.report({
    ...{ session_id, ended: isEnded(scene, session_id), now_ms: 0, silent_ms: Infinity },
    ...{ complete: true, partial: false, lost: false },
  });
  const call_id = act?.call_id;
  const unknown: DraftUnknown[] = [];
  let others = found.more;
  for (const { kind, call_id: about, tool } of found.shortfalls) {
    const mine = call_id !== undefined && about === call_id;
    if (!mine) others++;
    else if (kind === 'not_recorded' || kind === 'no_request') {
      unknown.push({ code: kind, detail: word(tool) || '?' });
    }
  }
  if (others > 0) unknown.push({ code: 'shortfalls', detail: String(others) });
  return { steps: [], unknown };
}

function isEnded({ rows }: Scene, session_id: string): boolean {
  return rows.some((row) => row.session_id === session_id && endsSession(row));
}
