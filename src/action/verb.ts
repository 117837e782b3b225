/** Guesses an action from the words of a tool's name, and resources from its arguments' names. */
import type { Access, Action } from '../event/event.ts';

/** The most telling first: of several verbs inside a name, the gravest is believed. */
const VERBS: readonly (readonly [Action, string])[] = [
  ['delete', 'delete remove drop destroy purge erase truncate unlink wipe rm rmdir uninstall'],
  ['admin', 'grant revoke configure rotate authorize authorise approve enable disable login'],
  [
    'execute',
    'run exec execute bash shell sh eval spawn launch invoke trigger deploy install build kill' +
      ' start stop restart terminal powershell cmd',
  ],
  [
    'communicate',
    'send email mail message notify reply tweet sms forward invite announce publish share post' +
      ' comment',
  ],
  [
    'write',
    'write create update edit set add insert put save append upload patch modify rename move copy' +
      ' replace upsert make mkdir merge commit push apply book cancel reserve pay buy purchase' +
      ' order refund transfer return exchange change assign import fill submit reschedule',
  ],
  ['delegate', 'delegate handoff subagent escalate'],
  ['network', 'request http https curl wget ping navigate crawl scrape webhook browse download'],
  ['query', 'search find list query lookup count select grep'],
  ['read', 'get read fetch load view show open cat describe retrieve inspect check'],
  ['plan', 'plan todo think remind schedule calculate'],
];

const ACTION_OF: ReadonlyMap<string, Action> = new Map(
  VERBS.toReversed().flatMap(([action, words]) =>
    words.split(' ').map((word) => [word, action] as const),
  ),
);
const GRAVITY: ReadonlyMap<Action, number> = new Map(
  VERBS.map(([action], i) => [action, VERBS.length - i]),
);
/** Sending or scheduling these moves value, not words. */
const VALUE = new Set(['money', 'payment', 'funds', 'transaction']);

/** Names of arguments that name resources, and their kinds. */
const KINDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    file:
      'path file file_path filepath filename file_name notebook_path source_path target_path' +
      ' src dst',
    directory: 'dir directory folder dir_path root',
    url: 'url uri href link webhook_url',
    host: 'host hostname domain',
    command: 'command cmd script',
    agent: 'subagent agent_name',
    other: 'to recipient recipients email cc bcc channel address',
  }).flatMap(([kind, names]) => names.split(' ').map((name) => [name, kind] as const)),
);

const TALK: ReadonlySet<Action> = new Set(['communicate', 'plan']);

export type Guess = {
  /** Absent where nothing tells: unknown is a value. */
  readonly action?: Action;
  /** From 0 to 1. */
  readonly confidence: number;
  /** A few words, to show beside it. */
  readonly reason: string;
};

/** What the name alone says. */
export const guessFromName = remembered(guess);

function guess(tool: string): Guess {
  const words = wordsOf(tool);
  const verbs = words.flatMap((word) => {
    const action = ACTION_OF.get(word);
    return action === undefined ? [] : [{ word, action }];
  });
  const [first] = verbs;
  if (!first) return { confidence: 0, reason: 'no verb in the name' };
  if (first.word === words[0] && !words.includes('and')) {
    if (TALK.has(first.action) && words.some((word) => VALUE.has(word))) {
      return { action: 'write', confidence: 0.7, reason: `verb "${first.word}" on a value` };
    }
    return { action: first.action, confidence: 0.8, reason: `verb "${first.word}"` };
  }
  const gravest = verbs.reduce((a, b) => (gravity(b.action) > gravity(a.action) ? b : a));
  return { action: gravest.action, confidence: 0.5, reason: `word "${gravest.word}"` };
}

/** What the arguments say where the name says nothing. */
export function guessFromKinds(kinds: ReadonlySet<string>): Guess {
  const said = (action: Action, kind: string): Guess => ({
    action,
    confidence: 0.4,
    reason: `an argument names a ${kind}`,
  });
  if (kinds.has('command')) return said('execute', 'command');
  if (kinds.has('url')) return said('network', 'url');
  if (kinds.has('host')) return said('network', 'host');
  return { confidence: 0, reason: 'neither its name nor its arguments tell' };
}

/** The kind of resource that an argument of this name holds, if any. */
export const kindOf = remembered((argument) => KINDS.get(wordsOf(argument).join('_')));

/** The access that an action means for a resource of a kind. */
export function accessOf(action: Action | undefined, kind: string): Access {
  if (kind === 'command' || kind === 'agent') return 'execute';
  if (kind === 'url' || kind === 'host') return 'network';
  if (action === 'write' || action === 'delete' || action === 'execute') return action;
  return action === 'communicate' && kind === 'other' ? 'write' : 'read';
}

const NAMES = 4096;

/** Names repeat from event to event, and taking one apart costs more than all else here. */
function remembered<T>(make: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>();
  return (name) => {
    const held = known.get(name);
    if (held !== undefined || known.has(name)) return held as T;
    const made = make(name);
    if (name.length > WORDS_CHARS) return made;
    if (known.size >= NAMES) known.clear();
    known.set(name, made);
    return made;
  };
}

/** Characters of a name that are read. */
const WORDS_CHARS = 200;

/** `sendEmail`, `send_email`, `send-email`, `HTTPGet` → their words in lower case. */
function wordsOf(name: string): string[] {
  return name
    .slice(0, WORDS_CHARS)
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}

function gravity(action: Action): number {
  return GRAVITY.get(action) ?? 0;
}
