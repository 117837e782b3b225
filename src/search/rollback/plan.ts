/** Plans how to undo what was recorded, the newest first; what no plan can is for people. */
import type { Event } from '../../event/event.ts';
import { type Chain, followFiles, type Origin } from './chain.ts';
import type { Change } from './change.ts';
import { type Content, type Image, isDamaged } from './image.ts';
import { leftOf, type Reason } from './left.ts';
import { changesFiles, changesOf } from './record.ts';

/** A call of the scope: its row with whole content, and its place in the trail. */
export type Deed = Event & {
  /** Index of its first fact in the tenant's tree. */
  readonly index: number;
  readonly facts?: readonly { readonly index: number; readonly status?: Event['status'] }[];
};

/** What a file must hold for its step to be taken. */
export type Expected = 'absent' | { readonly sha256: string; readonly bytes: number };

export type Step = {
  /** From 1, in the order in which they are to be taken. */
  readonly n: number;
  /** `compensate` is what a client makes of `manual`, where the user registered how. */
  readonly kind: 'restore' | 'delete' | 'create' | 'compensate' | 'manual';
  readonly path?: string;
  readonly tool: string;
  readonly event_id: string;
  readonly session_id: string;
  readonly call_id?: string;
  /** Calls that this step undoes at once. */
  readonly calls: number;
  readonly expect?: Expected;
  /** What the file held before: its hash, and its content as `encoding` says. */
  readonly to?: { readonly sha256: string; readonly bytes: number };
  readonly content?: string;
  readonly encoding?: 'utf8' | 'base64';
  /** Permission bits of a file that is made again. */
  readonly mode?: number;
  /** Whether what the file held is known to the byte: runtimes tell text, with plain line ends. */
  readonly exact?: boolean;
  /** Why it is for a person. */
  readonly reason?: Reason;
  /** What was done, in a few words of its record: hostile. */
  readonly what?: string;
  /** What a registered compensation gets. */
  readonly call?: { readonly arguments: unknown; readonly result?: unknown };
};

/** The steps without what files held: what is recorded of a plan, and compared with a later one. */
export function outlineOf(steps: readonly Step[]): readonly Outline[] {
  return steps.map(({ content: _c, encoding: _e, call: _a, what: _w, ...outline }) => outline);
}

export type Outline = Omit<Step, 'content' | 'encoding' | 'call' | 'what'>;

export type Sources = {
  /** Calls to be undone, in any order. */
  readonly deeds: readonly Deed[];
  /** Paths that were read before the first deed changed them: they were there. */
  readonly existed: ReadonlySet<string>;
  /** Sessions whose sub-agents' calls are among the deeds. */
  readonly started?: ReadonlySet<string>;
};

/** Bytes of content that one plan holds; what is beyond is undone call by call. */
const CONTENT_BYTES = 25_165_824;
/** Characters (JSON) of arguments and results that a step repeats for a compensation. */
const CALL_CHARS = 262_144;

export function planRollback({ deeds, existed, started }: Sources): readonly Step[] {
  const ordered = deeds.toSorted((a, b) => endOf(a) - endOf(b) || a.index - b.index);
  const changes: (readonly [Origin, Change])[] = [];
  const left: Placed[] = [];
  for (const [at, deed] of ordered.entries()) {
    const origin = originOf(deed, at);
    const found = wrote(deed) ? changesOf(deed) : [];
    for (const change of found) changes.push([origin, change]);
    const reason = found.length > 0 ? undefined : leftOf(deed, changesFiles(deed.tool));
    const told = SUB_AGENTS.has(deed.tool) && started?.has(deed.session_id);
    if (reason !== undefined && !told) left.push({ at, step: leftStep(origin, deed, reason) });
  }
  const budget = { left: CONTENT_BYTES };
  const files = [...followFiles(changes).values()]
    .toSorted((a, b) => b.last.at - a.last.at)
    .flatMap((chain): Placed[] => {
      const step = fileStep(chain, { existed, budget });
      return step === undefined ? [] : [{ at: chain.last.at, step }];
    });
  return [...files, ...left]
    .toSorted((a, b) => b.at - a.at)
    .map(({ step }, i) => ({ n: i + 1, ...step }));
}

/** Tools whose agents are parts of the session: their calls are in the plan themselves. */
const SUB_AGENTS: ReadonlySet<string | undefined> = new Set(['Agent', 'Task']);

