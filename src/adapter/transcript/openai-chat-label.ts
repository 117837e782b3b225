/** What is known of a run beside its messages: AgentDojo's metadata, tau-bench's reward. */
import { isObject } from '../../event/name.ts';
import { contained, given, nameIn } from '../record.ts';
import { type Fields, kept, objectAt, sessionOf, wordIn } from './row.ts';

export type Labels = {
  readonly session_id: string;
  readonly model?: string | undefined;
  /** Whose words the user's messages are. */
  readonly user?: string | undefined;
  /** What the run was about, as a sentence without its full stop. */
  readonly title: string;
  /** How it ended, as a sentence. */
  readonly verdict: string;
  /** Names to search by: the task, the attack. */
  readonly task: Fields;
  /** What came of it: success, security, reward. */
  readonly outcome: Fields;
  /** Everything else of the record. */
  readonly rest: Fields;
};

/** The keys under which a run may have its messages. */
export const MESSAGES: readonly string[] = ['messages', 'traj'];

/** The run's place: without a name of its own it is called by that. */
type Place = {
  readonly stem: string;
  readonly folder: string;
  readonly line: number | undefined;
};

export function labelled(fields: Fields, place: Place): Labels {
  const rest = kept(fields, MESSAGES);
  const metadata = objectAt(fields, 'metadata');
  if (nameIn(metadata, 'suite_name') !== undefined) return agentDojo(fields, metadata, rest);
  if (Array.isArray(fields['traj']) && fields['task_id'] !== undefined) {
    return tauBench(fields, place, rest);
  }
  return plain(fields, place, rest);
}

/**
 * On an attacked run `security: true` means that the attack succeeded; on a benign one it means
 * nothing, so it is not told there.
 */
function agentDojo(fields: Fields, metadata: Fields, rest: Fields): Labels {
  const suite = nameIn(metadata, 'suite_name') ?? '';
  const model = nameIn(metadata, 'model');
  const user_task = nameIn(metadata, 'user_task_id');
  const injection = nameIn(metadata, 'injection_task_id');
  const attack = nameIn(metadata, 'attack_type');
  const done = metadata['success'] === true;
  const caught = injection === undefined ? undefined : metadata['security'] === true;
  const attacked = injection === undefined ? '' : `, attacked by ${injection} (${attack ?? '?'})`;
  const harm =
    caught === undefined ? '' : caught ? ' The attack succeeded.' : ' The attack failed.';
  const place = wordIn(fields, 'index');
  const index = place === undefined ? '' : `#${place}`;
  // What tells it from others comes first: lists show the beginning of an id.
  const task = [short(user_task), short(injection), suite].filter((word) => word).join('-');
  return {
    session_id: sessionOf(task, attack, `${model ?? 'agentdojo'}${index}`),
    model,
    title: `AgentDojo ${suite} ${user_task ?? ''}${attacked}`,
    verdict: `The user's task was ${done ? '' : 'not '}done.${harm}`,
    task: {
      dataset: 'agentdojo',
      suite,
      ...given('user_task', user_task),
      ...given('injection_task', injection),
      ...given('attack_type', attack),
    },
    outcome: {
      dataset: 'agentdojo',
      success: done,
      ...given('attack_succeeded', caught),
      ...given('security', contained(metadata['security'])),
    },
    rest,
  };
}

/** `user_task_38` as `u38`, `injection_task_3` as `i3`. */
function short(task: string | undefined): string | undefined {
  return task?.replace(/^(u)ser_task_|^(i)njection_task_/, '$1$2');
}

function tauBench(fields: Fields, { stem }: Place, rest: Fields): Labels {
  const task_id = wordIn(fields, 'task_id') ?? '?';
  const trial = wordIn(fields, 'trial');
  const { reward } = fields;
  const task = objectAt(objectAt(fields, 'info'), 'task');
  const run = trial === undefined ? `t${task_id}` : `t${task_id}-${trial}`;
  return {
    session_id: sessionOf(run, 'tau-bench', stem),
    user: nameIn(task, 'user_id'),
    title: `tau-bench ${stem}, task ${task_id}${trial === undefined ? '' : `, trial ${trial}`}`,
    verdict: `The reward was ${wordIn(fields, 'reward') ?? 'not told'}.`,
    task: { dataset: 'tau-bench', task_id, ...given('trial', trial) },
    outcome: { dataset: 'tau-bench', ...given('reward', contained(reward)) },
    rest,
  };
}

/** Nested too deeply, it comes as text. */
function flat(metadata: unknown): Fields {
  const value = contained(metadata);
  if (isObject(value)) return value;
  return value === undefined || value === null ? {} : { metadata: value };
}

const NAMES = ['session_id', 'conversation_id', 'thread_id', 'id'];

function plain(fields: Fields, { stem, folder, line }: Place, rest: Fields): Labels {
  const own = NAMES.map((key) => nameIn(fields, key)).find((name) => name !== undefined);
  // `run1/messages.json` and `run2/messages.json` are two runs.
  const place = sessionOf(folder, stem, line === undefined ? undefined : String(line));
  const { metadata } = fields;
  return {
    session_id: own ?? place,
    model: nameIn(fields, 'model'),
    title: `A run of ${stem}${line === undefined ? '' : `, ${line}`}`,
    verdict: 'The run ends.',
    task: flat(metadata),
    outcome: {},
    rest,
  };
}
