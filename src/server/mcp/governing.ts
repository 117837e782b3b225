/** The tools of the lifecycle: declare, validate, approve, close, and what is open. */
import { z } from 'zod';
import { approvalSchema, taskSchema } from '../../policy/lifecycle.ts';
import * as parameter from '../parameter.ts';
import type { ToolSpec } from './tool.ts';

const READ = { hints: { readOnlyHint: true, idempotentHint: true }, answer: 'recorded' } as const;
const STEP = { hints: { readOnlyHint: false, idempotentHint: false }, answer: 'own' } as const;
const AGAIN = { ...STEP, hints: { ...STEP.hints, idempotentHint: true } } as const;
const limit = {
  limit: parameter.whole({ min: 1, max: 100 }).default(20).meta({ description: 'The most.' }),
};

const exact = z.unknown().meta({
  description: "The tool's arguments, exactly as they would be passed.",
});
const approval = approvalSchema.pick({ approval_id: true, state: true, tool: true }).loose();
const task = taskSchema.pick({ task_id: true, state: true, goal: true }).loose();

export const GOVERNING: readonly ToolSpec[] = [
  {
    ...AGAIN,
    name: 'declare_task',
    title: 'Declare a task',
    description:
      'Says what you set out to do before you begin: the goal, what you may touch (scope: ' +
      'actions, tools, resources with * for any text) and how much (budget: calls, seconds, ' +
      'tokens). Actions outside are then denied or escalated. Gives back the task with its ' +
      'task_id: put that into every validate_action, and end with close_task. The same task_id ' +
      'twice is one task.\nExample: {"goal": "Fix the failing login test", "scope": ' +
      '{"actions": ["read", "write", "execute"], "resources": ["/work/app/*"]}, "budget": ' +
      '{"calls": 50}}',
    route: 'POST /v1/tasks',
  },
  {
    ...AGAIN,
    name: 'validate_action',
    title: 'May this be done?',
    description:
      'Asks policy about one action before you do it, with the tool and its arguments exactly ' +
      'as you would call it. Do it only where `allowed` is true. outcome deny: do not do it, ' +
      'and do not try the same in another way; `reason` says why. outcome escalate: a person ' +
      'has to approve; call again with the same call_id and wait_s (up to 600) to wait for the ' +
      'answer. Needs a session_id or a task_id. The decision is recorded before it is ' +
      'answered.\nExample: {"task_id": "T1", "call_id": "c7", "tool": "Bash", "arguments": ' +
      '{"command": "rm -rf build"}, "cwd": "/work/app", "wait_s": 120}',
    route: 'POST /v1/actions/validate',
    arguments: { arguments: exact },
  },
  {
    ...STEP,
    name: 'request_approval',
    title: 'Ask a person for approval',
    description:
      'Asks for approval of exactly one action, with the reason why it should be done. ' +
      'validate_action asks by itself where policy needs it: use this where you want a person ' +
      'to agree first. Gives back the approval with its state; wait_s waits for the decision, ' +
      'get_approval asks later. It is denied when nobody decides within expires_s.',
    route: 'POST /v1/approvals',
    arguments: { arguments: exact },
  },
  {
    ...STEP,
    name: 'approve',
    title: 'Approve a pending action',
    description:
      'Approves one pending approval: the agent that waits then acts. For people who decide; ' +
      'never on your own account: read what it covers (list_approvals) to the person whom you ' +
      'work for, and give their reason. Whoever asked cannot approve. scope once: one run; ' +
      'session: the same action in this session.',
    route: 'POST /v1/approvals/:id/approve',
    id: 'approval_id',
    hints: { readOnlyHint: false, destructiveHint: true, idempotentHint: false },
  },
  {
    ...STEP,
    name: 'deny',
    title: 'Refuse a pending action',
    description: 'Refuses one pending approval, with a reason that the agent is shown.',
    route: 'POST /v1/approvals/:id/deny',
    id: 'approval_id',
  },
  {
    ...STEP,
    name: 'close_task',
    title: 'Close a task',
    description:
      'Ends a task with its outcome and a summary of what was done. Nothing more is decided in it.',
    route: 'POST /v1/tasks/:id/close',
    id: 'task_id',
  },
  {
    ...STEP,
    name: 'rollback',
    title: 'Plan how to undo',
    description:
      'Plans how to undo what a session, a task or one call did, newest first: files to restore, ' +
      'commands that compensate, and what only a person can undo. Nothing is changed by this: ' +
      'whoever has the files runs clawctl rollback to apply the plan. Name a session_id, ' +
      'a task_id or a call_id.',
    route: 'POST /v1/rollback',
    answer: 'recorded',
  },
  {
    ...READ,
    name: 'list_tasks',
    title: 'List tasks',
    description: 'Tasks that are open and those closed lately, with what was used of each budget.',
    route: 'GET /v1/tasks',
    arguments: limit,
    output: z.object({ tasks: z.array(task) }),
  },
  {
    ...READ,
    name: 'get_task',
    title: 'One task',
    description: 'One task: its goal, scope, budget, what was used, and whether it is open.',
    route: 'GET /v1/tasks/:id',
    id: 'task_id',
  },
  {
    ...READ,
    name: 'list_approvals',
    title: 'List approvals',
    description:
      'Approvals that wait for a person (state pending) and those decided lately: the exact ' +
      'action that each covers, who asked, why, until when.',
    route: 'GET /v1/approvals',
    arguments: limit,
    output: z.object({ approvals: z.array(approval) }),
  },
  {
    ...READ,
    name: 'get_approval',
    title: 'One approval',
    description: 'One approval and its state; wait_s waits until it is decided.',
    route: 'GET /v1/approvals/:id',
    id: 'approval_id',
  },
];
