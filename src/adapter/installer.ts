/** The contract of an installer: the texts of one runtime's files in, the changed texts out. */

export type Scope = 'user' | 'project';

/** Where a runtime is to be recorded; paths derive from it. */
export type Place = {
  readonly scope: Scope;
  /** Absolute: the user's home, and the project's folder. */
  readonly home: string;
  readonly project: string;
  readonly env: Readonly<Record<string, string | undefined>>;
};

/** By the names that the installer gives its files: their text; undefined where there is none. */
export type Texts = Readonly<Record<string, string | undefined>>;
export type Paths = Readonly<Record<string, string>>;

/** Whether calls are held to Claw's decisions, or only told what would have been decided. */
export type Enforcement =
  | { readonly mode: 'observe' }
  /** Seconds that a call waits for its approval. */
  | { readonly mode: 'enforce'; readonly wait_s: number };

export type InstallOptions = {
  /** Where Claw listens, without a slash at its end: `http://127.0.0.1:4620`. */
  readonly server: string;
  /** A recorder's token: written only into files that are then private to the user. */
  readonly token: string;
  /** How a shell calls clawctl, quoted where needed: `clawctl`, or a Node and a path. */
  readonly shim: string;
  /** The private file of tokens, where it is not at its usual place. */
  readonly tokens?: string | undefined;
  /** Where the files are. */
  readonly paths: Paths;
  /** Texts of the files below `plugins/` that `sources` names. */
  readonly sources: Readonly<Record<string, string>>;
  /** A program and its first arguments: sends what a plugin left when its agent ended. */
  readonly drain?: readonly string[];
  /** Claude Code alone: `http` (default) costs a millisecond an event, `command` a process. */
  readonly transport?: 'http' | 'command';
  /** Export OpenTelemetry to Claw too. */
  readonly otlp?: boolean;
  /** Without it nothing is asked before a call runs. */
  readonly enforcement?: Enforcement | undefined;
};

/** A call of the runtime's own program. */
export type Program = {
  readonly name: string;
  /** What makes it print its version. */
  readonly version: readonly string[];
};

/** What a runtime is known not to show, measured with `version`: a key of its sentence. */
export type BlindSpot =
  | 'rejectedBeforeHooks'
  | 'deniedHasNoResult'
  | 'headlessDenial'
  | 'httpLosesWhileAway'
  | 'untrustedHooks'
  | 'deniedInNoWitness'
  | 'shellWithoutExitCode'
  | 'hostedSearch'
  | 'noCallIds'
  | 'failedShellSucceeds'
  | 'readOutsideWorkspace'
  | 'promptInArguments'
  | 'envFileNearest'
  | 'failureOnBusOnly'
  | 'pluginsCanBeOff'
  | 'afterWithoutBefore'
  | 'neitherResultNorError'
  | 'execWithoutHooks'
  | 'wrappedCalls'
  | 'lostAfterCalls';

/** What enforcement is known not to hold back, or not to survive: a key of its sentence. */
export type Hole =
  | 'rejectedBeforeGate'
  | 'hooksCanBeOff'
  | 'untrustedNotAsked'
  | 'openWhereKilled'
  | 'stdinNotAsked'
  | 'hostedNotAsked'
  | 'outsideNotAsked'
  | 'pluginCanBeMissing'
  | 'othersCanChange'
  | 'execNotAsked';

/** The very way by which records of an installation reach Claw. */
export type Way =
  /** A shell's command line, which reads a record from standard input. */
  | { readonly kind: 'command'; readonly command: string }
  | { readonly kind: 'http'; readonly url: string }
  /** A module to load, as the runtime would, with the configuration that the runtime hands it. */
  | { readonly kind: 'plugin'; readonly file: string; readonly config: unknown };

/** What an installation says of itself. */
export type Installed = {
  /** Where its records go, without a slash at its end. */
  readonly server: string;
  readonly way: Way;
  /** How calls are held to decisions; undefined where nothing is asked. */
  readonly enforcing?: Enforcing;
};

export type Enforcing = {
  readonly enforcement: Enforcement;
  /** What asks before a call. */
  readonly way: Way;
  /** Whether a call is blocked also where nobody answers. */
  readonly closed: boolean;
};

export type Installer = {
  /** As `agent.runtime` names it. */
  readonly runtime: string;
  /** As people call it. */
  readonly title: string;
  readonly program: Program;
  readonly scopes: readonly Scope[];
  readonly otlp: boolean;
  /** Where the token stands: in the settings themselves, or in the user's private file. */
  readonly token: 'settings' | 'file';
  /** Files below `plugins/` that are copied. */
  readonly sources: readonly string[];
  readonly paths: (place: Place) => Paths;
  /**
   * Idempotent; what else is there stays byte for byte. Throws `usage.invalid` for files that it
   * does not understand, or that hold something in the way.
   */
  readonly install: (before: Texts, options: InstallOptions) => Texts;
  /** Exactly what was there before `install`; files that it made are undefined again. */
  readonly uninstall: (before: Texts, paths: Paths) => Texts;
  /** Undefined where Claw's hooks or plugin are not there, or not whole. */
  readonly installed: (texts: Texts, paths: Paths) => Installed | undefined;
  /** The token that the settings hold, where they are its place. */
  readonly tokenIn?: (texts: Texts) => string | undefined;
  /** The version of the runtime that the blind spots were measured with. */
  readonly measured: string;
  readonly blind: readonly BlindSpot[];
  /** What its enforcement does not reach; undefined where it cannot enforce. */
  readonly holes?: readonly Hole[];
};
