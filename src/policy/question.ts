/** What one action asks: about the tool as a whole, and about each resource that it touches. */
import type { Resource } from '../event/event.ts';
import type { PolicyAction, PolicyRequest } from './policy.ts';
import { siteOf, type Target, type TargetName, targetName } from './target.ts';

export type Question = {
  readonly action: PolicyAction;
  readonly type: TargetName;
  readonly target: Target;
};

/** Each once. The host of a URL is asked about also where nothing but the URL is named. */
export function questionsOf(request: PolicyRequest): readonly Question[] {
  const asked = new Map<string, Question>();
  const ask = (action: PolicyAction, { kind, id }: Target) => {
    const key = `${action}\0${kind}\0${id}`;
    if (!asked.has(key)) asked.set(key, { action, type: targetName(kind), target: { kind, id } });
  };
  ask(request.action, { kind: 'tool', id: request.tool });
  for (const resource of request.resources) {
    ask(resource.access, resource);
    const host = hostOf(resource, request.resources);
    if (host !== undefined) ask(resource.access, { kind: 'host', id: host });
  }
  return [...asked.values()];
}

function hostOf(resource: Resource, all: readonly Resource[]): string | undefined {
  if (resource.kind !== 'url') return undefined;
  const { host } = siteOf(resource);
  const named = all.some((one) => one.kind === 'host' && siteOf(one).host === host);
  return host === '' || named ? undefined : host;
}

/** For messages. */
export function aboutOf({ action, target }: Question): string {
  return `${action} ${target.kind} ${target.id}`.slice(0, 200).toWellFormed();
}
