/** Claude Code's transcripts, as version 2.1.330 writes them: undocumented, so read with care. */
import type { Draft } from '../../event/event.ts';
import { isObject } from '../../event/name.ts';
import { PART_MARK } from '../../event/part.ts';
import { Fault } from '../../fault/fault.ts';
import type { Adapted } from '../adapter.ts';
import { RUNTIME } from '../claude-code/record.ts';
import { contained, fit, given, nameIn, textIn } from '../record.ts';
import { answers, asked } from './claude-code-call.ts';
import { blocksOf, type Row } from './claude-code-row.ts';
import { attached, costOf, noted, prompted, said } from './claude-code-turn.ts';
import {
  type Base,
  draftOf,
  type Fields,
  kept,
  type Moment,
  note,
  objectAt,
  objectIn,
  openTimes,
  raw,
  type Said,
} from './row.ts';
import type { Origin, Reader, Transcript } from './transcript.ts';

export const claudeCodeTranscript: Transcript = { format: 'claude-code', open };

/** What the rows of a type tell. */
const ROWS: ReadonlyMap<string, (row: Row) => readonly Said[]> = new Map([
  ['user', (row: Row) => [...prompted(row), ...answers(row)]],
  ['assistant', (row: Row) => [...said(row), ...asked(row), ...answers(row)]],
  ['attachment', attached],
  ['system', noted],
  ['summary', summed],
]);

const REQUEST = 'it describes a request whose messages are told by rows of their own';
const STATE = 'it keeps a state of the program';
const TITLE = 'it names the session';

/** Types of rows that add nothing, and why. */
const SILENT: ReadonlyMap<string, string> = new Map([
  ['queue-operation', 'a prompt in the queue is told where it is delivered'],
  ['last-prompt', 'it repeats the last prompt'],
  ['api-request', REQUEST],
  ['api-request-blob', REQUEST],
  ['api-request-shape', REQUEST],
  ['tools-used', 'it lists tools whose calls are told by rows of their own'],
  ['cost-state', 'it sums up what the messages say of their tokens'],
  ['progress', 'progress of a call whose end is told by a row of its own'],
  ['atis-latch', STATE],
  ['file-history-snapshot', STATE],
  ['custom-title', TITLE],
  ['ai-title', TITLE],
  ['agent-name', TITLE],
  ['agent-color', TITLE],
  ['tag', TITLE],
]);

const BASE = ['type', 'sessionId', 'agentId', 'timestamp', 'cwd', 'version', 'promptId'];
const USED = [...BASE, 'message', 'toolUseResult', 'attachment', 'content', 'summary'];

function open(origin: Origin): Reader {
  const times = openTimes(origin.from_ms);
  let session: string | undefined;
  let turn: string | undefined;
  let message: string | undefined;
  let begun = false;
  return (record, line): Adapted => {
    const fields = objectIn(record);
    const type = nameIn(fields, 'type') ?? '';
    const time = times(fields['timestamp']);
    session = nameIn(fields, 'sessionId') ?? session;
    turn = nameIn(fields, 'promptId') ?? turn;
    const silent = SILENT.get(type);
    if (silent !== undefined) return { skipped: silent };
    const id = nameIn(objectAt(fields, 'message'), 'id');
    const opens = id === undefined || id !== message;
    message = id ?? message;
    const agent = nameIn(fields, 'agentId');
    const row: Row = { fields, rest: restOf(fields), part: agent !== undefined, opens };
    const whole = session ?? sessionIn(origin, agent);
    const base = baseOf({ fields, whole, agent, time, line, turn, origin });
    const drafts = tell(row, ROWS.get(type) ?? unknown).map((one) => draftOf(base, one));
    if (drafts.length === 0) return { skipped: whyNot(row, type) };
    const begin = begun ? [] : beginning(origin, base);
    begun = true;
    return { drafts: [...begin, ...drafts] };
  };
}

