/** Names every way to fail, who must act, and what a program sees: HTTP status and exit code. */

/** Who must act: the caller's input, the operator's machine, the evidence itself, or we (a bug). */
export type Blame = 'caller' | 'operator' | 'evidence' | 'internal';

/** Every code: who is to blame and, for HTTP, which status says so. */
export const CODES = {
  'event.invalid': { blame: 'caller', status: 422 },
  'event.too_large': { blame: 'caller', status: 413 },
  'event.tenant_foreign': { blame: 'caller', status: 403 },
  'event.reserved': { blame: 'caller', status: 403 },
  'event.not_found': { blame: 'caller', status: 404 },
  'event.erased': { blame: 'evidence', status: 410 },
  'session.not_found': { blame: 'caller', status: 404 },
  'batch.invalid': { blame: 'caller', status: 400 },
  'batch.too_large': { blame: 'caller', status: 413 },
  'queue.full': { blame: 'operator', status: 429 },
  'query.invalid': { blame: 'caller', status: 400 },
  'query.timeout': { blame: 'caller', status: 504 },
  'request.invalid': { blame: 'caller', status: 400 },
  'request.unauthorised': { blame: 'caller', status: 401 },
  'request.forbidden': { blame: 'caller', status: 403 },
  'request.not_found': { blame: 'caller', status: 404 },
  'request.method': { blame: 'caller', status: 405 },
  'request.timeout': { blame: 'caller', status: 408 },
  'request.too_large': { blame: 'caller', status: 413 },
  'request.unsupported': { blame: 'caller', status: 415 },
  'request.too_many': { blame: 'caller', status: 429 },
  'token.not_found': { blame: 'caller', status: 404 },
  'token.last_admin': { blame: 'caller', status: 409 },
  'policy.invalid': { blame: 'caller', status: 422 },
  'policy.not_found': { blame: 'caller', status: 404 },
  'policy.differs': { blame: 'evidence', status: 409 },
  'task.not_found': { blame: 'caller', status: 404 },
  'task.exists': { blame: 'caller', status: 409 },
  'task.closed': { blame: 'caller', status: 409 },
  'approval.not_found': { blame: 'caller', status: 404 },
  'approval.decided': { blame: 'caller', status: 409 },
  'approval.own': { blame: 'caller', status: 403 },
  'decision.mismatch': { blame: 'caller', status: 409 },
  'rollback.not_found': { blame: 'caller', status: 404 },
  'rollback.conflict': { blame: 'caller', status: 409 },
  'govern.too_many': { blame: 'operator', status: 429 },
  'action.blocked': { blame: 'caller', status: 403 },
  'adapter.unknown': { blame: 'caller', status: 404 },
  'usage.invalid': { blame: 'caller', status: 400 },
  'config.invalid': { blame: 'operator', status: 500 },
  'data.locked': { blame: 'operator', status: 503 },
  'data.newer': { blame: 'operator', status: 503 },
  'data.missing': { blame: 'operator', status: 404 },
  'data.full': { blame: 'operator', status: 507 },
  'data.unreadable': { blame: 'operator', status: 503 },
  'data.unwritable': { blame: 'operator', status: 503 },
  'server.unreachable': { blame: 'operator', status: 503 },
  'server.closing': { blame: 'operator', status: 503 },
  'seal.root_key': { blame: 'operator', status: 503 },
  'seal.broken': { blame: 'evidence', status: 500 },
  'journal.damaged': { blame: 'evidence', status: 503 },
  'store.conflict': { blame: 'operator', status: 409 },
  'ledger.cut': { blame: 'evidence', status: 503 },
  'ledger.forked': { blame: 'evidence', status: 503 },
  'ledger.damaged': { blame: 'evidence', status: 500 },
  'ledger.not_yet': { blame: 'caller', status: 409 },
  'coverage.incomplete': { blame: 'evidence', status: 409 },
  'proof.invalid': { blame: 'evidence', status: 400 },
  'engine.damaged': { blame: 'operator', status: 503 },
  'internal.bug': { blame: 'internal', status: 500 },
} as const satisfies Record<string, { blame: Blame; status: number }>;

export type Code = keyof typeof CODES;

/** What a program may do about it, beside the sentence for people. All optional. */
export type Detail = {
  /** The offending field, dotted: `resources.0.id`. */
  readonly field?: string;
  /** The limit that was reached, in the unit that the message names. */
  readonly limit?: number;
  /** 1-based column in the query, for `query.invalid`. */
  readonly column?: number;
  /** Seconds after which trying again makes sense. */
  readonly retry_after_s?: number;
  /** The way out, one sentence. */
  readonly hint?: string;
};

/** The one error class. The message is one sentence in English and holds no secret. */
export class Fault extends Error {
  readonly code: Code;
  readonly detail: Detail;

  constructor(code: Code, message: string, detail: Detail & { readonly cause?: unknown } = {}) {
    const { cause, ...rest } = detail;
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'Fault';
    this.code = code;
    this.detail = rest;
  }

  get blame(): Blame {
    return CODES[this.code].blame;
  }

  get status(): number {
    return CODES[this.code].status;
  }

  /** What goes over the wire: never a stack, never a cause. */
  toJSON(): FaultBody {
    return { code: this.code, message: this.message, ...this.detail };
  }
}

export type FaultBody = { readonly code: Code; readonly message: string } & Detail;

const EXIT = { evidence: 1, caller: 2, operator: 3, internal: 4 } as const satisfies Record<
  Blame,
  number
>;

/** Exit codes of clawctl: 0 done, 1 the evidence fails, 2 the caller, 3 the operator, 4 a bug. */
export function exitCode(error: unknown): number {
  return error instanceof Fault ? EXIT[error.blame] : EXIT.internal;
}

/** Any thrown value as a Fault; a foreign error becomes `internal.bug` and keeps its cause. */
export function asFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new Fault('internal.bug', `Something failed inside Claw: ${reason}`, { cause: error });
}
