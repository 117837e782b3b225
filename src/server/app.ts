/** Puts the table of routes on the listener: guard, errors, methods, headers, counting. */
import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Fault } from '../fault/fault.ts';
import type { Face } from './face.ts';
import { admit, checkHost, refuser } from './guard.ts';
import { ROUTES } from './menu.ts';
import { addHeaders, sendAnswer, sendFault, wireFault } from './reply.ts';
import type { Method, Route } from './route.ts';

/** A reason made once: an abort without one makes an exception with a stack for each request. */
const GONE = new Error('the caller is gone');

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

export function register(app: FastifyInstance, face: Face, allowedHosts: readonly string[]): void {
  app.setGenReqId(() => randomUUID());
  // Bodies are read by the routes, after the guard and within their limits.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  app.setErrorHandler((error, request, reply) => refuse({ error, request, reply }));
  app.setNotFoundHandler(() => {
    throw new Fault('request.not_found', 'There is no such route.', {
      hint: '/openapi.json lists every route.',
    });
  });
  app.addHook('onRequest', (request, reply, done) => {
    addHeaders(reply, request.id);
    if (face.closing.aborted) throw closed();
    if (face.loopback) checkHost(request.headers.host, allowedHosts);
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    count(face, request, reply);
    done();
  });
  for (const route of ROUTES) {
    app.route({
      method: route.method,
      url: route.path,
      handler: (request, reply) => serve({ face, route, request, reply }),
    });
  }
  refuseOtherMethods(app);
}

type Served = {
  readonly face: Face;
  readonly route: Route;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
};

async function serve({ face, route, request, reply }: Served): Promise<FastifyReply> {
  const { raw } = request;
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort(GONE));
  const who = admit(face, route, raw);
  const refuse = (reason: 'tenant') => refuser(face, route.path, raw)(reason, who);
  const { query, params } = request;
  const call = { face, who, query, params, request: raw, signal: gone.signal, refuse };
  const answer = await route.handle(call);
  await sendAnswer(answer, { reply, signal: gone.signal, answers: face.answers });
  return reply;
}

type Failed = {
  readonly error: unknown;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
};

/** A stream that had begun was cut by whoever wrote it: there is nobody left to answer. */
function refuse({ error, request, reply }: Failed): void {
  const fault = wireFault(error);
  if (fault.blame === 'internal') request.log.error({ err: error }, 'bug');
  if (reply.raw.headersSent) reply.raw.destroy();
  else sendFault(reply, fault, refusalOf(request));
}

/** Of the route that was called, whether or not the request got as far as its handler. */
function refusalOf({ routeOptions, method }: FastifyRequest): Route['refusal'] {
  return ROUTES.find((route) => route.path === routeOptions.url && route.method === method)
    ?.refusal;
}

function closed(): Fault {
  return new Fault('server.closing', 'The server is closing.', { retry_after_s: 5 });
}

function refuseOtherMethods(app: FastifyInstance): void {
  for (const [path, routes] of Map.groupBy(ROUTES, (route) => route.path)) {
    const allowed: readonly string[] = routes.map((route) => route.method satisfies Method);
    app.route({
      method: METHODS.filter((method) => !allowed.includes(method)),
      url: path,
      handler: (_request, reply) => {
        reply.header('allow', allowed.join(', '));
        throw new Fault('request.method', `This route takes ${allowed.join(' and ')}.`);
      },
    });
  }
}

function count(face: Face, request: FastifyRequest, reply: FastifyReply): void {
  const route = request.routeOptions.url ?? 'none';
  const { method } = request;
  const { statusCode } = reply.raw;
  const labels = { method: known(method), route, status: String(statusCode) };
  face.metrics.requests.observe(labels, reply.elapsedTime / 1000);
  request.log.info({ ...labels, duration_ms: Math.round(reply.elapsedTime) }, 'request');
}

function known(method: string): string {
  return METHODS.some((each) => each === method) ? method : 'other';
}
