import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import type { Side } from '../../src/adapter/mcp/message.ts';
import type { Event } from '../../src/event/event.ts';
import { type Conversation, converse } from './mcp-rig.ts';
import { readLines, rowsOf } from './replay.ts';

const CAPTURES = new URL('../../../shared/captures/mcp/', import.meta.url);
const GOLDEN = new URL('golden/mcp.json', import.meta.url);
const files = existsSync(CAPTURES) ? readdirSync(CAPTURES).sort() : [];
const skip = files.length > 0 ? false : '../shared/captures is not here';

/** A line of a tee: of stdio a message, of HTTP a part of an exchange. */
type Line = {
  readonly id?: number;
  readonly dir: string;
  readonly msg?: unknown;
  readonly status?: number;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

type Told = { readonly said: readonly string[]; readonly events: readonly Event[] };

suite('the captured wires', { skip }, () => {
  test('become the golden file, a sentence for every line (UPDATE=1 rewrites it)', () => {
    const told = Object.fromEntries(files.map((file) => [file, play(file).said]));
    const text = `${JSON.stringify(told, null, 1)}\n`;
    if (process.env['UPDATE']) writeFileSync(GOLDEN, text);
    assert.deepEqual(told, JSON.parse(readFileSync(GOLDEN, 'utf8')));
  });

  test('every message is an event or says why not, and no id comes twice', () => {
    for (const file of files) {
      const { said, events } = play(file);
      assert.equal(said.filter((line) => line.endsWith('→ ')).length, 0, file);
      assert.equal(new Set(events.map(({ id }) => id)).size, events.length, file);
      assert.equal(events.filter(({ type }) => type === 'gap').length, 0, file);
    }
  });

  test('calls are told under the ids of the model and in the session of the runtime', () => {
    const codex = calls('client-codex.jsonl');
    assert.equal(codex[0]?.call_id, 'call_fbbccc99ecaece233d');
    assert.equal(codex[0]?.session_id, '01a1ffa1-8163-71a3-99cf-f3ceba33ffd8');
    assert.equal(codex[0]?.turn_id, '01a1ffa1-81a9-7c82-8a12-2f13cb4d87e9');
    assert.deepEqual(codex[0]?.agent, { runtime: 'codex', version: '0.169.0' });
    const claude = calls('client-claude-code.jsonl');
    const ids = claude.map(({ call_id }) => call_id);
    assert.deepEqual(ids, ['toolu_df422623aa7d94f4cf', 'toolu_b1a9ccf21a4931a88a']);
    assert.ok(claude.every(({ status }) => status === 'success'));
    assert.equal(claude[1]?.attributes?.['progress']?.valueOf().constructor, Object);
    assert.equal(calls('client-gemini.jsonl')[0]?.agent?.runtime, 'gemini');
  });

  test('a call that asks a person first is one call of two rounds, and its approval', () => {
    const rows = rowsOf(play('v2-http-modern.jsonl').events);
    const deletion = rows.filter(({ tool }) => tool === 'mcp__modern-demo__delete_record');
    assert.deepEqual(
      deletion.map(({ type, status }) => [type, status]),
      [
        ['tool_call', 'success'],
        ['approval', 'success'],
      ],
    );
    const [call, approval] = deletion;
    assert.equal(approval?.attributes?.['mcp_call'], call?.call_id);
    assert.deepEqual(approval?.decision, { outcome: 'permit', reason: 'accept' });
    assert.equal(approval?.detail, 'Delete 42?');
  });

  test('a cancelled call is an error, and one that nobody answered is unknown', () => {
    const stdio = calls('v1-stdio-everything.jsonl').at(-1);
    assert.equal(stdio?.status, 'error');
    assert.equal(stdio?.error?.code, 'cancelled');
    assert.equal(calls('v1-http-everything.jsonl').at(-1)?.status, 'unknown');
  });
});

function calls(file: string): readonly Event[] {
  return rowsOf(play(file).events).filter(({ type }) => type === 'tool_call');
}

/** As the proxies do: one watcher for stdio, one for each `Mcp-Session-Id`, one for the rest. */
function play(file: string): Told {
  const lines = readLines(new URL(file, CAPTURES)) as readonly Line[];
  const talks = new Map<string, Conversation>();
  const talk = (session: string) => {
    const scoped = lines[0]?.id !== undefined && session === '';
    const nonce = `n${talks.size}`;
    const made = { server: undefined, nonce, scoped, sessionOf: () => `s-${nonce}` };
    const found = talks.get(session) ?? converse(made);
    talks.set(session, found);
    return found;
  };
  const sessions = new Map(
    lines.flatMap(({ id, headers }) => {
      const session = headers?.['mcp-session-id'];
      return session === undefined ? [] : [[id, session] as const];
    }),
  );
  const statuses = new Map<number | undefined, number | undefined>();
  const said = lines.map((line) => {
    if (line.status !== undefined) statuses.set(line.id, line.status);
    const status = statuses.get(line.id);
    return `${what(line)} → ${tell(talk(sessions.get(line.id) ?? ''), line, status)}`;
  });
  const ends = [...talks.values()].flatMap((one) => one.end());
  said.push(...ends.map((event) => `end → ${sentence(event)}`));
  return { said, events: [...talks.values()].flatMap(({ events }) => events) };
}

function tell(talk: Conversation, line: Line, status: number | undefined): string {
  const { id, dir, msg } = line;
  if (dir === 'response-end' || dir === 'client-closed') {
    const by = dir === 'client-closed' ? ('client' as const) : undefined;
    const end = { exchange: id ?? 0, by, status_code: status };
    const drafts = talk.take(talk.watch.exchangeEnded(end, talk.now()));
    return drafts.map(sentence).join(' + ') || 'nothing was left open';
  }
  if (msg === undefined) return 'no message';
  const before = talk.skipped.length;
  const side = sideOf(dir);
  const events = side === 'client' ? talk.client(msg, id) : talk.server(msg, id);
  return [...events.map(sentence), ...talk.skipped.slice(before)].join(' + ');
}

function sideOf(dir: string): Side {
  return dir === 'client->server' || dir === 'request' ? 'client' : 'server';
}

function what({ id, dir, msg, method }: Line): string {
  const message = (msg ?? {}) as { method?: string; id?: unknown };
  const named = message.method ?? (message.id === undefined ? (method ?? '') : 'answer');
  const number = message.id === undefined ? '' : JSON.stringify(message.id);
  return [id, dir, named, number].filter((part) => part !== undefined && part !== '').join(' ');
}

function sentence(event: Event): string {
  const { type, status, tool, endpoint, call_id, session_id, error, decision } = event;
  const names = [type, tool ?? endpoint, status, error?.code, decision?.outcome];
  const tools = event.attributes?.['tools'];
  const list = Array.isArray(tools) ? `${tools.length} tools` : undefined;
  return [...names, list, `(${session_id} ${call_id})`]
    .filter((part) => part !== undefined)
    .join(' ');
}
