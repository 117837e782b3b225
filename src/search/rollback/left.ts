/** Finds what no plan can undo, and why: each is told to a person. */
import type { Event } from '../../event/event.ts';
import { isLifecycle, OWN_ATTRIBUTE } from '../../event/lifecycle.ts';
import { isObject } from '../../event/name.ts';
import { mainArgument } from '../argument.ts';

/** Why a step is for a person; `word.ts` says each in plain sentences. */
export const REASONS = [
  'chain_broken',
  'no_preimage',
  'unknown_left',
  'not_text',
  'no_content',
  'too_large',
  'unseen',
  'command',
  'request',
  'message',
  'delete',
  'write',
  'delegate',
  'admin',
  'tool',
] as const;
export type Reason = (typeof REASONS)[number];

/** Characters of what was done. */
const WHAT_CHARS = 400;
/** Tools that fetch and change nothing there. */
const FETCHES: ReadonlySet<string | undefined> = new Set([
  ...['WebFetch', 'WebSearch', 'web_fetch', 'web_search', 'google_web_search'],
  ...['webfetch', 'websearch'],
]);
const SAFE_METHODS: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Undefined where there is nothing to undo: it only read, never ran, or is no act. `changesFiles`:
 * whether the tool is one whose records tell what it wrote.
 */
export function leftOf(
  event: Event,
  changesFiles: boolean,
): { readonly reason: Reason; readonly what?: string } | undefined {
  const reason = reasonOf(event, changesFiles);
  if (reason === undefined) return undefined;
  const what = whatOf(event);
  return { reason, ...(what === undefined ? {} : { what }) };
}

function reasonOf(event: Event, changesFiles: boolean): Reason | undefined {
  const { type, status, attributes } = event;
  if (!ACTS.has(type) || isLifecycle(event) || status === 'blocked') return undefined;
  if (attributes !== undefined && Object.hasOwn(attributes, OWN_ATTRIBUTE)) return undefined;
  // Tools that write files write nothing where they fail.
  if (changesFiles && status === 'error') return undefined;
  if (changesFiles && status !== 'success') return 'unseen';
  if (type === 'api_call') return apiReason(event);
  return actionReason(event);
}

const ACTS: ReadonlySet<string> = new Set(['tool_call', 'api_call', 'file_operation']);

/** Requests to models are how an agent thinks. */
function apiReason({ method, model }: Event): Reason | undefined {
  return model !== undefined || SAFE_METHODS.has(method?.toUpperCase()) ? undefined : 'request';
}

function actionReason(event: Event): Reason | undefined {
  switch (event.action) {
    case 'read':
    case 'query':
    case 'plan':
    case 'none':
      return undefined;
    case 'write':
      return 'write';
    case 'delete':
      return 'delete';
    case 'execute':
      return onlyReads(event) ? undefined : 'command';
    case 'network':
      return FETCHES.has(event.tool) ? undefined : 'request';
    case 'communicate':
      return 'message';
    case 'delegate':
      return 'delegate';
    case 'admin':
      return 'admin';
    case undefined:
      return 'tool';
  }
}

/** A command that was followed to its end and found to read alone. */
function onlyReads({ resources = [], attributes }: Event): boolean {
  if (isObject(attributes?.['effects_inferred'])) return false;
  if (isObject(attributes?.['action_inferred'])) return false;
  const commands = resources.filter(({ kind }) => kind === 'command');
  const others = resources.filter(({ kind }) => kind !== 'command');
  return commands.length === 1 && others.every(({ access }) => access === 'read');
}

function whatOf(event: Event): string | undefined {
  const text = event.path ?? mainArgument(event);
  return text === undefined || text === '' ? undefined : text.slice(0, WHAT_CHARS);
}
