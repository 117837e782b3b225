/** A server's trail as a verifier reads it: published files, and openings for who may see them. */
import { z } from 'zod';
import { TENANT } from '../../event/event.ts';
import { asFault, Fault } from '../../fault/fault.ts';
import { parseBase64 } from '../base64.ts';
import type { Source, SourceOpening } from './source.ts';

export type HttpOptions = {
  /** Such as `http://127.0.0.1:4620`. */
  readonly base: string;
  /** Bearer token; not needed where the ledger is public. */
  readonly token?: string | undefined;
  /** Asked of the server where absent, which takes a token. */
  readonly tenants?: readonly string[] | undefined;
  readonly fetch?: typeof fetch;
};

/** Openings that one request asks for. */
const OPENINGS = 200;
const TIMEOUT_MS = 60_000;

export function httpSource(options: HttpOptions): Source {
  const get = requester(options);
  return {
    tenants: async () => options.tenants ?? statusTenants(await get('/v1/status')),
    file: (tenant, path) => get(`/ledger/${encodeURIComponent(tenant)}/${path}`),
    async *openings(tenant, size) {
      const named = encodeURIComponent(tenant);
      for (let from = 0; from < size; ) {
        const count = Math.min(OPENINGS, size - from);
        const answer = await get(`/v1/openings?tenant=${named}&from=${from}&count=${count}`);
        const openings = [...parseOpenings(answer, from, count)];
        yield* openings;
        // An answer ends early where its events are large; one that is empty has nothing of these.
        from = (openings.at(-1)?.index ?? from + count - 1) + 1;
      }
    },
  };
}

/** Gets bytes; undefined where there is no such thing. Throws `server.unreachable` and the like. */
function requester({ base, token, fetch: get = fetch }: HttpOptions) {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return async (path: string): Promise<Buffer | undefined> => {
    const url = new URL(path, base);
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const { status, body } = await get(url, { headers, signal, redirect: 'error' })
      .then(async (answer) => ({ status: answer.status, body: await answer.arrayBuffer() }))
      .catch((error) => {
        throw new Fault('server.unreachable', `The server at ${url.origin} does not answer.`, {
          hint: 'Check the address and that the server runs.',
          cause: error,
        });
      });
    if (status === 200) return Buffer.from(body);
    if (status === 404) return undefined;
    throw refusal(status, url.pathname);
  };
}

function refusal(status: number, path: string): Fault {
  if (status === 401 || status === 403) {
    const code = status === 401 ? 'request.unauthorised' : 'request.forbidden';
    return new Fault(code, `The server does not show ${path} to this credential (${status}).`, {
      hint: 'Give a token with the role viewer for this tenant.',
    });
  }
  return new Fault('server.unreachable', `The server answered ${status} for ${path}.`);
}

const statusAnswer = z.looseObject({
  tenants: z.array(z.looseObject({ tenant: z.string().regex(TENANT) })),
});

function statusTenants(bytes: Buffer | undefined): readonly string[] {
  return read(bytes, statusAnswer).tenants.map(({ tenant }) => tenant);
}

const openingsAnswer = z.looseObject({
  openings: z.array(
    z.union([
      z.object({ index: z.int(), problem: z.enum(['erased', 'tampered', 'missing']) }),
      z.object({ index: z.int(), salt: z.string(), event: z.string() }),
    ]),
  ),
});

/** Openings in order of their index, none outside what was asked for. */
function* parseOpenings(
  bytes: Buffer | undefined,
  from: number,
  count: number,
): Generator<SourceOpening> {
  let next = from;
  for (const opening of read(bytes, openingsAnswer).openings) {
    const { index } = opening;
    if (index < next || index >= from + count) continue;
    next = index + 1;
    if ('problem' in opening) {
      yield { index, opened: { problem: opening.problem } };
      continue;
    }
    const salt = parseBase64(opening.salt);
    const opened = salt && { salt, bytes: Buffer.from(opening.event) };
    yield { index, opened: opened ?? { problem: 'tampered' } };
  }
}

function read<T>(bytes: Buffer | undefined, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse((bytes ?? Buffer.of()).toString()));
  } catch (error) {
    throw new Fault('server.unreachable', 'The server answered in a form that is not known.', {
      hint: 'Check that the address is that of a Claw server of this version.',
      cause: asFault(error),
    });
  }
}
