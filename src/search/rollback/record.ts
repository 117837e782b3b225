/** Reads out of one recorded call which files it changed, by the tool that it used. */
import type { Event } from '../../event/event.ts';
import { isObject } from '../../event/name.ts';
import type { Change, Told } from './change.ts';
import { claudeChanges } from './claude-code.ts';
import { editChanges, geminiChanges } from './edit.ts';
import { settle } from './image.ts';
import { patchChanges } from './patch.ts';
import { absolutePath } from './path.ts';
import { type Snapshots, snapshotsIn } from './snapshot.ts';

type Reading = (told: Told) => readonly Change[];

/** By the tool's own name: names of MCP tools hold their server's, and so are never these. */
const READINGS: ReadonlyMap<string, Reading> = new Map<string, Reading>([
  ['Write', claudeChanges],
  ['Edit', claudeChanges],
  ['MultiEdit', claudeChanges],
  ['NotebookEdit', claudeChanges],
  ['write_file', geminiChanges],
  ['replace', geminiChanges],
  ['write', editChanges],
  ['edit', editChanges],
  ['multiedit', editChanges],
  ['apply_patch', patchChanges],
  ['patch', patchChanges],
]);

/** Whether calls of this tool change files in a way that records tell. */
export function changesFiles(tool: string | undefined): boolean {
  return tool !== undefined && READINGS.has(tool);
}

/** The files that a call changed; empty where its record does not tell any. */
export function changesOf(event: Partial<Event>): readonly Change[] {
  const { arguments: given, result, attributes, tool } = event;
  const snapshots = snapshotsIn(attributes);
  const told = { args: fieldsOf(given), given, result: fieldsOf(result) };
  const cwd = attributes?.['cwd'];
  const read = READINGS.get(tool ?? '')?.(told) ?? [];
  const named = read.flatMap((change): Change[] => {
    const path = absolutePath(change.path, typeof cwd === 'string' ? cwd : undefined);
    if (path === undefined) return [];
    const from =
      change.from && absolutePath(change.from, typeof cwd === 'string' ? cwd : undefined);
    return [{ ...change, path, ...(from === undefined ? {} : { from }) }];
  });
  return withSnapshots(named, snapshots);
}

/** What was hashed where the file is outweighs what a runtime told as text. */
function withSnapshots(changes: readonly Change[], { before, after }: Snapshots): Change[] {
  const known = new Map(changes.map((change) => [change.path, change]));
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    const change = known.get(path) ?? { path };
    const [first, last] = [before.get(path), after.get(path)];
    known.set(path, {
      ...change,
      before: first?.kind === 'content' ? settle(first, change.before) : (first ?? change.before),
      after: last?.kind === 'content' ? settle(last, change.after) : (last ?? change.after),
    });
  }
  return [...known.values()];
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {};
}
