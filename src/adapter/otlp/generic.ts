/** Telemetry of nobody that Claw knows, kept where it names a session: API calls and notes. */
import type { Draft } from '../../event/event.ts';
import type { AdaptContext, Adapted } from '../adapter.ts';
import { given, nameIn, textIn } from '../record.ts';
import { draftOf, type Family, mapped, nameOf, noted, type Scene } from './draft.ts';
import { endOf } from './gen-ai.ts';
import type { Log, Span, Telemetry } from './telemetry.ts';
import { countIn } from './value.ts';

const SESSION = ['session.id', 'gen_ai.conversation.id', 'conversation.id', 'thread.id'];
const NO_SESSION = 'it names no session, agent, model or tool';

export const generic: Family = { owns: () => true, adapt };

function adapt(record: Telemetry, context: AdaptContext): Adapted {
  const session_id = nameOf(record, SESSION);
  if (session_id === undefined) return { skipped: NO_SESSION };
  const place = { context, runtime: 'otel', session_id, base: ['event.name', ...SESSION] };
  if (record.kind === 'span') return mapped<Span>({ ...place, record }, apiCall);
  return mapped<Log>({ ...place, record }, (scene) => noted(scene, 'A log record'));
}

const USED = [
  ...['http.request.method', 'http.method', 'server.address', 'net.peer.name', 'http.host'],
  ...['http.response.status_code', 'http.status_code', 'url.path', 'error.type'],
];

/** A client's span of the HTTP conventions, current or old. */
function apiCall(scene: Scene<Span>): Draft[] | string {
  const { attributes } = scene.record;
  const method = nameIn(attributes, 'http.request.method') ?? nameIn(attributes, 'http.method');
  const url = textIn(attributes, 'url.full') ?? textIn(attributes, 'http.url');
  const at = url !== undefined && URL.canParse(url) ? new URL(url) : undefined;
  const host =
    nameIn(attributes, 'server.address') ?? nameIn(attributes, 'net.peer.name') ?? at?.hostname;
  if (method === undefined || host === undefined) return 'a step that is no call of an API';
  const status_code =
    countIn(attributes, 'http.response.status_code') ?? countIn(attributes, 'http.status_code');
  const failed = status_code !== undefined && status_code >= 400;
  return [
    draftOf(scene, {
      type: 'api_call',
      method,
      destination: host,
      ...given('endpoint', textIn(attributes, 'url.path') ?? at?.pathname),
      ...given('status_code', status_code),
      ...endOf(scene.record, status_code !== undefined),
      ...(failed ? { status: 'error' as const } : {}),
      used: USED,
    }),
  ];
}
