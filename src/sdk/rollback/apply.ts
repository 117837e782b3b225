/** Takes the steps of a plan where the files are: looks, compares, and undoes what is unchanged. */
import type { Step } from '../../search/rollback/plan.ts';
import { type Backup, openBackup, stateFolder } from './backup.ts';
import { type Compensate, compensated } from './compensate.ts';
import { hashOf, look, make, type Present, remove, replace, tidyUp, type Undoing } from './file.ts';
import { openPlace, openRoots, type Refusal, type Refused, type Root } from './place.ts';
import type { Plan } from './plan.ts';

/**
 * `ready`: a dry run that would restore it. `manual`: for a person. `skipped`: left out, or not
 * to be touched here; `conflict`: it is not as the agent left it.
 */
export type StepStatus =
  | 'ready'
  | 'restored'
  | 'already'
  | 'conflict'
  | 'failed'
  | 'skipped'
  | 'done'
  | 'manual';

export type StepResult = {
  readonly n: number;
  readonly status: StepStatus;
  /** Why, in a word. */
  readonly why?: Refusal | 'left_out' | 'unfinished' | 'error';
  /** What failed: words of the operating system, or of a compensation. */
  readonly detail?: string;
};

export type ApplyOptions = {
  /** Folders below which files may be touched, beyond them nothing is. */
  readonly roots: readonly string[];
  /** Without it nothing is changed: each step says what would become of it. */
  readonly apply: boolean;
  /** Whether a file takes part. */
  readonly only?: (path: string) => boolean;
  /** Where replaced files are kept; `~/.claw/rollback`. */
  readonly state?: string;
  /** How calls of tools are compensated; they are left to a person where absent. */
  readonly compensate?: Compensate;
  /** Told of each step as it was taken. */
  readonly onResult?: (result: StepResult) => void;
};

export type Applied = {
  readonly results: readonly StepResult[];
  /** Where what was replaced is kept. */
  readonly backup: string;
};

/** Goes on behind a step that is refused or fails. Throws where a root does not exist. */
export async function applyPlan(plan: Plan, options: ApplyOptions): Promise<Applied> {
  const roots = openRoots(options.roots);
  const backup = openBackup(options.state ?? stateFolder(), plan);
  const results: StepResult[] = [];
  for (const step of plan.steps.toSorted((a, b) => a.n - b.n)) {
    const result = { n: step.n, ...(await taken(step, { ...options, roots, backup })) };
    results.push(result);
    options.onResult?.(result);
  }
  return { results, backup: backup.folder };
}

/** What was refused or failed: the exit code of the command says so. */
export function isRefused({ status, why }: StepResult): boolean {
  return (
    status === 'conflict' || status === 'failed' || (status === 'skipped' && why !== 'left_out')
  );
}

/** Results to be recorded, in requests of a bounded size: what was only looked at is left out. */
export function reportable({ results }: Applied): readonly (readonly Report[])[] {
  const reports = results.flatMap(({ n, status, why, detail }): Report[] => {
    if (status === 'ready' || status === 'manual' || why === 'left_out') return [];
    const words = [why, detail].filter((word) => word !== undefined).join(': ');
    return [{ n, status, ...(words === '' ? {} : { detail: words }) }];
  });
  return Array.from({ length: Math.ceil(reports.length / REPORTS) }, (_, i) =>
    reports.slice(i * REPORTS, (i + 1) * REPORTS),
  );
}

type Report = {
  readonly n: number;
  readonly status: Exclude<StepStatus, 'ready' | 'manual'>;
  readonly detail?: string;
};

const REPORTS = 1000;

type Taking = Omit<ApplyOptions, 'roots'> & {
  readonly roots: readonly Root[];
  readonly backup: Backup;
};
type Outcome = Omit<StepResult, 'n'>;

async function taken(step: Step, taking: Taking): Promise<Outcome> {
  try {
    if (step.path !== undefined && taking.only?.(step.path) === false) {
      return { status: 'skipped', why: 'left_out' };
    }
    if (step.kind === 'manual') return await compensated(step, taking);
    return undone(step, taking);
  } catch (error) {
    return { status: 'failed', why: 'error', detail: wordsOf(error) };
  }
}

function wordsOf(error: unknown): string {
  const { code, message } = (error ?? {}) as {
    readonly code?: unknown;
    readonly message?: unknown;
  };
  return String(code ?? message ?? error).slice(0, 300);
}

function undone(step: Step, { roots, apply, backup }: Taking): Outcome {
  const data = contentOf(step);
  if (data === 'bad_plan') return { status: 'failed', why: 'bad_plan' };
  const missing = step.kind === 'create' && apply ? 'make' : 'gone';
  const place = openPlace(step.path ?? '', { roots, missing });
  if ('refused' in place) return unplaced(step, place);
  try {
    const keep = (kept: Uint8Array) => backup.keep(step.n, step.path ?? '', kept);
    const undoing = { place, keep };
    if (apply) tidyUp(undoing);
    const present = look(place);
    if ('refused' in present) return refusal(present);
    if (isAlready(present, data)) return { status: 'already' };
    const differs = differenceOf(present, step.expect);
    if (differs !== undefined) return { status: 'conflict', why: differs };
    if (!apply) return { status: 'ready' };
    if (present.kind === 'file') keep(present.data);
    const refused = changed({ undoing, present, data, step });
    return refused === undefined ? { status: 'restored' } : refusal(refused);
  } finally {
    place.close();
  }
}

type Changing = {
  readonly undoing: Undoing;
  readonly present: Present;
  readonly data: Buffer | undefined;
  readonly step: Step;
};

const NEW_MODE = 0o644;

function changed({ undoing, present, data, step }: Changing): Refused | undefined {
  if (data === undefined) return remove(undoing, present);
  if (present.kind === 'file') return replace(undoing, present, data);
  const mode = typeof step.mode === 'number' ? step.mode & 0o777 : NEW_MODE & ~process.umask();
  return make(undoing.place, { data, mode });
}

/** Undefined for a file that is to be gone. */
function contentOf({ kind, content, encoding, to }: Step): Buffer | undefined | 'bad_plan' {
  if (kind === 'delete') return undefined;
  const data = Buffer.from(content ?? '', encoding === 'base64' ? 'base64' : 'utf8');
  return hashOf(data) === to?.sha256 ? data : 'bad_plan';
}

function isAlready(present: Present, data: Buffer | undefined): boolean {
  if (present.kind === 'absent' || data === undefined) {
    return present.kind === 'absent' && data === undefined;
  }
  return present.data.equals(data);
}

function differenceOf(present: Present, expect: Step['expect']): Refusal | undefined {
  if (present.kind === 'absent') return expect === 'absent' ? undefined : 'gone';
  if (expect === 'absent' || expect === undefined) return 'exists';
  if (present.sha256 === expect.sha256) return undefined;
  const plain = Buffer.from(present.data.toString().replaceAll('\r\n', '\n'));
  return hashOf(plain) === expect.sha256 ? 'line_endings' : 'changed';
}

/** A file that is to be gone, in a folder that is gone, is gone. */
function unplaced({ kind }: Step, { refused }: Refused): Outcome {
  if (refused === 'gone' && kind === 'delete') return { status: 'already' };
  if (refused === 'gone' && kind === 'create') return { status: 'ready' };
  return refusal({ refused });
}

const SKIPPED: ReadonlySet<Refusal> = new Set(['outside', 'bad_path', 'protected']);

function refusal({ refused }: Refused): Outcome {
  return { status: SKIPPED.has(refused) ? 'skipped' : 'conflict', why: refused };
}
