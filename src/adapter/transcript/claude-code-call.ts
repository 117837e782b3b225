/** Tool calls in Claude Code's transcripts: asked by the model, answered by the runtime. */
import type { Event } from '../../event/event.ts';
import { isObject } from '../../event/name.ts';
import { outcomeOf, readResult } from '../claude-code/denial.ts';
import { contained, given, nameIn } from '../record.ts';
import { blocksOf, type Row } from './claude-code-row.ts';
import { countIn, type Fields, objectAt, type Said, textOf } from './row.ts';

/** The calls that the model asks for. */
export function asked(row: Row): readonly Said[] {
  return blocksOf(row, (type) => type.endsWith('tool_use')).flatMap((block) => {
    const call_id = nameIn(block, 'id');
    if (call_id === undefined) return [];
    return {
      type: 'tool_call',
      call_id,
      ...given('tool', nameIn(block, 'name')),
      ...given('arguments', contained(block['input'])),
      status: 'pending',
      ...given('model', nameIn(objectAt(row.fields, 'message'), 'model')),
      part: `asked ${call_id}`,
    };
  });
}

/** What became of calls. A row has one result as a rule, and then its structured form beside it. */
export function answers(row: Row): readonly Said[] {
  const blocks = blocksOf(row, (type) => type.endsWith('tool_result'));
  return blocks.flatMap((block) => {
    const call_id = nameIn(block, 'tool_use_id');
    if (call_id === undefined) return [];
    const structured = blocks.length === 1 ? row.fields['toolUseResult'] : undefined;
    return [{ ...answer({ row, block, structured }), call_id, part: `answered ${call_id}` }];
  });
}

type Answer = {
  readonly row: Row;
  readonly block: Fields;
  /** `toolUseResult`: what the tool gave back, or `Error: …`. */
  readonly structured: unknown;
};

function answer(answer: Answer): Said {
  const { row, block, structured } = answer;
  const failed = block['is_error'] === true;
  const outcome = denial(answer) ?? (failed ? failure(answer) : success(answer));
  const told = isObject(structured) ? structured : {};
  const took = countIn(told, 'durationMs') ?? countIn(told, 'totalDurationMs');
  // For a failure the structured form is the same words; the model may have been given more.
  const whole = failed || structured === undefined ? block['content'] : structured;
  const seen = whole === block['content'] ? {} : { seen_by_model: block['content'] };
  return {
    type: 'tool_call',
    ...outcome,
    result: contained(whole),
    ...given('duration_ms', took),
    raw: contained({ ...row.rest, ...seen }),
  };
}

type Outcome = Pick<Said, 'status' | 'error' | 'decision' | 'attributes'>;

/**
 * The runtime's own record of who allowed the call, `permissionDecision`, tells more than the
 * words that the model got: those may be a server's. Where nobody could be asked, the row says
 * `user-rejected` with `source: config`: that is no person's decision. A row without it is of an
 * older version, or its call was refused before anybody was asked.
 */
function denial({ row: { fields }, block }: Answer): Outcome | undefined {
  if (fields['toolDenialKind'] === 'interrupted' || fields['toolDenialKind'] === 'cancelled') {
    return { status: 'error', error: { code: 'interrupted', ...messageOf(block) } };
  }
  const asked = objectAt(fields, 'permissionDecision');
  const decision = nameIn(asked, 'decision');
  if (decision === undefined) {
    return block['is_error'] === true ? outcomeOf(readResult(block['content'])) : undefined;
  }
  if (decision !== 'reject') return undefined;
  const reading = readResult(block['content']);
  const reason = reading?.reason ?? textOf(block['content']);
  const denied = { outcome: 'deny', ...decider(asked), ...given('reason', reason) } as const;
  // A hook that objects after the tool has run cannot undo what it did.
  const ran = fields['toolDenialAfterRun'] === true;
  return ran
    ? { status: 'error', error: { code: 'denied_after_run' }, decision: denied }
    : { status: 'blocked', decision: denied };
}

function failure({ row, block, structured }: Answer): Outcome {
  const told = typeof structured === 'string' ? structured.replace(/^Error: /, '') : undefined;
  const message = told ?? textOf(block['content']);
  const exit = /^Exit code (\d{1,10})\b/.exec(message ?? '')?.[1];
  return {
    status: 'error',
    error: { ...given('code', exit && `exit_${exit}`), ...given('message', message) },
    ...permitted(row.fields),
  };
}

/** What goes on in the background has only been started: its outcome is unseen. */
function success({ row, structured }: Answer): Outcome {
  const told = isObject(structured) ? structured : {};
  if (told['interrupted'] === true) return { status: 'error', error: { code: 'interrupted' } };
  const launched = told['status'] === 'async_launched' ? nameIn(told, 'agentId') : undefined;
  const task = nameIn(told, 'backgroundTaskId') ?? launched;
  return task === undefined
    ? { status: 'success', ...permitted(row.fields) }
    : { status: 'pending', attributes: { background_task_id: task }, ...permitted(row.fields) };
}

function permitted(fields: Fields): Outcome {
  const asked = objectAt(fields, 'permissionDecision');
  if (asked['decision'] !== 'accept') return {};
  return { decision: { outcome: 'permit', ...decider(asked) } };
}

type Decider = Pick<NonNullable<Event['decision']>, 'by'>;

/** `user_permanent`, `user_temporary`, `user_reject`, `user_abort`: a person answered. */
function decider(asked: Fields): Decider {
  const source = nameIn(asked, 'source') ?? '';
  if (source === 'hook' || source === 'config') return { by: source };
  return source.startsWith('user') ? { by: 'human' } : {};
}

function messageOf(block: Fields) {
  return given('message', textOf(block['content']));
}
