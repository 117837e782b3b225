/** Hooks about what surrounds the agent: files, settings, models, tasks, questions of servers. */
import type { Access, Draft, Event, Resource, Status } from '../../event/event.ts';
import { RESOURCE_CHARS } from '../../event/event.ts';
import { sentence } from '../draft.ts';
import { given, nameIn, textIn } from '../record.ts';
import { draftOf, type Hook } from './record.ts';

/** InstructionsLoaded: a file such as CLAUDE.md became part of what the model reads. */
export function instructionsLoaded(hook: Hook): Draft[] {
  const draft = draftOf(hook, {
    type: 'file_operation',
    action: 'read',
    operation: 'read',
    status: 'success',
    ...touched(hook, { key: 'file_path', kind: 'file', access: 'read' }),
    detail: sentence('Instructions are loaded', textIn(hook.fields, 'load_reason')),
    used: ['file_path'],
  });
  return [draft];
}

/** FileChanged: a watched file changed on disk, by whomever. */
export function fileChanged(hook: Hook): Draft[] {
  const what = textIn(hook.fields, 'event');
  const access = what === 'unlink' ? 'delete' : 'write';
  const operation = what === 'add' ? 'create' : access;
  const draft = draftOf(hook, {
    type: 'file_operation',
    action: access,
    operation,
    ...touched(hook, { key: 'file_path', kind: 'file', access }),
    detail: 'A watched file changed; the hook does not say who changed it.',
    used: ['file_path'],
  });
  return [draft];
}

type Folder = Pick<Draft, 'type' | 'operation'> & {
  /** The field of the record that names it. */
  readonly key: string;
  readonly access: Exclude<Access, 'network'>;
};

/** CwdChanged, DirectoryAdded, WorktreeCreate, WorktreeRemove. */
export function folder({ key, access, ...facts }: Folder): (hook: Hook) => Draft[] {
  return (hook) => {
    const draft = draftOf(hook, {
      ...facts,
      action: access,
      ...touched(hook, { key, kind: 'directory', access }),
      used: [key],
    });
    return [draft];
  };
}

/** ConfigChange: settings changed while the session runs. */
export function configChange(hook: Hook): Draft[] {
  const draft = draftOf(hook, {
    type: 'admin',
    action: 'admin',
    ...touched(hook, { key: 'file_path', kind: 'file', access: 'write' }),
    detail: sentence('Settings changed', textIn(hook.fields, 'source')),
    used: ['file_path'],
  });
  return [draft];
}

/** PreModelSwitch, PostModelSwitch. */
export function modelSwitch(what: string): (hook: Hook) => Draft[] {
  return (hook) => {
    const from = nameIn(hook.fields, 'from_model') ?? 'unknown';
    const to = nameIn(hook.fields, 'to_model');
    const draft = draftOf(hook, {
      type: 'admin',
      action: 'admin',
      ...given('model', to),
      detail: `${what} from ${from} to ${to ?? 'unknown'}.`,
      used: ['to_model'],
    });
    return [draft];
  };
}

/** TaskCreated, TaskCompleted: the agent's own list of what to do. */
export function task(operation: 'create' | 'complete'): (hook: Hook) => Draft[] {
  return (hook) => {
    const { fields } = hook;
    const draft = draftOf(hook, {
      type: 'task',
      action: 'plan',
      operation,
      ...(operation === 'complete' ? { status: 'success' as const } : {}),
      ...given('task_id', nameIn(fields, 'task_id')),
      ...given('content', textIn(fields, 'task_subject')),
      ...given('detail', textIn(fields, 'task_description')),
      used: ['task_id', 'task_subject', 'task_description'],
    });
    return [draft];
  };
}

/** Elicitation: an MCP server asks the user. */
export function elicitation(hook: Hook): Draft[] {
  const draft = draftOf(hook, {
    type: 'approval',
    status: 'escalated',
    ...touched(hook, { key: 'mcp_server_name', kind: 'mcp_server', access: 'read' }),
    ...given('content', textIn(hook.fields, 'message')),
    used: ['mcp_server_name', 'message'],
  });
  return [draft];
}

/** ElicitationResult: hooks may answer for the user, so it does not say who answered. */
export function elicitationResult(hook: Hook): Draft[] {
  const answer = textIn(hook.fields, 'action');
  const { status, outcome } = ANSWERS.get(answer ?? '') ?? {
    status: 'unknown',
    outcome: undefined,
  };
  const draft = draftOf(hook, {
    type: 'approval',
    status,
    decision: { ...given('outcome', outcome), ...given('reason', answer) },
    ...touched(hook, { key: 'mcp_server_name', kind: 'mcp_server', access: 'write' }),
    ...given('arguments', hook.fields['content']),
    used: ['mcp_server_name', 'content', 'action'],
  });
  return [draft];
}

type Outcome = NonNullable<Event['decision']>['outcome'];

const ANSWERS: ReadonlyMap<string, { readonly status: Status; readonly outcome: Outcome }> =
  new Map([
    ['accept', { status: 'success', outcome: 'permit' }],
    ['decline', { status: 'blocked', outcome: 'deny' }],
  ]);

type Place = { readonly key: string } & Pick<Resource, 'kind' | 'access'>;

function touched(hook: Hook, { key, kind, access }: Place): Partial<Draft> {
  const id = textIn(hook.fields, key)?.slice(0, RESOURCE_CHARS);
  if (id === undefined || id === '') return {};
  const path = kind === 'file' || kind === 'directory' ? { path: id } : {};
  return { ...path, resources: [{ kind, id, access }] };
}
