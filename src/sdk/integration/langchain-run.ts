/** The tree of LangChain's runs under way, and in whose session each of them stands. */
import type { Call, Fields, Session } from '../sdk.ts';
import {
  at,
  given,
  type Host,
  type IntegrationOptions,
  keepOpen,
  marks,
  nameOf,
  openPart,
  openRun,
} from './witness.ts';

type Root = { readonly session: Session; readonly own: boolean; prompted: boolean };

export type Run = {
  readonly id: string;
  readonly name: string;
  readonly kind: 'chain' | 'model' | 'tool';
  readonly since_ms: number;
  readonly root: Root;
  readonly parent: Run | undefined;
  /** The call of a tool inside of which it runs. */
  readonly below: Run | undefined;
  call?: Call;
  /** Of a tool whose work calls models or tools itself: a sub-agent's. */
  part?: Session;
  model?: string | undefined;
  destination?: string | undefined;
};

type Begun = {
  readonly id: unknown;
  readonly parent: unknown;
  readonly metadata: unknown;
  readonly kind: Run['kind'];
  readonly name: string;
};

export type Runs = ReturnType<typeof openRuns>;

const RUNTIME = 'langchain';
const RUNS = 10_000;

export function openRuns(host: Host, options: IntegrationOptions) {
  const runs = keepOpen<Run>(RUNS, (run) => run.call?.unknown('It was never ended.'));
  return {
    get: (id: unknown) => runs.get(String(id)),
    begin: ({ id: given, parent: above, metadata, kind, name }: Begun): Run | undefined => {
      const id = nameOf(given);
      if (id === undefined) return undefined;
      const parent = runs.get(String(above));
      const root = parent?.root ?? openRoot(host, options, { id, metadata, name });
      const below = parent?.kind === 'tool' ? parent : parent?.below;
      const run: Run = { id, name, kind, since_ms: performance.now(), root, parent, below };
      runs.set(id, run);
      return run;
    },
    /** A sub-agent's session ends with the call that started it, an own one with its root. */
    end: (id: unknown, fields: Fields): void => {
      const run = runs.take(String(id));
      run?.part?.end({ detail: 'The sub-agent ended.' });
      if (run === undefined || run.parent !== undefined) return;
      const { session, own } = run.root;
      if (own) session.end(fields);
      else if (fields.status === 'error') {
        session.record({ type: 'session', operation: 'run', ...fields });
      }
    },
  };
}

function openRoot(
  host: Host,
  options: IntegrationOptions,
  {
    id,
    metadata,
    name,
  }: { readonly id: string; readonly metadata: unknown; readonly name: string },
): Root {
  const marked = marks(RUNTIME, nameOf(at(metadata, 'versions', '@langchain/core')));
  const fields = { ...marked, agent: { ...marked.agent, name }, turn_id: id };
  const told =
    nameOf(at(metadata, 'session_id')) ??
    nameOf(at(metadata, 'thread_id')) ??
    nameOf(at(metadata, 'conversation_id'));
  return { ...openRun(host, options, { session_id: told ?? id, fields }), prompted: false };
}

/** The session in which a call of a model or a tool stands; a sub-agent's begins with its first. */
export function sessionOf({ root, below }: Run): Session {
  if (below === undefined) return root.session;
  below.part ??= openPart(sessionOf(below), below.call?.call_id ?? below.id, {
    ...marks(RUNTIME),
    agent: { runtime: RUNTIME, ...given('name', below.name) },
  });
  return below.part;
}
