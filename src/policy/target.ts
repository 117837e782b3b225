/** What policies may read of a resource, by its type. */
import { posix } from 'node:path';
import { type Attributes, text } from './attribute.ts';
import { commandsOf, programOf } from './line.ts';
import { isSecretFile } from './secret.ts';

/** What is acted on, as the event names it. */
export type Target = { readonly kind: string; readonly id: string };

export type TargetType = {
  /** The event's kind of resource; without it, every kind that has no type of its own. */
  readonly kind?: string;
  readonly about: string;
  readonly attributes: Attributes<Target>;
};

const COMMON: Attributes<Target> = {
  kind: { type: 'String', about: 'Its kind, as the event says it.', of: ({ kind }) => text(kind) },
  id: { type: 'String', about: 'Its id, as the event says it.', of: ({ id }) => text(id) },
};

const PATH: Attributes<Target> = {
  ...COMMON,
  path: {
    type: 'String',
    about: 'The path, without `.` and `..`, with `/` also for drives; `~` stays.',
    of: ({ id }) => pathOf(id),
  },
  name: {
    type: 'String',
    about: 'The last part of the path.',
    of: ({ id }) => posix.basename(pathOf(id)),
  },
  extension: {
    type: 'String',
    about: 'In lower case, without the dot: `ts`.',
    of: ({ id }) => posix.extname(pathOf(id)).slice(1).toLowerCase(),
  },
  secret: {
    type: 'Bool',
    about: 'Whether such a file usually holds keys or passwords: `.env`, `~/.ssh/id_*`, `*.pem`.',
    of: ({ id }) => isSecretFile(pathOf(id)),
  },
};

const HOST: Attributes<Target> = {
  ...COMMON,
  host: { type: 'String', about: 'In lower case, without the port.', of: (it) => siteOf(it).host },
  port: {
    type: 'Long',
    about: "As written, else the scheme's own, else 0.",
    of: (it) => siteOf(it).port,
  },
  local: {
    type: 'Bool',
    about: 'Whether it is this machine: localhost, 127.0.0.0/8, ::1.',
    of: (it) => isLocal(siteOf(it).host),
  },
};

/** Every type of resource in the order of the reference. */
export const TARGETS = {
  File: { kind: 'file', about: 'A file.', attributes: PATH },
  Directory: { kind: 'directory', about: 'A folder, or all below it.', attributes: PATH },
  Url: {
    kind: 'url',
    about: 'A URL. Its host is asked about as well, as a `Host`.',
    attributes: {
      ...HOST,
      scheme: { type: 'String', about: '`https`, in lower case.', of: (it) => siteOf(it).scheme },
      path: { type: 'String', about: 'Without query and fragment.', of: (it) => siteOf(it).path },
    },
  },
  Host: { kind: 'host', about: 'A host that is reached.', attributes: HOST },
  Command: {
    kind: 'command',
    about: 'A command line, or one inside of another.',
    attributes: {
      ...COMMON,
      line: { type: 'String', about: 'The whole line.', of: ({ id }) => text(id) },
      program: {
        type: 'String',
        about: "The first program's name, without its folder: `git`.",
        of: ({ id }) => text(programOf(commandsOf(id)[0])),
      },
      words: {
        type: 'Set<String>',
        about: 'Its words without their quotes, 256 at most.',
        of: ({ id }) => wordsOf(id),
      },
    },
  },
  Process: { kind: 'process', about: 'A running process.', attributes: COMMON },
  Tool: {
    kind: 'tool',
    about: 'The tool itself: every call is asked about once as this.',
    attributes: {
      ...COMMON,
      name: { type: 'String', about: 'Its name.', of: ({ id }) => text(id) },
      server: {
        type: 'String',
        about: 'Its MCP server, where its name tells: `mcp__SERVER__TOOL`.',
        of: ({ id }) => text(/^mcp__(.{1,200}?)__/.exec(id)?.[1]),
      },
    },
  },
  Subagent: { kind: 'agent', about: 'An agent that is handed work.', attributes: COMMON },
  McpServer: { kind: 'mcp_server', about: 'An MCP server.', attributes: COMMON },
  Other: { about: 'Every other kind: packages, git remotes, people.', attributes: COMMON },
} as const satisfies Readonly<Record<string, TargetType>>;

export type TargetName = keyof typeof TARGETS;

export function targetName(kind: string): TargetName {
  return BY_KIND.get(kind) ?? 'Other';
}

const BY_KIND: ReadonlyMap<string, TargetName> = new Map(
  Object.entries(TARGETS).flatMap(([name, type]) =>
    'kind' in type ? [[type.kind, name as TargetName] as const] : [],
  ),
);

/** Without `.` and `..`, so that no detour gets around a policy. */
export function pathOf(id: string): string {
  const path = text(id);
  const slashed = /^[A-Za-z]:\\|^\\\\/.test(path) ? path.replaceAll('\\', '/') : path;
  return posix.normalize(slashed);
}

type Site = {
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
  readonly path: string;
};

const PORTS: Readonly<Record<string, number>> = {
  http: 80,
  https: 443,
  ws: 80,
  wss: 443,
  ftp: 21,
  ssh: 22,
};

/** Of a URL, or of a host with or without a port. */
export function siteOf({ kind, id }: Target): Site {
  const whole = kind === 'url' ? id : `host://${id}`;
  if (!URL.canParse(whole)) return { scheme: '', host: '', port: 0, path: '' };
  const url = new URL(whole);
  const scheme = kind === 'url' ? url.protocol.slice(0, -1) : '';
  const own = Object.hasOwn(PORTS, scheme) ? PORTS[scheme] : undefined;
  return {
    scheme,
    host: text(url.hostname.toLowerCase().replace(/^\[|\]$|\.$/g, '')),
    port: url.port === '' ? (own ?? 0) : Number(url.port),
    path: text(url.pathname),
  };
}

function isLocal(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

const WORDS = 256;

function wordsOf(line: string): string[] {
  const words = new Set(commandsOf(line).flatMap((command) => command.words));
  return [...words].slice(0, WORDS).map(text);
}
