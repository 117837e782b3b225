/** The contract of policy: what may be asked of a policy set, and what it answers. */
import type { Access, Action, Resource } from '../event/event.ts';

/** A policy file as people write it: its name in messages, and its text. */
export type PolicyFile = { readonly name: string; readonly text: string };

/** What `policies/*.cedar` and the API call an action that nothing tells. */
export type PolicyAction = Action | Access | 'unknown';

/**
 * Exactly what a decision was made from, and enough to make it again: recorded with the decision.
 * Pure data; times are RFC 3339 in UTC.
 */
export type PolicyRequest = {
  readonly principal: {
    readonly agent_id?: string;
    readonly agent_name?: string;
    readonly runtime?: string;
    readonly version?: string;
    readonly user_id?: string;
    readonly on_behalf_of?: string;
  };
  readonly tool: string;
  readonly action: PolicyAction;
  readonly resources: readonly Resource[];
  readonly context: {
    readonly session_id: string;
    readonly task_id?: string;
    readonly environment?: string;
    readonly channel?: string;
    readonly cwd?: string;
    /** The arguments as JSON text, cut at `INPUT_CHARS`; `input_cut` where it was. */
    readonly input: string;
    readonly input_cut?: true;
    /** When it was asked. */
    readonly at: string;
    /** Whether the arguments hold what looks like a secret: found before the text is cut. */
    readonly holds_secret: boolean;
    /** Whether a command could not be followed to the end, or the action is a guess. */
    readonly uncertain: boolean;
  };
};

/** Characters (UTF-16 units) of `context.input`. */
export const INPUT_CHARS = 8192;

/** What a policy set says of one request. */
export type Verdict = {
  readonly outcome: 'permit' | 'deny' | 'escalate';
  /** The policies that determined it, in order of name: `@id`, else file and number. */
  readonly policy_ids: readonly string[];
  readonly policy_version: string;
  /** One sentence, for the agent and for people. */
  readonly reason: string;
  /** Of an escalation: what an approval has to lift. */
  readonly escalated: readonly { readonly policy_id: string; readonly reason: string }[];
  /** What the determining policies ask for beside their outcome. */
  readonly constraints?: Constraints;
};

/** Of several policies the strictest: all sentences, the largest quorum, the shortest time. */
export type Constraints = {
  /** `@constraint("…")`: sentences, for whoever acts and whoever approves. */
  readonly conditions?: readonly string[];
  /** `@quorum("2")`: how many have to approve. */
  readonly quorum?: number;
  /** `@expires("10m")`: seconds until an approval that nobody gave is denied. */
  readonly expires_s?: number;
  /** `@separation("true")`: see the terms of approvals. */
  readonly separation?: true;
};

export type PolicyInfo = {
  readonly id: string;
  readonly file: string;
  readonly effect: 'permit' | 'forbid';
  readonly text: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** The reason of `@escalate`, where it is an escalation. */
  readonly escalate?: string;
  readonly constraints: Constraints;
  /** `@zone("Asia/Tokyo")`: in which hour, minute and weekday are read; UTC where absent. */
  readonly zone: string;
  /** 1-based, of its first character in the file. */
  readonly line: number;
};

/** What is wrong with a policy file, or looks so. */
export type PolicyProblem = {
  readonly severity: 'error' | 'warning';
  readonly file: string;
  /** 1-based; in UTF-16 units. */
  readonly line: number;
  readonly column: number;
  readonly policy_id?: string;
  readonly message: string;
  /** What to write instead. */
  readonly hint?: string;
};

/** A compiled policy set. Pure: the same request gets the same verdict. */
export type PolicySet = {
  /** `sha256:` and hex of the files' names and texts. */
  readonly version: string;
  readonly files: readonly PolicyFile[];
  readonly policies: readonly PolicyInfo[];
  readonly warnings: readonly PolicyProblem[];
  /** `lifted`: ids of escalating policies that an approval has lifted for this request. */
  readonly decide: (request: PolicyRequest, lifted?: ReadonlySet<string>) => Verdict;
};
