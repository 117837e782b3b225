/** The query parameters that routes share, each with its limit. */
import { z } from 'zod';
import { NAME_CHARS, TENANT } from '../event/event.ts';

/** Characters of a query. */
const QUERY_CHARS = 8192;
/** Rows of a page. */
const PAGE_ROWS = 1000;

export const whole = (range: { min: number; max: number }) =>
  z.coerce.number('must be a number').int().min(range.min).max(range.max);

export const tenantName = z.string().regex(TENANT, 'must match [a-z0-9][a-z0-9_-]{0,62}');

export const tenant = {
  tenant: tenantName
    .optional()
    .meta({ description: "Whose trail: the token's where absent; an operator may name any." }),
};

const instant = (description: string) => z.string().max(64).optional().meta({ description });

/** What to look for, and when. */
export const search = {
  ...tenant,
  query: z
    .string()
    .max(QUERY_CHARS)
    .optional()
    .meta({ description: 'The query language; everything where absent.' }),
  from: instant('From when: a date, a time, -2h, yesterday. Inclusive.'),
  to: instant('Until when; exclusive.'),
  zone: instant('IANA time zone of dates without one; UTC where absent.'),
};

export const page = {
  limit: whole({ min: 1, max: PAGE_ROWS }).default(50),
  cursor: z
    .string()
    .max(1024)
    .optional()
    .meta({ description: 'Where the page before ended, as its answer says.' }),
};

export const order = {
  order: z.enum(['newest', 'oldest']).optional(),
};

export const eventId = z.strictObject({ id: z.string().min(1).max(64) });
export const sessionId = z.strictObject({ id: z.string().min(1).max(NAME_CHARS) });

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** The same without keys whose value is undefined. */
export function given<T extends object>(values: T): Defined<T> {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Defined<T>;
}
