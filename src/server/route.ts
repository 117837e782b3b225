/** The contract of a route: who may call it, what it takes and gives, and what it does. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { check } from '../event/check.ts';
import type { Code, Fault } from '../fault/fault.ts';
import type { Access, RawCall } from './call.ts';
import { tenantFor } from './guard.ts';

export type Method = 'GET' | 'POST' | 'DELETE';

/** What a route answers with; headers in lower case. */
export type Answer = { readonly headers?: Readonly<Record<string, string>> } & (
  | { readonly kind: 'json'; readonly status?: number; readonly body: unknown }
  | {
      readonly kind: 'bytes';
      readonly status?: number;
      readonly bytes: Buffer | string;
      readonly type: string;
    }
  /** A failure on the way cuts the connection, so that a reader notices. */
  | { readonly kind: 'stream'; readonly chunks: AsyncIterable<string>; readonly type: string }
  /** The route writes for itself, until the promise resolves. */
  | { readonly kind: 'raw'; readonly write: (response: ServerResponse) => Promise<void> }
);

export type Call<Q, P> = Omit<RawCall, 'query' | 'params'> & {
  readonly query: Q;
  readonly params: P;
  /** The tenant that the call is about. */
  readonly tenant: string;
};

/** A body or an answer, as documented: media types and the schema of their JSON. */
export type Content = { readonly types: readonly string[]; readonly schema?: z.ZodType };

/** How a route of a foreign protocol says that it refuses; without it, it says so as Claw does. */
export type Refusal = {
  readonly content: Content;
  readonly answer: (
    fault: Fault,
    request: IncomingMessage,
  ) => { readonly status: number; readonly type: string; readonly bytes: Buffer };
};

type Described = {
  readonly method: Method;
  readonly path: string;
  readonly access: Access;
  /** One sentence. */
  readonly summary: string;
  /** What it may refuse with, beside what every route may. */
  readonly faults: readonly Code[];
  readonly body?: Content;
  readonly answer: Content;
  readonly refusal?: Refusal;
};

export type Route = Described & {
  readonly query: z.ZodObject;
  readonly params: z.ZodObject;
  readonly handle: (call: RawCall) => Promise<Answer>;
};

export type Definition<Q extends z.ZodObject, P extends z.ZodObject> = Described & {
  readonly query: Q;
  readonly params: P;
  readonly handle: (call: Call<z.output<Q>, z.output<P>>) => Promise<Answer>;
};

export const NOTHING = z.strictObject({});

/** A route whose handler gets its parameters checked and the tenant decided. */
export function route<Q extends z.ZodObject, P extends z.ZodObject>(
  definition: Definition<Q, P>,
): Route {
  return {
    ...definition,
    handle: async (call) => {
      // First of all, so that nothing else is told about a tenant that is not the caller's.
      const named = wordOf(call.params, 'tenant') ?? wordOf(call.query, 'tenant');
      const tenant = tenantFor(call, named);
      const query = check(definition.query, call.query);
      const params = check(definition.params, call.params);
      return definition.handle({ ...call, query, params, tenant });
    },
  };
}

function wordOf(values: unknown, key: string): string | undefined {
  const value: unknown = Object(values)[key];
  return typeof value === 'string' ? value : undefined;
}
