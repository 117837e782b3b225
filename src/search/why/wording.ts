/** The sentences of an explanation, a table a language. Every piece is printable already. */
import type { Status } from '../../event/event.ts';
import type { Half } from '../side.ts';

/** An empty string stands for what was not recorded. Times are as the reader's clock has them. */
export type Wording = {
  readonly asked: (told: {
    readonly who: string;
    readonly at: string;
    readonly channel: string;
    readonly behalf: string;
    readonly text: string;
    readonly erased: boolean;
    /** `last`: no turn says that it began this one; `above`: it stands in a parent session. */
    readonly how: 'turn' | 'last' | 'above' | 'itself';
  }) => string;
  readonly ordered: (told: { readonly at: string; readonly text: string }) => string;
  readonly delegated: (told: {
    readonly at: string;
    readonly act: string;
    readonly session: string;
  }) => string;
  readonly instructed: (told: { readonly at: string; readonly text: string }) => string;
  readonly task: (told: {
    readonly id: string;
    readonly goal: string;
    readonly by: string;
    readonly at: string;
    /** Undefined where nothing is known of its declaration. */
    readonly limits: readonly Limit[] | undefined;
  }) => string;
  readonly spent: (told: { readonly calls: number; readonly most?: number }) => string;
  readonly saw: (groups: readonly Group[]) => string;
  readonly sawNothing: () => string;
  readonly origin: (told: Traced) => string;
  readonly prompted: (told: { readonly values: readonly string[] }) => string;
  readonly model: (model: string) => string;
  readonly said: (told: {
    readonly at: string;
    readonly text: string;
    readonly thought: boolean;
  }) => string;
  readonly decided: (told: Decided) => string;
  readonly policy: (told: {
    readonly id: string;
    readonly effect: 'permit' | 'forbid';
    readonly file: string;
    readonly author: string;
    readonly at: string;
    readonly reason: string;
    readonly values: readonly string[];
  }) => string;
  readonly requested: (told: {
    readonly who: string;
    readonly at: string;
    readonly reason: string;
    readonly quorum: number;
    readonly expires: string;
  }) => string;
  readonly voted: (told: {
    readonly who: string;
    readonly at: string;
    readonly vote: 'approve' | 'deny';
    readonly scope: string;
    readonly after: string;
    readonly reason: string;
  }) => string;
  readonly approvalIs: (state: string, at: string, after: string) => string;
  readonly acted: (told: {
    readonly at: string;
    readonly act: string;
    readonly resources: readonly string[];
    readonly witnesses: readonly string[];
  }) => string;
  readonly result: (told: {
    readonly status: Status | undefined;
    readonly took: string;
    readonly text: string;
    readonly reason: string;
    readonly answered: boolean;
  }) => string;
  readonly unshown: (told: {
    readonly by: string;
    readonly what: Half;
    readonly seen: readonly string[];
  }) => string;
  /** A value of the result in a later act. */
  readonly reused: (told: {
    readonly values: readonly string[];
    readonly of: 'result' | 'prompt' | 'words';
    readonly act: string;
    readonly at: string;
    /** No row before the result held them. */
    readonly fresh: boolean;
  }) => string;
  /** The same resource, touched again. */
  readonly touched: (told: {
    readonly resource: string;
    readonly earlier: string;
    readonly later: string;
    readonly act: string;
    readonly at: string;
  }) => string;
  readonly next: (told: { readonly count: number; readonly acts: readonly string[] }) => string;
  readonly answered: (told: { readonly at: string; readonly text: string }) => string;
  readonly unmentioned: (values: readonly string[]) => string;
  readonly undone: (told: { readonly at: string; readonly text: string }) => string;
  readonly found: (told: { readonly at: string; readonly text: string }) => string;
  readonly closed: (told: {
    readonly at: string;
    readonly outcome: string;
    readonly text: string;
  }) => string;
  readonly ended: (at: string) => string;
  readonly lost: (told: { readonly at: string; readonly text: string }) => string;
  readonly noted: (told: { readonly at: string; readonly text: string }) => string;
  readonly unknown: { readonly [K in UnknownCode]: (detail: string) => string };
};

/** What was seen, by kind, with the first names. */
export type Group = {
  readonly kind: 'files' | 'pages' | 'commands' | 'agents' | 'results' | 'notices';
  readonly count: number;
  readonly names: readonly string[];
};

export type Traced = {
  readonly values: readonly string[];
  readonly from: 'shown' | 'agent' | 'instructions' | 'notice' | 'elsewhere';
  /** The act in whose result, or as which, they stood. */
  readonly act: string;
  readonly session: string;
  readonly at: string;
  readonly steps: number;
  /**
   * What the prompts before the act say of them: `unread`, not all of them could be read;
   * `silent_all`, there are several.
   */
  readonly prompt: 'silent' | 'silent_all' | 'names' | 'none' | 'unread';
};

export type Decided = {
  readonly at: string;
  /** `policy`, `human`, `hook`, `config`; empty where nobody said who. */
  readonly by: string;
  readonly who: string;
  readonly outcome: 'permit' | 'deny' | 'escalate' | undefined;
  readonly policies: readonly string[];
  readonly version: string;
  readonly reason: string;
  readonly constraints: string;
  /** Policies that an approval lifted. */
  readonly lifted: readonly string[];
  /** It was only observed: the agent was let go on. */
  readonly observed: boolean;
  /** Found by tool and arguments, because no id joins it with the call. */
  readonly matched: boolean;
};

export type Limit =
  | { readonly kind: 'actions' | 'tools' | 'resources'; readonly names: readonly string[] }
  | { readonly kind: 'calls' | 'seconds' | 'tokens'; readonly most: number };

export const UNKNOWN = [
  'prompt',
  'parent',
  'decision',
  'policy_text',
  'call',
  'result',
  'running',
  'not_recorded',
  'no_request',
  'shortfalls',
  'origin',
  'erased',
  'partly_read',
  'left_out_before',
  'left_out_after',
  'lagging',
  'witness',
] as const;
export type UnknownCode = (typeof UNKNOWN)[number];
