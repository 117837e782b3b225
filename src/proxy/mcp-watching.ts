/** Hands what passed between an MCP client and its server to the watcher, and its drafts on. */
import type { ExchangeEnd } from '../adapter/mcp/exchange.ts';
import type { Side } from '../adapter/mcp/message.ts';
import type { Decided, Passed, Request, Watch } from '../adapter/mcp/watch.ts';
import type { Draft } from '../event/event.ts';
import type { EventDraft } from '../sdk/line.ts';
import { safe } from '../sdk/safe.ts';

/** Bytes of one message that are read as JSON; a longer one is relayed and told as too long. */
export const MESSAGE_BYTES = 16 * 1024 * 1024;
/** Characters of a draft's arguments, result or record that are kept. */
const VALUE_CHARS = 512 * 1024;

export type Watching = {
  /** A message, or a batch, as the bytes that passed. Never throws. */
  readonly bytes: (from: Side, bytes: Uint8Array, exchange?: number) => void;
  /** A message too long to be kept: its first and last bytes. */
  readonly tooLong: (from: Side, message: TooLong) => void;
  readonly exchangeEnded: (end: ExchangeEnd) => void;
  /** One message that was read already; gives what was told of it. Never throws. */
  readonly message: (passed: Passed, size_bytes: number) => readonly Draft[];
  readonly opened: Watch['opened'];
  /** A request that is not passed on. */
  readonly refused: (request: Request, decision: Decided) => void;
  readonly end: () => void;
};

export type TooLong = {
  readonly head: Uint8Array;
  readonly tail?: Uint8Array | undefined;
  readonly size_bytes: number;
  readonly exchange?: number | undefined;
};

export type WatchingOptions = {
  readonly watch: Watch;
  readonly record: (draft: EventDraft) => unknown;
  readonly now: () => number;
  /** After each list of tools. */
  readonly listed?: (() => void) | undefined;
};

/** The relay goes on whatever happens here: a watcher that throws is recorded as a gap. */
export function openWatching({ watch, record, now, listed }: WatchingOptions): Watching {
  const put = (drafts: readonly Draft[], size_bytes: number) => {
    for (const draft of drafts) record(size_bytes > VALUE_CHARS ? cut(draft) : { ...draft });
    if (drafts.some(({ endpoint }) => endpoint === 'tools/list')) listed?.();
  };
  const guarded = (about: Guarded, look: () => readonly Draft[]) => {
    const { from, size_bytes } = about;
    try {
      put(look(), size_bytes);
    } catch {
      const gap = { from, reason: 'failed' as const, size_bytes };
      put(watch.unread(gap, now()), 0);
    }
  };
  return {
    bytes: (from, bytes, exchange) => {
      const size_bytes = bytes.length;
      guarded({ from, size_bytes }, () => {
        const message = parsed(bytes);
        if (message === undefined) return watch.unread(notJson(from, bytes), now());
        const adapted = watch.message({ from, message, exchange }, now());
        return 'drafts' in adapted ? adapted.drafts : [];
      });
    },
    tooLong: (from, { head, tail, size_bytes, exchange }) => {
      guarded({ from, size_bytes }, () => {
        const id = idIn(textOf(head), textOf(tail ?? new Uint8Array()));
        const about = { from, reason: 'too_long' as const, size_bytes, head: textOf(head) };
        return watch.unread({ ...about, id, exchange }, now());
      });
    },
    message: (passed, size_bytes) => {
      let drafts: readonly Draft[] = [];
      guarded({ from: passed.from, size_bytes }, () => {
        const adapted = watch.message(passed, now());
        drafts = 'drafts' in adapted ? adapted.drafts : [];
        return drafts;
      });
      return drafts;
    },
    opened: watch.opened,
    refused: (request, decision) => {
      guarded({ from: request.from, size_bytes: 0 }, () => watch.refused(request, decision, now()));
    },
    exchangeEnded: (end) => {
      guarded({ from: 'server', size_bytes: 0 }, () => watch.exchangeEnded(end, now()));
    },
    end: () => guarded({ from: 'server', size_bytes: 0 }, () => watch.end(now())),
  };
}

type Guarded = { readonly from: Side; readonly size_bytes: number };

const decoder = new TextDecoder();
const strict = new TextDecoder('utf-8', { fatal: true });

/** Invalid UTF-8 is read as most clients read it: with U+FFFD in its place. */
function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(bytes)) as unknown;
  } catch {
    return undefined;
  }
}

function notJson(from: Side, bytes: Uint8Array) {
  const head = textOf(bytes.subarray(0, VALUE_CHARS));
  const reason = isText(bytes) ? ('not_json' as const) : ('not_text' as const);
  return { from, reason, size_bytes: bytes.length, head };
}

function isText(bytes: Uint8Array): boolean {
  try {
    strict.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/**
 * The id of an answer whose middle nobody kept. Only a member of the outermost object can stand
 * directly before the last brace, or directly after the first one.
 */
function idIn(head: string, tail: string): unknown {
  const first = new RegExp(`^\\s*\\{${VERSION}?"id":${ID},${VERSION}?"result":`).exec(head);
  const begins = new RegExp(`^\\s*\\{${VERSION}?"result":`).test(head);
  const last = begins ? new RegExp(`,"id":${ID}\\}\\s*$`).exec(tail) : undefined;
  const found = first?.[1] ?? last?.[1];
  return found === undefined ? undefined : (JSON.parse(found) as unknown);
}

const ID = '(-?\\d{1,15}|"[^"\\\\]{0,200}")';
const VERSION = '(?:"jsonrpc":"2\\.0",)';

/** Large values with a note of what they lost; names and hashes stay whole. */
function cut(draft: Draft): EventDraft {
  const fields: Record<string, unknown> = { ...draft };
  for (const name of ['arguments', 'result', 'raw'] as const) {
    if (fields[name] !== undefined) fields[name] = safe(fields[name], VALUE_CHARS);
  }
  const attributes = Object.entries(draft.attributes ?? {}).map(([name, value]) => [
    name,
    safe(value, VALUE_CHARS / 4),
  ]);
  return { ...fields, attributes: Object.fromEntries(attributes) } as EventDraft;
}
