/** Links by which one person may decide on one approval from a chat, and the page behind them. */
import { z } from 'zod';
import { check } from '../../event/check.ts';
import { asFault, Fault } from '../../fault/fault.ts';
import type { Approval } from '../../policy/lifecycle.ts';
import type { Credential } from '../../trail/credential.ts';
import { ANY_TENANT } from '../../trail/credential.ts';
import type { Actor } from '../../trail/govern/govern.ts';
import { type Link, PERSON_CHARS, readLink, signLink } from '../../trail/link.ts';
import { named } from '../answer.ts';
import { readBody } from '../body.ts';
import type { RawCall } from '../call.ts';
import { refuser } from '../guard.ts';
import { jsonBody } from '../json-body.ts';
import {
  approvalPage,
  PAGE_HEADERS,
  type Page,
  type Problem,
  problemPage,
} from '../page/approval.ts';
import { type Words, wordsFor } from '../page/word.ts';
import * as parameter from '../parameter.ts';
import { type Answer, type Refusal, route } from '../route.ts';

const JSON_ONLY = ['application/json'];
const HTML = 'text/html; charset=utf-8';
const FORM = 'application/x-www-form-urlencoded';
const BODY_BYTES = 64 * 1024;
const WEEK_S = 7 * 86_400;
/** Characters of a reason, as a vote limits it. */
const REASON_CHARS = 4096;

const linkSchema = z.strictObject({
  for: z
    .string()
    .trim()
    .min(1)
    .max(PERSON_CHARS)
    .meta({ description: 'Who may decide with it: their name or id.' }),
  expires_s: z
    .int()
    .min(1)
    .max(WEEK_S)
    .optional()
    .meta({ description: 'Until the approval itself expires, where absent; never longer.' }),
});

const linkedSchema = z.strictObject({
  url: z.string().meta({ description: 'With the name by which this server was called.' }),
  path: z.string(),
  expires_at: z.string(),
});

const create = route({
  method: 'POST',
  path: '/v1/approvals/:id/link',
  access: 'approver',
  summary: 'Makes a link with which one person may decide on one approval, without a token.',
  faults: [
    'batch.invalid',
    'request.unsupported',
    'approval.not_found',
    'approval.decided',
    'approval.own',
  ],
  body: { types: JSON_ONLY, schema: named('NewApprovalLink', linkSchema) },
  query: z.strictObject(parameter.tenant),
  params: parameter.eventId,
  answer: { types: JSON_ONLY, schema: named('ApprovalLink', linkedSchema) },
  handle: async (call) => {
    const { face, tenant, params, request } = call;
    const who = call.who as Credential;
    const asked = check(linkSchema, await jsonBody(call, BODY_BYTES));
    const approval = await face.trail.govern.approval(tenant, params.id);
    requireVotable(approval, who, asked.for);
    const end_s = Math.floor(Date.parse(approval.expires_at) / 1000);
    const exp = Math.min(end_s, Math.floor(face.now() / 1000) + (asked.expires_s ?? WEEK_S));
    const { approval_id } = approval;
    const link: Link = { tenant, approval_id, person: asked.for, by: who.id, exp };
    const expires_at = new Date(exp * 1000).toISOString();
    // Never the token: whoever reads the trail could vote with it.
    await face.trail.note({
      ...{ type: 'admin', tenant, user: who.name, tool: 'approval.link' },
      arguments: { approval_id, for: asked.for, expires_at },
    });
    const path = `/approve/${signLink(face.trail.linkKey, link)}`;
    const scheme = 'encrypted' in request.socket ? 'https' : 'http';
    const url = `${scheme}://${request.headers.host ?? 'localhost'}${path}`;
    return { kind: 'json', body: { url, path, expires_at } };
  },
});

/** Nobody gets around the rule that who asks does not approve by making a link for it. */
function requireVotable(approval: Approval, who: Credential, person: string): void {
  const { state, requester_id, requested_by, approval_id } = approval;
  if (state !== 'pending') {
    throw new Fault('approval.decided', `The approval ${approval_id} is ${state} already.`, {
      field: 'approval_id',
    });
  }
  const own = who.id === requester_id || who.name === requested_by || person === requested_by;
  if (!own) return;
  throw new Fault('approval.own', 'Who asked for an approval may not give it, nor by a link.', {
    field: 'approval_id',
  });
}

const pageRefusal: Refusal = {
  content: { types: [HTML] },
  answer: (fault, request) => ({
    status: fault.status,
    type: HTML,
    bytes: Buffer.from(problemPage(wordsOf(request), 'failed')),
  }),
};

const common = {
  path: '/approve/:token',
  access: 'open',
  query: z.looseObject({ language: z.string().max(16).optional() }),
  params: z.strictObject({ token: z.string().max(8192) }),
  answer: { types: [HTML] },
  refusal: pageRefusal,
} as const;

/** It changes nothing: chat programs call links to show what is behind them. */
const show = route({
  ...common,
  method: 'GET',
  summary: 'The page of a link: exactly what is to be approved, and a form to decide.',
  faults: [],
  handle: (call) =>
    answered(call, async () => {
      const opened = await openLink(call);
      return 'answer' in opened ? opened.answer : pageOf(call, opened);
    }),
});

