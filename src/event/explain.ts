/** Says in plain words which field of an event is wrong, why, and which limit it passed. */
import { Fault } from '../fault/fault.ts';

/** What zod reports of one field. */
export type Issue = {
  readonly path: readonly PropertyKey[];
  readonly code?: string | undefined;
  readonly message: string;
  readonly expected?: string;
  readonly origin?: string;
  readonly maximum?: number | bigint;
  readonly minimum?: number | bigint;
  readonly values?: readonly unknown[];
};

/** The first issue as a Fault; `input` is what was checked, to tell missing from wrong. */
export function explain(issues: readonly Issue[], input: unknown): Fault {
  const issue = issues[0] ?? { path: [], message: 'is invalid' };
  const field = issue.path.map(String).join('.');
  const missing = valueAt(input, issue.path) === undefined;
  const reason = missing ? 'is required' : reasonOf(issue);
  const bound = issue.code === 'too_big' ? issue.maximum : issue.minimum;
  return new Fault('event.invalid', `${field}: ${reason}.`, {
    field,
    ...(bound === undefined ? {} : { limit: Number(bound) }),
    ...(issue.values === undefined ? {} : { hint: `One of: ${issue.values.join(', ')}.` }),
  });
}

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  object: 'an object',
  record: 'an object',
  array: 'a list',
};
const COUNTED: Readonly<Record<string, string>> = { string: 'characters', array: 'elements' };

function reasonOf({ code, message, expected, origin, maximum, minimum }: Issue): string {
  switch (code) {
    case 'invalid_type':
      return `must be ${EXPECTED[expected ?? ''] ?? expected}`;
    case 'invalid_value':
      return 'is none of the values that it may have';
    case 'too_big':
      return `must have at most ${maximum} ${COUNTED[origin ?? ''] ?? ''}`.trimEnd();
    case 'too_small':
      return origin === 'string' ? 'must not be empty' : `must be at least ${minimum}`;
    default:
      return message;
  }
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}
