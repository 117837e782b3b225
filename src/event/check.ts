/** Checks what came over the wire against a schema and names the field and the limit. */
import type { z } from 'zod';
import { type Code, Fault } from '../fault/fault.ts';

/** The value as the schema gives it. Throws `code` with the first offending field. */
export function check<T extends z.ZodType>(
  schema: T,
  value: unknown,
  code: Code = 'request.invalid',
): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw issue ? explain(issue, code) : new Fault(code, 'The request is invalid.');
}

function explain(issue: z.core.$ZodIssue, code: Code): Fault {
  if (issue.code === 'unrecognized_keys') {
    const field = short(issue.keys[0] ?? '');
    return new Fault(code, `${field} is not known here.`, { field });
  }
  const field = short(issue.path.map(String).join('.'));
  const limit =
    issue.code === 'too_big'
      ? Number(issue.maximum)
      : issue.code === 'too_small'
        ? Number(issue.minimum)
        : undefined;
  return new Fault(code, `${field === '' ? 'The body' : field}: ${issue.message}.`, {
    ...(field === '' ? {} : { field }),
    ...(limit === undefined ? {} : { limit }),
  });
}

/** Names that a caller chose are shown, but never at length. */
function short(name: string): string {
  return name.length > 200 ? `${name.slice(0, 200)}…` : name;
}