/**
 * The token in the path is what lets a person vote, and no browser sends it by itself as it does
 * a cookie: a foreign page that could forge this request would have to know the link.
 */
const vote = route({
  ...common,
  method: 'POST',
  summary: 'Decides as the person that the link names. Needs a reason.',
  faults: ['request.unsupported'],
  body: { types: [FORM] },
  handle: (call) => answered(call, () => voteBy(call)),
});

async function voteBy(call: Visit): Promise<Answer> {
  const form = await readForm(call);
  const opened = await openLink(call);
  if ('answer' in opened) return opened.answer;
  if (opened.approval.state !== 'pending') return pageOf(call, opened);
  const reason = (form.get('reason') ?? '').trim().slice(0, REASON_CHARS);
  const choice = form.get('vote');
  const chosen = choice === 'once' || choice === 'session' || choice === 'deny';
  if (reason === '' || !chosen) {
    const said = chosen ? 'reasonNeeded' : 'voteNeeded';
    return pageOf(call, opened, { said, reason, status: 422 });
  }
  return cast(call, opened, { choice, reason: reason.toWellFormed() });
}

/** A failure is a page too; a bug goes where bugs go. */
async function answered(call: Visit, work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    const fault = asFault(error);
    if (fault.blame === 'internal') throw error;
    return problem(call, 'failed', fault.status);
  }
}

type Ballot = { readonly choice: 'once' | 'session' | 'deny'; readonly reason: string };

async function cast(call: Visit, opened: Opened, { choice, reason }: Ballot): Promise<Answer> {
  const { approval_id } = opened.approval;
  const { govern } = call.face.trail;
  const actor = actorOf(opened.link);
  try {
    const approval =
      choice === 'deny'
        ? await govern.deny(approval_id, { reason }, actor)
        : await govern.approve(approval_id, { reason, scope: choice }, actor);
    return pageOf(call, { ...opened, approval }, { said: 'thanks' });
  } catch (error) {
    const { code, status } = asFault(error);
    if (code === 'approval.own') return problem(call, 'own', status);
    if (code !== 'approval.decided') throw error;
    const approval = await govern.approval(opened.link.tenant, approval_id);
    if (approval.state === 'pending') return problem(call, 'voted', status);
    return pageOf(call, { ...opened, approval }, { status });
  }
}

type Visit = Pick<RawCall, 'face' | 'request'> & {
  readonly params: { readonly token: string };
  readonly query: { readonly language?: string | undefined };
};

type Opened = { readonly link: Link; readonly approval: Approval };

/** What a link opens, or the page that says why it does not. */
async function openLink(call: Visit): Promise<Opened | { readonly answer: Answer }> {
  const { face, params, request } = call;
  const link = readLink(face.trail.linkKey, params.token);
  if (!link) {
    refuser(face, common.path, request)('unknown_token');
    return { answer: problem(call, 'forged', 404) };
  }
  const maker = face.credentials.list().find(({ id }) => id === link.by);
  const may = maker?.role === 'admin' || maker?.role === 'approver';
  const home = maker?.tenant === ANY_TENANT || maker?.tenant === link.tenant;
  if (!may || !home) return { answer: problem(call, 'ended', 410) };
  if (face.now() >= link.exp * 1000) return { answer: problem(call, 'expired', 410) };
  const approval = await face.trail.govern.approval(link.tenant, link.approval_id);
  return { link, approval };
}

/** A link acts as the person it names; who made it may not have asked for the approval. */
function actorOf({ tenant, by, person }: Link): Actor {
  const producer = { tenant_id: tenant, user: { id: person } };
  return { tenant, credential_id: by, name: `link:${person}`, producer };
}

type Shown = Pick<Page, 'said' | 'reason'> & { readonly status?: number };

async function pageOf(call: Visit, { link, approval }: Opened, shown: Shown = {}): Promise<Answer> {
  const { face } = call;
  const { status = 200, ...rest } = shown;
  const { tenant, person } = link;
  const { approval_id, task_id } = approval;
  face.notebook.note({
    ...{ type: 'access', tenant, user: `link:${person}`, tool: 'approvals.show' },
    arguments: { approval_id },
  });
  const task = task_id && (await face.trail.govern.task(tenant, task_id).catch(() => undefined));
  const bytes = approvalPage({
    words: wordsOf(call.request, call.query.language),
    ...{ approval, goal: task ? task.goal : undefined, person, now_ms: face.now(), ...rest },
  });
  return { kind: 'bytes', status, bytes, type: HTML, headers: PAGE_HEADERS };
}

function problem(call: Visit, what: Problem, status: number): Answer {
  const bytes = problemPage(wordsOf(call.request, call.query.language), what);
  return { kind: 'bytes', status, bytes, type: HTML, headers: PAGE_HEADERS };
}

function wordsOf(request: RawCall['request'], language?: string): Words {
  return wordsFor(language, request.headers['accept-language']);
}

async function readForm({ face, request }: Visit): Promise<URLSearchParams> {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type !== FORM) {
    throw new Fault('request.unsupported', `The body must be ${FORM}.`, { field: 'content-type' });
  }
  const lease = face.budget.lease();
  try {
    const body = await readBody(request, { max_bytes: BODY_BYTES, lease });
    return new URLSearchParams(body.toString());
  } finally {
    lease.end();
  }
}

export const linkRoutes = [create, show, vote];
