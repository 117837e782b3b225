/** What policies may read of the circumstances of a call: the same for all that it touches. */
import { type Attributes, text } from './attribute.ts';
import { type Danger, dangersOf, dropsData } from './danger.ts';
import { commandsOf, programOf } from './line.ts';
import type { PolicyRequest } from './policy.ts';
import { isSecretFile } from './secret.ts';
import { pathOf, siteOf } from './target.ts';

/** A request, and what was found out of it so far. */
export type Circumstance = {
  readonly request: PolicyRequest;
  /** In which the clock of this policy is read. */
  readonly zone: string;
  readonly clock: () => Clock;
  readonly dangers: () => readonly Danger[];
  readonly programs: () => readonly string[];
  readonly hosts: () => readonly string[];
};

const CALL: Attributes<Circumstance> = {
  tool: { type: 'String', about: "The tool's name.", of: ({ request }) => text(request.tool) },
  action: {
    type: 'String',
    about: 'The action of the call, also where a resource of it is asked about.',
    of: ({ request }) => request.action,
  },
  input: {
    type: 'String',
    about: 'The arguments as JSON text, cut at 8192 characters.',
    of: ({ request }) => text(request.context.input),
  },
  input_cut: {
    type: 'Bool',
    about: 'Whether that cut something off.',
    of: ({ request }) => request.context.input_cut === true,
  },
  environment: {
    type: 'String',
    about: 'From the credential or the agent: `production`.',
    of: ({ request }) => text(request.context.environment),
  },
  channel: {
    type: 'String',
    about: 'The channel that the agent was spoken to on.',
    of: ({ request }) => text(request.context.channel),
  },
  user: {
    type: 'String',
    about: 'The id of the user.',
    of: ({ request }) => text(request.principal.user_id),
  },
  session_id: {
    type: 'String',
    about: 'The session.',
    of: ({ request }) => text(request.context.session_id),
  },
  task_id: {
    type: 'String',
    about: 'The declared task; "" without one.',
    of: ({ request }) => text(request.context.task_id),
  },
  cwd: {
    type: 'String',
    about: 'The working folder.',
    of: ({ request }) => (request.context.cwd === undefined ? '' : pathOf(request.context.cwd)),
  },
};

const CLOCK: Attributes<Circumstance> = {
  at: {
    type: 'datetime',
    about: 'When it was asked.',
    of: ({ request }) => ({ __extn: { fn: 'datetime', arg: request.context.at } }),
  },
  hour: { type: 'Long', about: 'From 0 to 23, in the zone.', of: ({ clock }) => clock().hour },
  minute: { type: 'Long', about: 'From 0 to 59.', of: ({ clock }) => clock().minute },
  weekday: {
    type: 'Long',
    about: 'From 1, Monday, to 7, Sunday, in the zone.',
    of: ({ clock }) => clock().weekday,
  },
};

const NATURE: Attributes<Circumstance> = {
  holds_secret: {
    type: 'Bool',
    about: 'Whether the arguments hold what looks like a key or a token.',
    of: ({ request }) => request.context.holds_secret,
  },
  secret_file: {
    type: 'Bool',
    about: 'Whether a file that usually holds secrets is among its resources.',
    of: ({ request }) => request.resources.some(isSecret),
  },
  leaves: {
    type: 'Bool',
    about: 'Whether anything may leave this machine: network, messages.',
    of: ({ request: { action, resources } }) =>
      action === 'network' ||
      action === 'communicate' ||
      resources.some(({ access }) => access === 'network'),
  },
  uncertain: {
    type: 'Bool',
    about: 'Whether its action is a guess, or a command could not be followed to the end.',
    of: ({ request }) => request.context.uncertain,
  },
  destructive: {
    type: 'Bool',
    about: 'Whether there is any danger.',
    of: ({ dangers }) => dangers().length > 0,
  },
  dangers: {
    type: 'Set<String>',
    about: 'What of it cannot be taken back: see below.',
    of: ({ dangers }) => [...dangers()],
  },
  programs: {
    type: 'Set<String>',
    about: 'The programs of its commands, without their folders, 64 at most.',
    of: ({ programs }) => [...programs()],
  },
  hosts: {
    type: 'Set<String>',
    about: 'The hosts that it reaches, in lower case, without ports.',
    of: ({ hosts }) => [...hosts()],
  },
};

export const CONTEXT: Attributes<Circumstance> = { ...CALL, ...CLOCK, ...NATURE };

const PROGRAMS = 64;

export function circumstanceOf(request: PolicyRequest, zone: string): Circumstance {
  return {
    request,
    zone,
    clock: once(() => clockOf(request.context.at, zone)),
    dangers: once(() => dangersIn(request)),
    programs: once(() => {
      const commands = linesOf(request).flatMap((line) => commandsOf(line));
      return [...new Set(commands.map((one) => text(programOf(one))))].slice(0, PROGRAMS);
    }),
    hosts: once(() => {
      const reached = request.resources.filter(({ kind }) => kind === 'url' || kind === 'host');
      return [...new Set(reached.map((one) => siteOf(one).host))].filter((host) => host !== '');
    }),
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function isSecret({ kind, id }: { readonly kind: string; readonly id: string }): boolean {
  return kind === 'file' && isSecretFile(pathOf(id));
}

function linesOf({ resources }: PolicyRequest): string[] {
  return resources.filter(({ kind }) => kind === 'command').map(({ id }) => id);
}

/** Of its commands; of SQL, where a tool that runs no command is given it and writes no file. */
function dangersIn(request: PolicyRequest): Danger[] {
  const lines = linesOf(request);
  const found = new Set(lines.flatMap((line) => [...dangersOf(line, commandsOf(line))]));
  const writes = request.resources.some(({ kind }) => kind === 'file');
  if (lines.length === 0 && !writes && !TALK.has(request.action)) {
    if (dropsData(request.context.input)) found.add('drop_data');
  }
  return [...found].sort();
}

/** What is only read, said or thought runs nothing. */
const TALK: ReadonlySet<string> = new Set(['read', 'communicate', 'delegate', 'plan', 'none']);

type Clock = { readonly hour: number; readonly minute: number; readonly weekday: number };

/** A zone as in `@zone("Asia/Tokyo")`; throws a RangeError for none that is known. */
export function zoneFormat(zone: string): Intl.DateTimeFormat {
  const held = FORMATS.get(zone);
  if (held) return held;
  const made = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hourCycle: 'h23',
    hour: 'numeric',
    minute: 'numeric',
    weekday: 'short',
  });
  if (FORMATS.size < ZONES) FORMATS.set(zone, made);
  return made;
}

const ZONES = 64;
const FORMATS = new Map<string, Intl.DateTimeFormat>();
const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

function clockOf(at: string, zone: string): Clock {
  const time = new Date(at);
  if (zone === 'UTC') {
    return {
      hour: time.getUTCHours(),
      minute: time.getUTCMinutes(),
      weekday: time.getUTCDay() || 7,
    };
  }
  const parts = new Map(
    zoneFormat(zone)
      .formatToParts(time)
      .map((one) => [one.type, one.value]),
  );
  return {
    hour: Number(parts.get('hour')),
    minute: Number(parts.get('minute')),
    weekday: WEEKDAYS.indexOf(parts.get('weekday') ?? '') + 1,
  };
}
