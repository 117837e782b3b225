/** The shape of a language's catalogue, after the English one. */
import type { en } from './en.ts';

/** What a catalogue must hold to stand beside the English one; only it has singular forms. */
export type Catalogue<T = typeof en> = {
  readonly [K in keyof T as K extends `${string}_one` ? never : K]: T[K] extends string
    ? string
    : Catalogue<T[K]>;
};