/** What the row tells; its first fact keeps what stands in no field, and bears the tokens. */
function tell(row: Row, telling: (row: Row) => readonly Said[]): readonly Said[] {
  const [first, ...others] = telling(row);
  if (first === undefined) return [];
  return [{ ...raw(row.rest), ...costOf(row), ...first }, ...others];
}

function restOf(fields: Fields): Fields {
  const message = kept(objectAt(fields, 'message'), ['content', 'role', 'type']);
  const left = kept(fields, USED);
  return Object.keys(message).length === 0 ? left : { ...left, message };
}

type Basis = {
  readonly fields: Fields;
  readonly whole: string;
  readonly agent: string | undefined;
  readonly time: Moment;
  readonly line: number;
  readonly turn: string | undefined;
  readonly origin: Origin;
};

function baseOf({ fields, whole, agent, time, line, turn, origin }: Basis): Base {
  const version = given('version', nameIn(fields, 'version'));
  const name = nameIn(fields, 'attributionAgent') ?? agentType(origin);
  const named = agent === undefined ? {} : { id: agent, ...given('name', name) };
  return {
    scheme: 'claude-code/transcript/v1',
    key: nameIn(fields, 'uuid') ?? nameIn(fields, 'leafUuid') ?? `line ${line}`,
    session_id: agent === undefined ? whole : fit(`${whole}${PART_MARK}${agent}`),
    time,
    facts: {
      ...(agent === undefined ? {} : { parent_session_id: whole }),
      ...given('turn_id', turn),
      agent: { runtime: RUNTIME, ...named, ...version },
      source: { kind: 'transcript', runtime: RUNTIME, ...version },
      attributes: given('cwd', textIn(fields, 'cwd')),
    },
  };
}

/** A file is called by its session; a sub-agent's names its session in each row. */
function sessionIn({ stem }: Origin, agent: string | undefined): string {
  if (agent === undefined && stem !== '' && !stem.startsWith('agent-')) return fit(stem);
  throw new Fault('event.invalid', 'The row names no session.', { field: 'sessionId' });
}

/** What `agent-*.meta.json` says of a sub-agent, as the beginning of its session. */
function beginning(origin: Origin, base: Base): readonly Draft[] {
  const { beside } = origin;
  if (base.facts.parent_session_id === undefined || !isObject(beside)) return [];
  const words = [agentType(origin), textIn(beside, 'description')].filter((word) => word);
  const detail = `A sub-agent starts (${words.join(': ')}).`;
  return [
    draftOf(
      { ...base, key: 'start' },
      { ...note(detail), operation: 'start', raw: contained(beside) },
    ),
  ];
}

function agentType({ beside }: Origin): string | undefined {
  return isObject(beside) ? nameIn(beside, 'agentType') : undefined;
}

/** A summary has neither time nor session of its own: it heads the file. */
function summed({ fields }: Row): readonly Said[] {
  return [note('The conversation was summed up.', given('content', textIn(fields, 'summary')))];
}

/** A row of a later version: what it means is not known, so it is kept whole. */
function unknown({ fields }: Row): readonly Said[] {
  const type = nameIn(fields, 'type') ?? '(none)';
  const detail = `A row that this version of Claw does not know (${type}).`;
  return [{ ...note(detail), ...raw(kept(fields, BASE)) }];
}

function whyNot(row: Row, type: string): string {
  if (row.fields['isMeta'] === true) return 'words of the runtime to the model (isMeta)';
  if (type === 'attachment') {
    const kind = nameIn(objectAt(row.fields, 'attachment'), 'type') ?? '';
    if (kind.startsWith('hook_')) return 'a hook ran and changed nothing';
    return 'context that the runtime gave the model';
  }
  if (type === 'system') return "the runtime's note on its own hooks";
  const hidden = blocksOf(row, (kind) => kind.endsWith('thinking')).length > 0;
  return hidden ? 'reasoning whose text the model keeps to itself' : 'neither words nor calls';
}
