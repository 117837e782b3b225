/** Applies a plan in a process of its own, to be killed in the middle: by others, or at a call. */
import { readFileSync } from 'node:fs';
import { applyPlan } from '../../src/sdk/rollback/apply.ts';
import { readPlan } from '../../src/sdk/rollback/plan.ts';
import { watchCalls } from './calls.ts';

const [, , file = '', root = '', state = '', at] = process.argv;
const plan = readPlan(JSON.parse(readFileSync(file, 'utf8')));
if (at !== undefined) {
  watchCalls((n) => {
    if (n === Number(at)) process.kill(process.pid, 'SIGKILL');
  });
}
await applyPlan(plan, { roots: [root], state, apply: true });
