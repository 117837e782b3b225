/** The tools that generated agents call: what goes in, what it touches, what comes out. */
import { pick, type Random, zipf } from './random.ts';
import { japanese, sentence, word } from './text.ts';

export type Writer = {
  readonly random: Random;
  readonly language: 'english' | 'japanese';
};

export type Resource = {
  readonly kind: string;
  readonly id: string;
  readonly access: string;
};

export type Use = {
  readonly tool: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly resources?: readonly Resource[];
};

type Make = (writer: Writer) => Omit<Use, 'tool'>;

/** Prose of about this many words, in the writer's language. */
export function prose({ random, language }: Writer, count: number): string {
  const length = Math.max(1, Math.floor(count));
  return language === 'japanese' ? japanese(length, random) : sentence(length, random);
}

export function useTool(writer: Writer): Use {
  const [tool, make] = TOOLS[zipf(TOOLS.length, writer.random)] as (typeof TOOLS)[number];
  return { tool, ...make(writer) };
}

export function filePath(random: Random): string {
  const kind = pick(['ts', 'md', 'py', 'json', 'pem', 'go', 'sql'], random);
  return `/srv/${word(random)}-${zipf(400, random)}/src/${word(random)}/${word(random)}.${kind}`;
}

export function host(random: Random): string {
  return `${word(random)}.${pick(['example.com', 'example.net', 'shop.example'], random)}`;
}

export function hex(digits: number, random: Random): string {
  let text = '';
  while (text.length < digits) text += Math.floor(random() * 0x10000000).toString(16);
  return text.slice(0, digits);
}

const file =
  (access: string, field = 'file_path', words = 0): Make =>
  (writer) => {
    const path = filePath(writer.random);
    const content = words > 0 ? { content: prose(writer, words * 2 * writer.random()) } : {};
    return {
      arguments: { [field]: path, ...content },
      resources: [{ kind: 'file', id: path, access }],
    };
  };

const shell: Make = (writer) => {
  const { random } = writer;
  const program = pick(['git log --stat', 'npm test --', 'ls -la', 'curl -sS', 'grep -rn'], random);
  const command = `${program} ${sentence(2 + random() * 6, random)} ${filePath(random)}`;
  return {
    arguments: { command, description: prose(writer, 4 + random() * 6), timeout: 120_000 },
    resources: [{ kind: 'command', id: command, access: 'execute' }],
  };
};

const fetchPage: Make = (writer) => {
  const url = `https://${host(writer.random)}/${word(writer.random)}/${word(writer.random)}`;
  return {
    arguments: { url, prompt: prose(writer, 12) },
    resources: [{ kind: 'url', id: url, access: 'network' }],
  };
};

const email: Make = (writer) => ({
  arguments: {
    to: `${word(writer.random)}@${host(writer.random)}`,
    subject: prose(writer, 6),
    body: prose(writer, 20 + writer.random() * 80),
  },
});

const lookUp: Make = (writer) => ({
  arguments: { order_id: `ORD-${Math.floor(writer.random() * 1e6)}`, note: prose(writer, 5) },
});

const query: Make = (writer) => {
  const table = word(writer.random);
  return {
    arguments: { sql: `SELECT ${sentence(3, writer.random).replaceAll(' ', ', ')} FROM ${table}` },
    resources: [{ kind: 'other', id: `table:${table}`, access: 'read' }],
  };
};

const search: Make = ({ random }) => ({
  arguments: { pattern: sentence(1 + random() * 2, random), path: filePath(random) },
});

/** The most used first. */
const TOOLS: readonly (readonly [string, Make])[] = [
  ['Bash', shell],
  ['Read', file('read')],
  ['Edit', file('write', 'file_path', 40)],
  ['Grep', search],
  ['Write', file('write', 'file_path', 120)],
  ['WebFetch', fetchPage],
  ['Glob', search],
  ['send_email', email],
  ['get_order', lookUp],
  ['query_database', query],
  ['mcp__github__create_issue', email],
  ['update_order', lookUp],
  ['NotebookEdit', file('write', 'notebook_path', 60)],
  ['WebSearch', search],
  ['mcp__drive__read_file', file('read', 'path')],
  ['delete_file', file('delete', 'path')],
];
