/** A row of Claude Code's transcripts, with what the reader knows of its place. */
import { isObject } from '../../event/name.ts';
import { textIn } from '../record.ts';
import { type Fields, listAt, objectAt } from './row.ts';

export type Row = {
  readonly fields: Fields;
  /** What stands in no field of an event. */
  readonly rest: Fields;
  /** The row belongs to a sub-agent. */
  readonly part: boolean;
  /** The first row of a message of the model. */
  readonly opens: boolean;
};

/** The blocks of a row's message whose type passes. */
export function blocksOf({ fields }: Row, wanted: (type: string) => boolean): readonly Fields[] {
  return listAt(objectAt(fields, 'message'), 'content').filter(
    (block): block is Fields => isObject(block) && wanted(textIn(block, 'type') ?? ''),
  );
}
