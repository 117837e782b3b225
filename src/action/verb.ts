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
      ' toggle order refund transfer return exchange change assign import fill submit reschedule',
  ],
  ['delegate', 'delegate handoff subagent escalate'],
  ['network', 'request http https curl wget ping navigate crawl scrape webhook browse download'],
  ['query', 'search find list query lookup count select grep tree'],
  ['read', 'get read fetch load view show open cat describe retrieve inspect check'],
  ['plan', 'plan todo think remind schedule'],
  ['none', 'calculate'],
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
const VALUE = new Set(['money', 'payment', 'funds', 'transaction', 'certificate', 'voucher']);
/** Changing these changes who may do what. */
const ACCESS = new Set(['password', 'passwords', 'permission', 'permissions', 'role', 'roles']);
/** To transfer something to these is to hand over. */
const PEOPLE = new Set(['human', 'humans', 'agent', 'agents', 'operator', 'representative']);
/** A name with one of these speaks of files, so that `source` and `destination` are paths. */
const FILES = new Set(['file', 'files', 'directory', 'directories', 'folder', 'folders', 'dir']);

/** Names of arguments that name resources, and their kinds. */
const KINDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    file:
      'path paths file files file_path file_paths filepath filename file_name notebook_path' +
      ' source_path target_path src dst',
    directory: 'dir directory folder dir_path root',
    url: 'url uri href link webhook_url',
    host: 'host hostname domain',
    command: 'command cmd script',
    agent: 'subagent agent_name',
    other: 'to recipient recipients email cc bcc channel address user_email participants attendees',
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
    return about(first, words) ?? said(first.action, 0.8, `verb "${first.word}"`);
  }
  const gravest = verbs.reduce((a, b) => (gravity(b.action) > gravity(a.action) ? b : a));
  return said(gravest.action, 0.5, `word "${gravest.word}"`);
}

/** Where what the verb acts on tells more than the verb. */
function about({ word, action }: { word: string; action: Action }, words: string[]) {
  const on = (these: ReadonlySet<string>) => words.some((each) => these.has(each));
  if (TALK.has(action) && on(VALUE)) return said('write', 0.7, `verb "${word}" on a value`);
  if (action !== 'write') return undefined;
  if (on(ACCESS)) return said('admin', 0.7, `verb "${word}" on access`);
  const handed = word === 'transfer' && on(PEOPLE);
  return handed ? said('delegate', 0.7, `verb "${word}" to somebody`) : undefined;
}

function said(action: Action, confidence: number, reason: string): Guess {
  return { action, confidence, reason };
}

/** The guess, or the given action where that is graver. */
export function graver(guess: Guess, action: Action, why: string): Guess {
  if (guess.action !== undefined && gravity(guess.action) >= gravity(action)) return guess;
  return said(action, 0.5, why);
}

/** What the arguments add: an action where the name says nothing, the network to a reading verb. */
export function guessFromKinds(guess: Guess, kinds: ReadonlySet<string>): Guess {
  const outside = kinds.has('url') ? 'url' : kinds.has('host') ? 'host' : undefined;
  if (guess.action === undefined && kinds.has('command')) {
    return said('execute', 0.4, 'an argument names a command');
  }
  if (outside && (guess.action === 'read' || guess.action === 'query')) {
    return said('network', 0.7, `${guess.reason} of a ${outside}`);
  }
  if (guess.action !== undefined) return guess;
  if (outside) return said('network', 0.4, `an argument names a ${outside}`);
  return { confidence: 0, reason: 'neither its name nor its arguments tell' };
}

/** The kind of resource that an argument of this name of a tool holds, if any. */
export function kindOf(argument: string, tool: string): string | undefined {
  const kind = kindOfName(argument);
  if (kind === 'file' && argument === 'path' && onFolders(tool)) return 'directory';
  if (kind !== undefined || (argument !== 'source' && argument !== 'destination')) return kind;
  return onFiles(tool) ? 'file' : undefined;
}

const kindOfName = remembered((argument) => KINDS.get(wordsOf(argument).join('_')));
const onFiles = remembered((tool) => wordsOf(tool).some((word) => FILES.has(word)));
const onFolders = remembered((tool) => {
  const words = wordsOf(tool);
  return words.includes('directory') && !words.some((word) => word.startsWith('file'));
});

/** What is moved away is gone from there. */
const moves = remembered((tool) => /^(move|rename)$/.test(wordsOf(tool)[0] ?? ''));

/** The access that an action means for what an argument names. */
export function accessOf(
  action: Action | undefined,
  { kind, argument, tool }: { readonly [K in 'kind' | 'argument' | 'tool']: string },
): Access {
  if (kind === 'command' || kind === 'agent') return 'execute';
  if (kind === 'url' || kind === 'host') return 'network';
  if (argument === 'source' && action === 'write') return moves(tool) ? 'delete' : 'read';
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
