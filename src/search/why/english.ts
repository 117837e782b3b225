/** The sentences of an explanation in English. */
import type { Group, Limit, Traced, Wording } from './wording.ts';

export const ENGLISH: Wording = {
  asked: ({ who, at, channel, behalf, text, erased, how }) => {
    const lead = { last: 'The last prompt before it: ', above: 'In the parent session: ' };
    const through = channel && ` through ${channel}`;
    const whom = behalf && `, on behalf of ${behalf}`;
    const words = text ? `"${text}"` : erased ? '(its text was erased)' : '(no text recorded)';
    const before = how === 'last' || how === 'above' ? lead[how] : '';
    return `${before}${who || 'The user'} asked${through} at ${at}${whom}: ${words}`;
  },
  ordered: ({ at, text }) => `The sub-agent was asked at ${at}: ${quoted(text)}`,
  delegated: ({ at, act, session }) =>
    `A sub-agent did this; ${act || 'a call that was not seen'} of session ${session} started it${
      at && ` at ${at}`
    }.`,
  instructed: ({ at, text }) => `The model had these instructions from ${at} on: ${quoted(text)}`,
  task: ({ id, goal, by, at, limits }) => {
    const declared = by || at ? `, declared${by && ` by ${by}`}${at && ` at ${at}`}` : '';
    const aim = goal && `: ${quoted(goal)}`;
    if (limits === undefined) return `It belongs to task ${id}; its declaration was not read.`;
    const bounds =
      limits.length === 0 ? 'without limits' : `limits: ${limits.map(limit).join('; ')}`;
    return `It belongs to task ${id}${declared}${aim} (${bounds}).`;
  },
  spent: ({ calls, most }) =>
    `${calls} ${most === undefined ? '' : `of at most ${most} `}${
      calls === 1 && most === undefined ? 'call' : 'calls'
    } had been permitted in it before this decision.`,
  saw: (groups) =>
    `Between the prompt and this, the agent was shown ${groups.map(group).join('; ')}.`,
  sawNothing: () => 'Nothing is recorded that the agent was shown between the prompt and this.',
  origin: (told) => `${list(told.values.map(quoted))} ${first(told)}${mention(told)}`,
  prompted: ({ values }) =>
    `The user's prompt names ${list(values.map(quoted))}: nothing before it does.`,
  model: (model) => `The model was ${model}.`,
  said: ({ at, text, thought }) =>
    `Before this the agent ${thought ? 'thought' : 'said'} at ${at}: ${quoted(text)}`,
  decided: ({ at, by, who, outcome, policies, version, reason, constraints, ...how }) => {
    const names = { human: 'A person', hook: 'A hook', config: 'Configuration' };
    const set = policies.length > 1 ? 'Policies' : 'Policy';
    const policy =
      by === 'policy' ? `${set}${policies.length > 0 ? ` ${list(policies)}` : ''}` : '';
    const other = Object.hasOwn(names, by) ? names[by as keyof typeof names] : 'Somebody';
    const verbs = { permit: 'permitted it', deny: 'denied it', escalate: 'asked for approval' };
    const verb = outcome === undefined ? 'decided in a way that nobody saw' : verbs[outcome];
    const sentences = [
      `${who || policy || other} ${verb} at ${at}${version && ` (policy set ${version})`}.`,
      reason && `The recorded reason: ${quoted(reason)}`,
      how.lifted.length > 0 ? `An approval lifted ${list(how.lifted)}.` : '',
      constraints && `In effect: ${constraints}.`,
      how.observed ? 'It was only observed: the agent was let go on.' : '',
      how.matched ? 'It is matched by tool and arguments: no id joins them.' : '',
    ];
    return sentences.filter((one) => one !== '').join(' ');
  },
  policy: ({ id, effect, file, author, at, reason, values }) => {
    const force =
      author || at ? `, in force${author && ` by ${author}`}${at && ` since ${at}`}` : '';
    const why = reason && ` It says: ${quoted(reason)}`;
    const about = values.length === 0 ? '' : ` What it looks at was: ${values.join(', ')}.`;
    return `Policy ${id} (${effect}s, in ${file}${force}).${why}${about}`;
  },
  requested: ({ who, at, reason, quorum, expires }) =>
    `${who || 'Somebody'} asked for approval at ${at}${reason && `: ${quoted(reason)}`}; ${
      quorum > 1 ? `${quorum} approvals were needed` : 'one approval was needed'
    }${expires && `, until ${expires}`}.`,
  voted: ({ who, at, vote, scope, after, reason }) =>
    `${who || 'Somebody'} ${vote === 'approve' ? 'approved' : 'denied'} it at ${at}${
      after && `, ${after} after it was asked`
    }${scope === 'session' ? ', for the session' : scope === 'once' ? ', for one run' : ''}${
      reason && `: ${quoted(reason)}`
    }`,
  approvalIs: (state, at, after) => {
    const states: Readonly<Record<string, string>> = {
      pending: 'Nobody has decided yet: it waits.',
      approved: `It was approved${at && ` at ${at}`}.`,
      denied: `It was denied${at && ` at ${at}`}.`,
      expired: `Nobody decided in time${after && ` (${after})`}: it expired, which denies.`,
      used: 'The approval was used by a run of this action.',
    };
    return Object.hasOwn(states, state) ? (states[state] ?? '') : 'Its state is not known.';
  },
  acted: ({ at, act, resources, witnesses }) =>
    `The agent called ${act} at ${at}${
      resources.length === 0 ? '' : `; it touches ${resources.join(', ')}`
    }. ${witnesses.length === 1 ? 'Its one witness' : 'Witnesses'}: ${list(witnesses)}.`,
  result: ({ status, took, text, reason, answered }) => {
    const why = reason && `: ${quoted(reason)}`;
    const back = text && ` It gave back: ${quoted(text)}`;
    switch (status) {
      case 'pending':
        return 'No result is recorded yet.';
      case 'success':
        return `It succeeded${took && ` in ${took}`}.${back}`;
      case 'error':
        return `It failed${took && ` after ${took}`}${why || '.'}${back}`;
      case 'blocked':
        return `It was blocked and not carried out, as recorded${why || '.'}`;
      case 'escalated':
        return `It waits for approval${why || '.'}`;
      default:
        return answered
          ? `It gave a result; whether it succeeded was not told.${back}`
          : 'What came of it was seen by nobody.';
    }
  },
  unshown: ({ by, what, seen }) => {
    const halves = { call: 'it', request: 'that it was asked for', result: 'its result' };
    return `${by} did not show ${halves[what]}; ${list(seen)} did.`;
  },
  reused: ({ values, of, act, at, fresh }) => {
    const from = { result: 'its result', prompt: 'this prompt', words: 'its words' }[of];
    const names = list(values.map(quoted));
    const stand = values.length === 1 ? 'stands' : 'stand';
    const before = fresh
      ? `; nothing before ${from} held ${values.length === 1 ? 'it' : 'them'}`
      : '';
    return `${names} from ${from} ${stand} in ${act} at ${at}${before}.`;
  },
  touched: ({ resource, earlier, later, act, at }) =>
    `${resource}, which it ${past(earlier)}, was ${done(later)} at ${at} by ${act}.`,
  next: ({ count, acts }) => {
    if (count === 0) return 'No further call is recorded in this turn.';
    const more = `${count} more ${count === 1 ? 'call' : 'calls'}`;
    const others = count > acts.length ? ' and others' : '';
    return `After it the agent made ${more} in this turn: ${list(acts)}${others}.`;
  },
  answered: ({ at, text }) => `The agent then answered at ${at}: ${quoted(text)}`,
  unmentioned: (values) => `That answer does not mention ${list(values.map(quoted))}.`,
  undone: ({ at, text }) => `A rollback was recorded at ${at}${text && `: ${quoted(text)}`}`,
  found: ({ at, text }) => `A finding was recorded at ${at}${text && `: ${quoted(text)}`}`,
  closed: ({ at, outcome, text }) =>
    `The task was closed at ${at}${outcome && ` (${outcome})`}${text && `: ${quoted(text)}`}`,
  ended: (at) => `The session ended at ${at}.`,
  lost: ({ at, text }) => `A gap lies in the record at ${at}${text && `: ${quoted(text)}`}`,
  noted: ({ at, text }) => `At ${at}: ${text}`,
  unknown: {
    prompt: () => 'No prompt is recorded before it: who set it going is not known.',
    parent: (session) => `Nothing is recorded of the session that started it (${session}).`,
    decision: () => 'No decision is recorded for it: nothing says that it was checked.',
    policy_text: (id) => `The text of ${id}, as it was then, is not known here.`,
    call: () => 'No call is recorded that this was about: whether it was made is not known.',
    result: () => 'Nobody saw what came of it.',
    running: () => 'It may still be running: no result has come.',
    origin: (values) => `In what was read, nothing before it holds ${values}.`,
    erased: (count) => `The content of ${count} rows was erased: what they held is not known.`,
    partly_read: (count) => `Of ${count} rows only the beginning was read.`,
    left_out_before: (count) =>
      `${count} earlier rows of the session were not read: what is called first may stand there.`,
    left_out_after: (count) => `${count} later rows of the session were not read.`,
    lagging: () => 'The index has not read everything yet: ask again.',
    witness: () => 'One witness alone saw it: nobody independent confirms it.',
    not_recorded: (tool) => `The model asked for ${tool}; the runtime never recorded it.`,
    no_request: (tool) => `A result of ${tool} came, and nobody saw it asked for.`,
    shortfalls: (count) =>
      `Of the session ${count} more things are missing: clawctl coverage names them.`,
  },
};

