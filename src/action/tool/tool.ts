/** What is known of a tool of a runtime: its action, and which arguments name what it touches. */
import type { Access, Action } from '../../event/event.ts';

/** An argument that names a resource. */
export type Naming = {
  /** Name of the argument, dotted where it lies deeper: `ws.url`; empty for the whole value. */
  readonly argument: string;
  /** As `resources.kind` of an event. */
  readonly kind: string;
  readonly access: Access;
  /** What the tool takes where the argument is missing: its working folder, or this name. */
  readonly otherwise?: { readonly cwd: true } | { readonly id: string };
  /**
   * Where the text is more than a name: a shell command, a patch that names files, or a sentence
   * with URLs in it.
   */
  readonly holds?: 'shell' | 'patch' | 'urls';
};

export type Tool = {
  readonly action: Action;
  readonly names?: readonly Naming[];
  /** The argument that names its working folder, where that is not the session's. */
  readonly cwd?: string;
};

/** By the tool's exact name. */
export type Tools = Readonly<Record<string, Tool>>;
