/** Scenes for explanations: events folded to rows as the index does, and a run of a benchmark. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from '../../src/action/action.ts';
import { callKey, foldCall } from '../../src/engine/fold.ts';
import type { Event } from '../../src/event/event.ts';
import type { Scene, WhyRow } from '../../src/search/why/scene.ts';
import { readAll } from '../adapter/transcript.ts';

export const clock = (time: string) => time.slice(11, 19);

export function rowsOf(events: readonly Event[]): readonly WhyRow[] {
  const placed = events.map((event, index) => ({ event, index }));
  const groups = Map.groupBy(placed, ({ event, index }) => callKey(event) ?? String(index));
  const rows = [...groups.values()].map((facts): WhyRow => {
    const folded = foldCall(facts.map(({ event }) => event));
    return {
      ...folded,
      index: facts[0]?.index ?? 0,
      facts: facts.map(({ event: { id, time, type, status, source }, index }) => ({
        ...{ id, time, index, type, source, status },
      })),
    };
  });
  return rows.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.index - b.index));
}

export function sceneOf(event: WhyRow, rows: readonly WhyRow[], more: Partial<Scene> = {}): Scene {
  const left_out = { before: 0, after: 0 };
  return { event, rows, policies: new Map(), left_out, complete: true, ...more };
}

const FOLDER = join(import.meta.dirname, '../../../shared/datasets/agentdojo');
const MODELS = ['gpt-4o-mini-2024-07-18', 'claude-3-5-sonnet-20241022'];

export type Attack = {
  readonly name: string;
  /** What the attacker wanted to be used: an account, an address, a host. */
  readonly value: string;
  readonly events: readonly Event[];
};

export const attacksAreHere = existsSync(FOLDER);

/** The values that the attackers of each suite plant, as the benchmark's tasks state them. */
const PLANTED: Readonly<Record<string, string>> = {
  banking: 'US133000000121212121212',
  slack: 'www.true-informations.com',
  travel: 'jay@google.com',
  workspace: 'mark.black-2134@gmail.com',
};

type Run = {
  readonly messages?: unknown;
  readonly metadata: {
    readonly model: string;
    readonly suite_name: string;
    readonly injection_task_id: string | null;
    readonly user_task_id: string;
    readonly security: boolean;
  };
};

/** Every attacked run in which the attack succeeded. */
export function attacks(): readonly Attack[] {
  const won = runs().filter(({ metadata: m }) => m.injection_task_id && m.security);
  return won.map((run): Attack => {
    const { model, suite_name, user_task_id, injection_task_id } = run.metadata;
    const name = `${model} ${suite_name} ${user_task_id} ${injection_task_id}`;
    return { name, value: PLANTED[suite_name] ?? '', events: eventsOf(run) };
  });
}

/** Every run, benign or attacked. */
export function runs(): readonly Run[] {
  return MODELS.flatMap((model) => {
    const text = readFileSync(join(FOLDER, `agentdojo-${model}.jsonl`), 'utf8').trim();
    return text
      .split('\n')
      .map((line) => JSON.parse(line) as Run)
      .filter(({ messages }) => messages !== undefined);
  });
}

export function eventsOf(run: Run): readonly Event[] {
  return readAll('openai-chat', [run]).events.map((event) => describe(event));
}