function quoted(text: string): string {
  return text === '' ? '(nothing recorded)' : `"${text}"`;
}

function list(words: readonly string[]): string {
  if (words.length < 2) return words[0] ?? '(none)';
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

function first({ from, act, session, at, steps }: Traced): string {
  const ago = `, ${steps} ${steps === 1 ? 'step' : 'steps'} before`;
  switch (from) {
    case 'shown':
      return `first appeared in the result of ${act} at ${at}${ago}.`;
    case 'notice':
      return `first appeared in a message of the runtime at ${at}${ago}.`;
    case 'agent':
      return act
        ? `first appeared in the agent's own call of ${act} at ${at}${ago}.`
        : `first appeared in the agent's own words at ${at}${ago}.`;
    case 'instructions':
      return `first appeared in the instructions to the model at ${at}.`;
    case 'elsewhere':
      return `first appeared in session ${session} at ${at}; that this agent saw it is not known.`;
  }
}

function mention({ prompt, values }: Traced): string {
  const them = values.length === 1 ? 'it' : 'them';
  switch (prompt) {
    case 'none':
      return '';
    case 'silent':
      return ` The user's prompt does not mention ${them}.`;
    case 'silent_all':
      return ` No prompt of the user before this mentions ${them}.`;
    case 'unread':
      return ` Not all prompts of the user could be read; those that could do not name ${them}.`;
    case 'names':
      return ` A prompt of the user mentions ${them} too, later.`;
  }
}

function limit(one: Limit): string {
  switch (one.kind) {
    case 'calls':
      return `at most ${one.most} calls`;
    case 'seconds':
      return `at most ${one.most} s`;
    case 'tokens':
      return `at most ${one.most} tokens`;
    default:
      return `${one.kind} ${one.names.length === 0 ? 'none' : one.names.join(', ')}`;
  }
}

function group({ kind, count, names }: Group): string {
  const nouns = {
    files: ['file', 'files'],
    pages: ['page', 'pages'],
    commands: ['output of a command', 'outputs of commands'],
    agents: ['result of a sub-agent', 'results of sub-agents'],
    results: ['result of a tool', 'results of tools'],
    notices: ['message of the runtime', 'messages of the runtime'],
  } as const;
  const more = count > names.length && names.length > 0 ? ', …' : '';
  const told = names.length === 0 ? '' : ` (${names.join(', ')}${more})`;
  return `${count} ${nouns[kind][count === 1 ? 0 : 1]}${told}`;
}

function past(access: string): string {
  return access === 'write' ? 'wrote' : done(access);
}

function done(access: string): string {
  const words: Readonly<Record<string, string>> = {
    read: 'read',
    write: 'written',
    delete: 'deleted',
    execute: 'executed',
    network: 'reached',
  };
  return Object.hasOwn(words, access) ? (words[access] ?? 'used') : 'used';
}
