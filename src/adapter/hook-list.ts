/** The `hooks` of a settings file in the shape that Claude Code, Codex and Gemini share. */
import { isObject } from '../event/name.ts';
import { type Addition, type Keep, removeAt, removeEmpty } from './json-edit.ts';

export type Hook = Readonly<Record<string, unknown>>;
type Group = { readonly hooks: readonly Hook[] };

/** One hook for an event. No matcher: every tool. */
export function hookAddition(event: string, hook: Hook): Addition {
  const group: Group = { hooks: [hook] };
  return { at: ['hooks', event], value: group };
}

/** Every hook of a settings text that is JSON; none for what is no list of hooks. */
export function hooksIn(text: string): readonly Hook[] {
  return Object.values(eventsIn(text)).flatMap((list) => groupsIn(list).flat());
}

/** The text without the hooks that are ours, and without what stood there for them alone. */
export function withoutHooks(
  text: string,
  { isOurs, keep }: { isOurs: (hook: Hook) => boolean; keep: Keep },
): string {
  const events = Object.keys(eventsIn(text));
  let bare = text;
  for (const event of events) bare = removeFrom(bare, event, { isOurs, keep });
  return bare === text ? text : removeEmpty(bare, ['hooks'], keep);
}

type Removal = { readonly isOurs: (hook: Hook) => boolean; readonly keep: Keep };

/** From the last to the first, so that indices stay true. */
function removeFrom(text: string, event: string, { isOurs, keep }: Removal): string {
  const lists = groupsIn(eventsIn(text)[event]);
  let bare = text;
  for (const [g, hooks] of [...lists.entries()].reverse()) {
    const ours = [...hooks.entries()].filter(([, hook]) => isOurs(hook)).map(([i]) => i);
    if (ours.length === 0) continue;
    const group = ['hooks', event, String(g)];
    if (ours.length === hooks.length) bare = removeAt(bare, group);
    else for (const i of ours.reverse()) bare = removeAt(bare, [...group, 'hooks', String(i)]);
  }
  return bare === text ? text : removeEmpty(bare, ['hooks', event], keep);
}

function eventsIn(text: string): Readonly<Record<string, unknown>> {
  const settings: unknown = JSON.parse(text);
  return isObject(settings) && isObject(settings['hooks']) ? settings['hooks'] : {};
}

/** Something that is no hook keeps its place, so that indices stay true. */
function groupsIn(list: unknown): Hook[][] {
  if (!Array.isArray(list)) return [];
  return list.map((group) =>
    isObject(group) && Array.isArray(group['hooks'])
      ? group['hooks'].map((hook) => (isObject(hook) ? hook : {}))
      : [],
  );
}
