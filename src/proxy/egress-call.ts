/** What the egress proxy records of one connection or request: where to, how much, what came. */
import { fit } from '../adapter/record.ts';
import { type Draft, RESOURCE_CHARS } from '../event/event.ts';
import { newId } from '../sdk/line.ts';
import type { GateAction, Refusal } from './gate.ts';

export type EgressCall = {
  /** What a policy is asked: as the call is recorded. */
  readonly action: () => GateAction;
  /** Connected: a tunnel may stay open for hours, so its beginning is a fact of its own. */
  readonly connected: (address: string | undefined) => void;
  readonly sent: (bytes: number) => void;
  readonly received: (bytes: number) => void;
  /** `by`: where a policy decided, and not a rule. */
  readonly deny: (reason: string, by?: Refusal['decision']) => void;
  /** Once; what comes later is not heard. */
  readonly end: (ending: Ending) => void;
};

export type Ending = {
  readonly status_code?: number | undefined;
  readonly error?: { readonly code: string; readonly message: string } | undefined;
};

export type CallOptions = {
  readonly record: (draft: Draft) => unknown;
  readonly session_id: string;
  readonly method: string;
  readonly host: string;
  readonly port: number;
  /** Path without query, where it is visible. */
  readonly endpoint?: string | undefined;
};

const SOURCE = { kind: 'egress_proxy' } as const;
const STANDARD_PORT: Readonly<Record<string, number>> = { CONNECT: 443 };

export function openCall(options: CallOptions): EgressCall {
  const { record, port } = options;
  const started_ms = Date.now();
  const base = baseOf(options, started_ms);
  const bytes = { sent: 0, received: 0 };
  let address: string | undefined;
  let over = false;
  const attributes = () => ({ port, ...(address === undefined ? {} : { address }) });
  const finish = (facts: Partial<Draft>) => {
    if (over) return;
    over = true;
    const duration_ms = Date.now() - started_ms;
    record({ ...base, duration_ms, attributes: attributes(), ...facts });
  };
  return {
    action: () => actionOf(options, base),
    connected: (to) => {
      address = to;
      record({ ...base, status: 'pending', attributes: attributes() });
    },
    sent: (count) => {
      bytes.sent += count;
    },
    received: (count) => {
      bytes.received += count;
    },
    deny: (reason, by) =>
      finish({
        status: 'blocked',
        status_code: 403,
        decision: by ?? { outcome: 'deny', by: 'config', reason },
      }),
    end: ({ status_code, error }) =>
      finish({
        ...outcomeOf(status_code, error),
        ...(status_code === undefined ? {} : { status_code }),
        bytes: bytes.sent + bytes.received,
        attributes: {
          ...attributes(),
          sent_bytes: bytes.sent,
          received_bytes: bytes.received,
        },
      }),
  };
}

function baseOf({ session_id, method, host, port, endpoint }: CallOptions, started_ms: number) {
  return {
    type: 'api_call',
    session_id,
    call_id: newId(started_ms),
    time: new Date(started_ms).toISOString(),
    method: fit(method || 'unknown'),
    destination: fit(destinationOf(host, port, STANDARD_PORT[method] ?? 80)),
    ...(endpoint === undefined ? {} : { endpoint: endpoint.slice(0, ENDPOINT_CHARS) }),
    source: SOURCE,
  } as const;
}

const ENDPOINT_CHARS = 8192;

/** The host with its port and without: a rule for a host is one for all of its ports. */
function actionOf(
  { host, port }: CallOptions,
  { session_id, call_id, method, destination, endpoint }: ReturnType<typeof baseOf>,
): GateAction {
  const name = host.includes(':') ? `[${host}]` : host;
  const hosts = [...new Set([destination, fit(name)])].map((id) => ({
    kind: 'host' as const,
    id,
    access: 'network' as const,
  }));
  const url =
    endpoint === undefined
      ? []
      : [
          {
            kind: 'url' as const,
            id: `http://${destination}${endpoint}`,
            access: 'network' as const,
          },
        ];
  const given = endpoint === undefined ? {} : { endpoint };
  return {
    ...{ session_id, call_id, tool: 'network', action: 'network' },
    arguments: { method, destination, port, ...given },
    resources: [...hosts, ...url].map((one) => ({ ...one, id: one.id.slice(0, RESOURCE_CHARS) })),
  };
}

/** Of a tunnel only the ends are seen: what it carried may have gone well or not. */
function outcomeOf(
  status_code: number | undefined,
  error: Ending['error'],
): Pick<Draft, 'status' | 'error'> {
  if (error !== undefined) return { status: 'error', error };
  if (status_code === undefined) return { status: 'unknown' };
  return { status: status_code >= 400 ? 'error' : 'success' };
}

function destinationOf(host: string, port: number, standard: number): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return port === standard ? name : `${name}:${port}`;
}
