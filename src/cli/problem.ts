/** Failures that clawctl itself finds, and how it shows any failure to a person or a program. */
import { CODES, type Code, type Detail, Fault } from '../fault/fault.ts';
import { printable } from '../search/safe.ts';
import { problems } from './locale/en-problem.ts';
import { faultKey, type Params, type Translate } from './screen/language.ts';
import { jsonText, type Terminal } from './screen/terminal.ts';
import { displayWidth } from './screen/width.ts';

type Problem = keyof typeof problems;

/** Which sentence of the catalogue a fault is, so that it can be said in the reader's language. */
const said = new WeakMap<Fault, { readonly problem: Problem; readonly params: Params }>();

/** A fault whose English message and hint are `problem` in the catalogue. */
export function refuse(code: Code, problem: Problem, params: Params = {}): Fault {
  const { message, hint } = problems[problem] as { message: string; hint?: string };
  const detail = hint === undefined ? {} : { hint: fill(hint, params) };
  const fault = new Fault(code, fill(message, params), detail);
  said.set(fault, { problem, params });
  return fault;
}

export type ReportOptions = {
  readonly terminal: Terminal;
  readonly t: Translate;
  readonly format: 'text' | 'json';
  /** What the reader searched for: an error in it is pointed at. */
  readonly query?: string | undefined;
};

/** Shows a fault on standard error. */
export function report(fault: Fault, { terminal, t, format, query }: ReportOptions): void {
  if (format === 'json') {
    process.stderr.write(`${jsonText({ error: fault })}\n`);
    return;
  }
  const { message, detail, hint } = words(fault, t);
  terminal.note({ text: `${t('label.error')} `, style: 'alarm' }, message);
  if (detail) terminal.note({ text: detail, style: 'dim' });
  const { column } = fault.detail;
  if (query !== undefined && column !== undefined) point(terminal, query, column);
  if (hint) terminal.note({ text: '→ ', style: 'name' }, hint);
  terminal.note({ text: `  ${fault.code}`, style: 'dim' });
}

function point(terminal: Terminal, query: string, column: number): void {
  const before = displayWidth(printable(query.slice(0, column - 1)));
  terminal.note(`  ${query}`);
  terminal.note('  ', ' '.repeat(before), { text: '^', style: 'alarm' });
}

type Words = { readonly message: string; readonly detail?: string; readonly hint?: string };

function words(fault: Fault, t: Translate): Words {
  const known = said.get(fault);
  if (known) {
    const { problem, params } = known;
    const hasHint = 'hint' in problems[problem];
    return {
      message: t(`problem.${problem}.message` as Parameters<Translate>[0], params),
      ...(hasHint
        ? { hint: t(`problem.${problem}.hint` as Parameters<Translate>[0], params) }
        : {}),
    };
  }
  const { hint } = fault.detail;
  const own = t('language') === 'en' ? undefined : t(faultKey(fault.code), params(fault.detail));
  return {
    message: own ?? fault.message,
    ...(own === undefined ? {} : { detail: fault.message }),
    ...(hint === undefined ? {} : { hint }),
  };
}

function params({ field, limit, column, retry_after_s }: Detail): Params {
  return {
    field: field ?? '',
    limit: limit ?? '',
    column: column ?? '',
    retry_after_s: retry_after_s ?? '',
  };
}

/** A Fault out of a server's answer; of a code that this version does not know, by its status. */
export function faultOf(body: unknown, status: number): Fault {
  const error = (body as { error?: Record<string, unknown> } | undefined)?.error;
  const message = typeof error?.['message'] === 'string' ? error['message'] : undefined;
  const code = error?.['code'];
  if (typeof code !== 'string' || message === undefined) {
    return refuse('server.unreachable', 'foreignAnswer', { status });
  }
  const detail: Record<string, unknown> = {};
  for (const name of ['field', 'hint'] as const) {
    if (typeof error?.[name] === 'string') detail[name] = error[name];
  }
  for (const name of ['limit', 'column', 'retry_after_s'] as const) {
    if (typeof error?.[name] === 'number') detail[name] = error[name];
  }
  return new Fault(Object.hasOwn(CODES, code) ? (code as Code) : byStatus(status), message, detail);
}

function byStatus(status: number): Code {
  return status >= 500 ? 'internal.bug' : 'request.invalid';
}

function fill(text: string, params: Params): string {
  return text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(params[name] ?? ''));
}