type Unnumbered = Omit<Step, 'n'>;
type Placed = { readonly at: number; readonly step: Unnumbered };

/** When its end was recorded: calls that ran side by side ended in the order of their effects. */
function endOf({ facts = [], index }: Deed): number {
  const ends = facts.filter(({ status }) => status !== 'pending' && status !== 'escalated');
  return Math.min(...(ends.length > 0 ? ends : [{ index }]).map((fact) => fact.index));
}

/** Only what was seen to succeed is taken as done. */
function wrote({ status }: Deed): boolean {
  return status === 'success';
}

function originOf({ id, call_id, session_id, tool = '', operation }: Deed, at: number): Origin {
  return { event_id: id, call_id, session_id, tool: tool || (operation ?? ''), at };
}

function stepOf({ event_id, session_id, call_id, tool }: Origin) {
  return { tool, event_id, session_id, ...(call_id === undefined ? {} : { call_id }) };
}

function leftStep(origin: Origin, deed: Deed, { reason, what }: ReturnType<typeof leftOf> & {}) {
  const call = { arguments: deed.arguments, ...bounded({ result: deed.result }) };
  return {
    kind: 'manual' as const,
    ...stepOf(origin),
    calls: 1,
    reason,
    ...(what === undefined ? {} : { what }),
    ...(deed.path === undefined ? {} : { path: deed.path }),
    ...(fitsIn(deed.arguments) ? { call } : {}),
  };
}

function bounded(value: { readonly result: unknown }) {
  return value.result !== undefined && fitsIn(value.result) ? value : {};
}

function fitsIn(value: unknown): boolean {
  return (JSON.stringify(value) ?? '').length <= CALL_CHARS;
}

type Filing = Pick<Sources, 'existed'> & { readonly budget: { left: number } };

function fileStep(chain: Chain, { existed, budget }: Filing): Unnumbered | undefined {
  const { path, last, changes, broken } = chain;
  const base = { path, ...stepOf(broken ?? last), calls: changes };
  const manual = (reason: Reason) => ({ kind: 'manual' as const, ...base, reason });
  const before = decided(chain.before, existed.has(path));
  const after = decided(chain.after, true);
  if (broken !== undefined) return manual('chain_broken');
  if (before === undefined) return manual('no_preimage');
  if (after === undefined) return manual('unknown_left');
  if (isSame(before, after)) return undefined;
  const expect = expected(after);
  if (before.kind !== 'content') return { kind: 'delete', ...base, expect, exact: before.exact };
  if (isDamaged(before)) return manual('not_text');
  if (before.data === undefined) return manual('no_content');
  if (before.data.length > budget.left) return manual('too_large');
  budget.left -= before.data.length;
  return {
    kind: expect === 'absent' ? 'create' : 'restore',
    ...base,
    expect,
    to: { sha256: before.sha256, bytes: before.bytes },
    ...contentOf(before),
    ...(before.mode === undefined ? {} : { mode: before.mode }),
    exact: before.exact,
  };
}

type Decided = { readonly kind: 'absent'; readonly exact: boolean } | Content;

/** An empty file and none are told apart by whether it was read before. */
function decided(image: Image | undefined, isThere: boolean): Decided | undefined {
  if (image === undefined || image.kind === 'content') return image;
  if (image.kind === 'absent') return { kind: 'absent', exact: true };
  if (!isThere) return { kind: 'absent', exact: false };
  return { kind: 'content', sha256: EMPTY, bytes: 0, data: Buffer.alloc(0), text: '', exact: true };
}

const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

function isSame(one: Decided, other: Decided): boolean {
  if (one.kind !== 'content' || other.kind !== 'content') return one.kind === other.kind;
  return one.sha256 === other.sha256;
}

function expected(image: Decided): Expected {
  return image.kind === 'absent' ? 'absent' : { sha256: image.sha256, bytes: image.bytes };
}

/** As text where it is text, so that a person can read it in the plan. */
function contentOf({ data = Buffer.alloc(0) }: Content): Pick<Step, 'content' | 'encoding'> {
  const text = data.toString();
  if (Buffer.from(text).equals(data)) return { content: text, encoding: 'utf8' };
  return { content: data.toString('base64'), encoding: 'base64' };
}
